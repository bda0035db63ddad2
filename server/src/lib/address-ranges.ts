/** Ranges of network addresses, as people write them: an address, or a CIDR. */
import { BlockList, isIP } from 'node:net';

/** Adds a range to a list. False when the text is neither an address nor a CIDR; then nothing is added. */
export function addRange(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  const bits = family === 4 ? 32 : 128;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return false;
  list.addSubnet(address, prefix === undefined ? bits : Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

export function isRange(text: string): boolean {
  return addRange(new BlockList(), text);
}

/** Whether an address lies in one of the ranges. An IPv4 address inside an IPv6 one counts as IPv4; what is no address lies in none. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  const mapped = family === 6 ? mappedIpv4(address) : null;
  if (mapped !== null) return list.check(mapped, 'ipv4');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The dotted form inside `::ffff:a.b.c.d`, however it is spelled; null for any other IPv6 address. */
export function mappedIpv4(address: string): string | null {
  const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled);
  if (hex === null) return null;
  const value = Number.parseInt(hex[1] as string, 16) * 65_536 + Number.parseInt(hex[2] as string, 16);
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}
