import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameAddress, keyAddress } from './key-address.ts';

const at = (baseUrl: string | null, provider = 'openai') => ({ provider, baseUrl });

describe('the address of a key', () => {
  it('is the provider and the origin, however it is spelled', () => {
    expect(isSameAddress(at('https://LLM.example.com/v1'), at('https://llm.example.com:443/v2/'))).toBe(true);
    expect(isSameAddress(at(null), at(null))).toBe(true);
  });

  it.each([
    ['another host', at('https://a.example'), at('https://b.example')],
    ['another port', at('https://a.example'), at('https://a.example:8443')],
    ['without TLS', at('https://a.example'), at('http://a.example')],
    ['a host that only begins alike', at('https://a.example'), at('https://a.example.evil.test')],
    ['a host as a user name', at('https://a.example'), at('https://a.example@evil.test')],
    ['the vendor itself and a host', at(null), at('https://api.openai.com/v1')],
    ['a host called vendor', at(null), at('vendor:x')],
    ['another provider', at(null), at(null, 'anthropic')],
  ])('differs: %s', (_, a, b) => {
    expect(isSameAddress(a, b)).toBe(false);
  });

  it('is the same for two URLs exactly where a client would connect to the same host and port in the same way', () => {
    const url = fc.tuple(
      fc.constantFrom('http', 'https'),
      fc.constantFrom('a.example', 'A.example', 'b.example', '10.0.0.1', '[::1]'),
      fc.constantFrom('', ':80', ':443', ':8443'),
      fc.constantFrom('', '/', '/v1'),
    );
    fc.assert(
      fc.property(url, url, (a, b) => {
        const [one, other] = [
          new URL(a.join('').replace(/^(https?)/, '$1://')),
          new URL(b.join('').replace(/^(https?)/, '$1://')),
        ];
        const isSame = one.protocol === other.protocol && one.hostname === other.hostname && one.port === other.port;
        expect(isSameAddress(at(one.href), at(other.href))).toBe(isSame);
      }),
    );
  });

  it('never throws, and keeps texts that are no URL apart', () => {
    fc.assert(fc.property(fc.string(), (text) => keyAddress(at(text)).startsWith('openai ')));
    expect(isSameAddress(at('not a url'), at('another'))).toBe(false);
  });
});
