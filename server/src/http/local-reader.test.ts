import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressList } from '../lib/address/address-list.ts';
import { isLocalReader } from './local-reader.ts';

const asked = (remoteAddress: string, headers: Readonly<Record<string, string>> = {}) => ({
  remoteAddress,
  header: (name: string) => headers[name],
});
const nobody = addressList([]);
const thisMachine = addressList(['127.0.0.0/8', '::1', '10.0.0.0/8']);

describe('a reader of the metrics is local', () => {
  it('that connects from this machine and came through no proxy', () => {
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
      expect(isLocalReader(asked(address), nobody)).toBe(true);
      expect(isLocalReader(asked(address), thisMachine)).toBe(true);
    }
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '203.0.113.9', 'fe80::1', ''])
      expect(isLocalReader(asked(address), thisMachine)).toBe(false);
  });

  it.each([
    ['x-forwarded-for', '203.0.113.9'],
    ['x-forwarded-for', '127.0.0.1'],
    ['forwarded', 'for=203.0.113.9'],
    ['x-real-ip', '203.0.113.9'],
    ['via', '1.1 proxy'],
    ['x-forwarded-host', 'gateway.example'],
    ['x-forwarded-proto', 'https'],
    ['cf-connecting-ip', '203.0.113.9'],
  ])('but not through a proxy here that nobody trusts: %s: %s', (name, value) => {
    expect(isLocalReader(asked('127.0.0.1', { [name]: value }), nobody)).toBe(false);
  });

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['127.0.0.1, 10.0.0.7', true],
    ['203.0.113.9', false],
    // The client forged the first one.
    ['127.0.0.1, 203.0.113.9', false],
    ['127.0.0.1, 203.0.113.9, 10.0.0.7', false],
    ['10.0.0.7', false],
    ['127.0.0.1, unknown', false],
    ['127.evil', false],
    ['', false],
  ])('through a trusted proxy only for a client on this machine: %s is %s', (forwardedFor, isLocal) => {
    expect(isLocalReader(asked('127.0.0.1', { 'x-forwarded-for': forwardedFor }), thisMachine)).toBe(isLocal);
  });

  it('and never for a client elsewhere, whatever it writes before a proxy adds its address', () => {
    const foreign = fc.ipV4().filter((address) => !/^(127|10)\./.test(address));
    fc.assert(
      fc.property(fc.string(), foreign, fc.boolean(), (written, address, isTrusted) => {
        const headers = { 'x-forwarded-for': `${written}, ${address}` };
        expect(isLocalReader(asked('127.0.0.1', headers), isTrusted ? thisMachine : nobody)).toBe(false);
      }),
    );
  });
});
