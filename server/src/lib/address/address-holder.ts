import { addressList, holdsAddress } from './address-list.ts';
import { ipNetworkOf } from './ip-network.ts';

/**
 * Names who is behind an address, so that shares can be given out: the address itself, of IPv6 its /64, which is what one customer has. Null for
 * addresses in `trusted` (addresses and CIDRs): many are behind those.
 */
export function addressHolders(trusted: readonly string[]): (address: string) => string | null {
  const proxies = addressList(trusted);
  return (address) => {
    const { is, text } = ipNetworkOf(address);
    if (trusted.length > 0 && holdsAddress(proxies, is === 'ipv6' ? address : text)) return null;
    return text;
  };
}
