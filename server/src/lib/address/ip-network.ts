import { isIPv6 } from 'node:net';

/** The holder of an IP address, for dividing shares and counting attempts. */
export interface IpNetwork {
  readonly is: 'ipv6' | 'other';
  /**
   * For an IPv6 address its first 64 bits, in one spelling (`2001:db8:0:1`); for an IPv4 address itself, also if it was written
   * as IPv6.
   */
  readonly text: string;
}

/**
 * Returns the network of an address: the whole /64 for IPv6, because the holder of one address has all of it. Text that is no
 * address is its own network.
 */
export function ipNetworkOf(address: string): IpNetwork {
  const plain = address.split('%')[0] ?? address;
  if (!isIPv6(plain)) return { is: 'other', text: address };
  const groups = groupsOf(plain);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return { is: 'other', text: ipv4Of(groups[6] ?? 0, groups[7] ?? 0) };
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return { is: 'ipv6', text: network.join(':') };
}

/** Returns the eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const [before, after] = [partsOf(head), partsOf(tail ?? '')];
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function partsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
