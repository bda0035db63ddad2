import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addRange, addressList, holdsAddress } from './address-list.ts';

const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
const numberOf = (address: string) => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

test('a list holds an address exactly if its leading bits are a range’s, also when it comes inside an IPv6 address', () => {
  fc.assert(
    fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (address, base, bits) => {
      const size = 2 ** (32 - bits);
      const list = addressList([`${base}/${bits}`]);
      const isInside = Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size);
      expect(holdsAddress(list, address)).toBe(isInside);
      expect(holdsAddress(list, `::ffff:${address}`)).toBe(isInside);
    }),
  );
});

test('no list holds what is no address, and what is no range is refused', () => {
  for (const text of ['', 'localhost', '10.0.0.1/8', '10.0.0']) {
    expect(holdsAddress(addressList(['0.0.0.0/0', '::/0']), text)).toBe(false);
  }
  const isRange = (text: string) => addRange(new BlockList(), text);
  for (const text of ['10.0.0.0/8', '10.0.0.1', '2001:db8::/32', '::1']) expect(isRange(text)).toBe(true);
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'example.com', '', '::1%lo']) expect(isRange(text)).toBe(false);
});
