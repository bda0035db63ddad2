import { expect, test } from 'vitest';
import { addressHolders } from './address-holder.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1'],
  ['2001:db8:0:1::9', '2001:db8:0:1'],
  ['2001:0db8::1:0:0:9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
  ['10.1.2.3', null],
  ['::ffff:10.1.2.3', null],
  ['192.0.2.1', null],
  ['fd00::7', null],
])('%s is held by %s', (address, holder) => {
  expect(addressHolders(['10.0.0.0/8', '192.0.2.1', 'fd00::/8'])(address)).toBe(holder);
});
