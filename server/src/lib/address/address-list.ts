import { BlockList, isIP } from 'node:net';

/** Creates a list of addresses and CIDRs. Throws on an entry that is neither: the reader of a setting must check it before. */
export function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) if (!addRange(list, entry)) throw new Error(`not an address or a CIDR range: ${entry}`);
  return list;
}

/** Adds an address or CIDR. Returns false, and adds nothing, if the text is neither. */
export function addRange(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  const bits = family === 4 ? 32 : 128;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return false;
  list.addSubnet(address, prefix === undefined ? bits : Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

/** Reports whether a list contains an address; false for text that is no address. */
export function holdsAddress(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
