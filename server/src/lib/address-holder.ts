import { BlockList, isIPv6 } from 'node:net';

/**
 * Names who is behind an address, so that shares can be given out: the address itself, of IPv6 its /64, which is what one customer has. Null for
 * addresses in `trusted` (addresses and CIDRs): many are behind those.
 */
export function addressHolders(trusted: readonly string[]): (address: string) => string | null {
  const proxies = new BlockList();
  for (const proxy of trusted) {
    const [address = '', length] = proxy.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (length === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(length), family);
  }
  return (given) => {
    const address = given.startsWith('::ffff:') ? given.slice('::ffff:'.length) : given;
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (trusted.length > 0 && address !== '' && proxies.check(address, family)) return null;
    return family === 'ipv6' ? networkOf(address) : address;
  };
}

const GROUPS = 8;
const GROUPS_OF_NETWORK = 4;

/** The first 64 bits, written one way: `2001:db8:0:1`. */
function networkOf(address: string): string {
  const [head = '', tail = ''] = (address.split('%')[0] as string).split('::');
  const before = head === '' ? [] : head.split(':');
  const behind = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - before.length - behind.length) }, () => '0');
  const groups = [...before, ...zeros, ...behind].slice(0, GROUPS_OF_NETWORK);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
