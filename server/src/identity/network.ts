import { ipNetworkOf } from '../lib/address/ip-network.ts';

/**
 * The network that an address counts as where attempts are counted: an IPv4 address itself, of an IPv6 address its /64. Text that is no address
 * counts as itself.
 */
export function networkOf(address: string): string {
  const { is, text } = ipNetworkOf(address);
  return is === 'ipv6' ? `${text}::/64` : text;
}
