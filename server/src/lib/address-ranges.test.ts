import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInRanges, isRange } from './address-ranges.ts';

const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const numberOf = (address: string) => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

test('an address lies in a range exactly if its leading bits are the range’s, also when it comes inside an IPv6 address', () => {
  fc.assert(
    fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (address, base, bits) => {
      const size = 2 ** (32 - bits);
      const isInside = Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size);
      expect(isInRanges(address, [`${base}/${bits}`])).toBe(isInside);
      expect(isInRanges(`::ffff:${address}`, [`${base}/${bits}`])).toBe(isInside);
    }),
  );
});

test('what is no address lies in no range, and what is no range is refused', () => {
  for (const text of ['', 'localhost', '10.0.0.1/8', '10.0.0', 'fe80::1%eth0'])
    expect(isInRanges(text, ['0.0.0.0/0', '::/0'])).toBe(false);
  for (const text of ['10.0.0.0/8', '10.0.0.1', '2001:db8::/32', '::1']) expect(isRange(text)).toBe(true);
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'example.com', '', '::1%lo']) expect(isRange(text)).toBe(false);
});
