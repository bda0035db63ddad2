import { ipNetworkOf } from '../lib/address/ip-network.ts';

/** Returns the network under which attempts count: an IPv4 address itself, an IPv6 address's /64. Other text counts as itself. */
export function networkOf(address: string): string {
  const { is, text } = ipNetworkOf(address);
  return is === 'ipv6' ? `${text}::/64` : text;
}
