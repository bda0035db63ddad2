import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentKeyPurpose,
  displayPrefix,
  equalInConstantTime,
  hashSecret,
  lastFour,
  looksLikeAdminToken,
  looksLikeKeySecret,
  newAdminToken,
  newDataKey,
  newKeySecret,
  open,
  parseMasterKey,
  rewrapKey,
  seal,
  UnsealFailure,
  unwrapKey,
  wrapKey,
} from './secrets.ts';

describe('secrets we hand out', () => {
  it('have their prefix, 45 characters of base62, and pass their own check', () => {
    for (let i = 0; i < 200; i++) {
      expect(newKeySecret()).toMatch(/^sk-hg-[0-9A-Za-z]{39}$/);
      expect(looksLikeKeySecret(newKeySecret())).toBe(true);
      expect(newAdminToken()).toMatch(/^hgadm_[0-9A-Za-z]{39}$/);
      expect(looksLikeAdminToken(newAdminToken())).toBe(true);
    }
  });

  it('keep their length at both ends of the random range', () => {
    expect(newKeySecret((n) => Buffer.alloc(n, 0))).toHaveLength(45);
    expect(newKeySecret((n) => Buffer.alloc(n, 255))).toHaveLength(45);
    expect(newKeySecret((n) => Buffer.alloc(n, 255))).not.toBe(
      newKeySecret((n) => Buffer.from([...Buffer.alloc(n - 1, 255), 254])),
    );
  });

  it('are never mistaken for each other', () => {
    expect(looksLikeAdminToken(newKeySecret())).toBe(false);
    expect(looksLikeKeySecret(newAdminToken())).toBe(false);
    expect(looksLikeKeySecret(newAdminToken().replace('hgadm_', 'sk-hg-'))).toBe(false);
  });

  // promise: Secrets carry a checksum, so garbage never reaches Postgres
  it('are refused by form alone when one character is changed, cut or added', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    fc.assert(
      fc.property(fc.nat(44), fc.constantFrom(...alphabet), (at, char) => {
        const secret = newKeySecret();
        fc.pre(secret[at] !== char);
        expect(looksLikeKeySecret(secret.slice(0, at) + char + secret.slice(at + 1))).toBe(false);
        expect(looksLikeKeySecret(secret.slice(0, at))).toBe(false);
        expect(looksLikeKeySecret(secret + char)).toBe(false);
      }),
    );
  });

  it('are refused by form when they are any other text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => !looksLikeKeySecret(text) && !looksLikeKeySecret(`sk-hg-${text}`)),
    );
    for (const text of ['', 'sk-hg-', `sk-hg-${'0'.repeat(39)}`, `sk-hg-${'é'.repeat(39)}`, 'x'.repeat(100_000)]) {
      expect(looksLikeKeySecret(text)).toBe(false);
    }
  });

  it('are stored as a hash that depends on the pepper and on every character', () => {
    const pepper = newDataKey();
    expect(hashSecret(pepper, 'a')).toMatch(/^[0-9a-f]{64}$/);
    expect(hashSecret(pepper, 'a')).toBe(hashSecret(pepper, 'a'));
    expect(hashSecret(pepper, 'a')).not.toBe(hashSecret(newDataKey(), 'a'));
    expect(hashSecret(pepper, 'a')).not.toBe(hashSecret(pepper, 'b'));
  });

  it('can be recognised by their first and last characters', () => {
    const secret = newKeySecret();
    expect(secret.startsWith(displayPrefix(secret))).toBe(true);
    expect(displayPrefix(secret)).toHaveLength(10);
    expect(secret.endsWith(lastFour(secret))).toBe(true);
    expect(lastFour(secret)).toHaveLength(4);
  });

  it('compare equal only when they are, whatever their lengths', () => {
    expect(equalInConstantTime('abc', 'abc')).toBe(true);
    expect(equalInConstantTime('abc', 'abd')).toBe(false);
    expect(equalInConstantTime('abc', 'abcd')).toBe(false);
    expect(equalInConstantTime('', '')).toBe(true);
  });
});

describe('secrets we keep', () => {
  it('open to what was sealed, and no two seals of one text are alike', () => {
    const key = newDataKey();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string({ maxLength: 40 }), (text, rowId) => {
        const sealed = seal(key, text, rowId);
        expect(open(key, sealed, rowId).equals(text)).toBe(true);
        expect(sealed).toHaveLength(text.length + 29);
        expect(seal(key, text, rowId).equals(sealed)).toBe(false);
      }),
    );
    expect(open(key, seal(key, 'Grüße 👋', 'row'), 'row').toString()).toBe('Grüße 👋');
  });

  it('do not open with another key, for another row, or with any byte changed or cut', () => {
    const key = newDataKey();
    const sealed = seal(key, 'sk-provider-secret', 'cred_1');
    expect(() => open(newDataKey(), sealed, 'cred_1')).toThrow(UnsealFailure);
    expect(() => open(key, sealed, 'cred_2')).toThrow(UnsealFailure);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(key, changed, 'cred_1')).toThrow(UnsealFailure);
      expect(() => open(key, sealed.subarray(0, at), 'cred_1')).toThrow(UnsealFailure);
    }
  });

  it('say nothing of their contents when they cannot be opened', () => {
    const sealed = seal(newDataKey(), 'canary', 'row-canary');
    expect(() => open(newDataKey(), sealed, 'row-canary')).toThrow(/^((?!canary).)*$/);
  });

  // promise: The key pepper is random and wrapped by the
  it('survive a new master key by re-wrapping alone', () => {
    const [oldMaster, newMaster, pepper] = [newDataKey(), newDataKey(), newDataKey()];
    const wrapped = wrapKey(oldMaster, pepper, 'pepper');
    const rewrapped = rewrapKey({ from: oldMaster, to: newMaster }, wrapped, 'pepper');
    expect(unwrapKey(newMaster, rewrapped, 'pepper').equals(pepper)).toBe(true);
    expect(() => unwrapKey(oldMaster, rewrapped, 'pepper')).toThrow(UnsealFailure);
    expect(() => unwrapKey(newMaster, wrapped, 'pepper')).toThrow(UnsealFailure);
  });

  it('wrapped for one organization do not serve another', () => {
    const master = newDataKey();
    const wrapped = wrapKey(master, newDataKey(), contentKeyPurpose('org_a'));
    expect(unwrapKey(master, wrapped, contentKeyPurpose('org_a'))).toHaveLength(32);
    expect(() => unwrapKey(master, wrapped, contentKeyPurpose('org_b'))).toThrow(UnsealFailure);
  });

  it('take a master key of exactly 32 bytes in base64 and nothing else', () => {
    const key = randomBytes(32);
    expect(parseMasterKey(key.toString('base64'))?.equals(key)).toBe(true);
    expect(parseMasterKey(key.toString('base64url'))?.equals(key)).toBe(true);
    for (const bad of [
      '',
      'password',
      randomBytes(31).toString('base64'),
      randomBytes(33).toString('base64'),
      key.toString('hex'),
      ' '.repeat(44),
    ]) {
      expect(parseMasterKey(bad)).toBeNull();
    }
  });
});
