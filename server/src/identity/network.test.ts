import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkOf } from './network.ts';

describe('the network of an address', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['', ''],
    ['nonsense', 'nonsense'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('is one for a whole /64 of IPv6, however it is written, and differs between two', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const half = fc.tuple(group, group, group, group);
    // IPv4 addresses map to 0:0:0:0.
    const prefix = half.filter((groups) => groups.some((part) => part !== 0));
    const written = (groups: readonly number[]) => groups.map((part) => part.toString(16)).join(':');
    fc.assert(
      fc.property(prefix, half, half, (network, one, other) => {
        const both = [one, other].map((host) => networkOf(written([...network, ...host])));
        expect(both[0]).toBe(both[1]);
        expect(both[0]).toBe(`${written(network)}::/64`);
        expect(networkOf(new URL(`http://[${written([...network, ...one])}]/`).hostname.slice(1, -1))).toBe(both[0]);
      }),
    );
  });
});
