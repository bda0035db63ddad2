import { addressList, holdsAddress } from './address-list.ts';
import { ipNetworkOf } from './ip-network.ts';

/**
 * Returns a function that names the holder of an address, to divide shares by: the address itself, or for IPv6 its /64, which one
 * customer has. It returns null for addresses in `trusted` (addresses and CIDRs), because many clients are behind those.
 */
export function addressHolders(trusted: readonly string[]): (address: string) => string | null {
  const proxies = addressList(trusted);
  return (address) => {
    const { is, text } = ipNetworkOf(address);
    if (trusted.length > 0 && holdsAddress(proxies, is === 'ipv6' ? address : text)) return null;
    return text;
  };
}
