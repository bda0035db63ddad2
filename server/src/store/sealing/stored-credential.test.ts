import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import type { CredentialSecret } from '../../domain/routing/credential.ts';
import { secretText } from '../../domain/routing/credential-secret.ts';
import { newDataKey, open, seal, UnsealFailure } from '../../lib/secrets.ts';
import * as credentials from '../catalogue/credentials.ts';
import { processLeases, credentials as table } from '../schema.ts';
import { bindKeys, sealKey } from './key-seal.ts';
import { sealOther } from './other-secret.ts';
import { openStored, UnusableCredential } from './stored-credential.ts';

const key = newDataKey();
const NOW_MS = Date.UTC(2026, 10, 29);
const HOUR_MS = 3_600_000;
const opener = { key, ambientClouds: new Set(['aws'] as const) };
const AWS: CredentialSecret = {
  kind: 'aws_static',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
  roleArn: null,
  externalId: null,
};

type Place = Pick<credentials.CredentialRow, 'id' | 'provider' | 'kind' | 'settings' | 'baseUrl'>;
const BEDROCK: Place = {
  id: 'cred_aws',
  provider: 'bedrock',
  kind: 'aws_static',
  settings: { region: 'eu-central-1' },
  baseUrl: null,
};
const OPENAI: Place = { id: 'cred_key', provider: 'openai', kind: 'api_key', settings: {}, baseUrl: null };

onEveryDatabase('stored credentials', (given) => {
  beforeEach(async () => {
    await given().db.delete(processLeases);
    await given().db.delete(table);
  });

  const rowOf = async (id: string) => (await credentials.find(given().db, id)) as credentials.CredentialRow;
  const store = async (place: Place, text: string, other?: { text: string; hours: number }) => {
    const sealed = await sealKey(given().db, key, place, text);
    const until = new Date(NOW_MS + (other?.hours ?? 0) * HOUR_MS);
    const columns =
      other === undefined ? {} : sealOther(key, { ...place, ...sealed }, { text: other.text, lastFour: 'four', until });
    await given()
      .db.insert(table)
      .values({ ...place, name: place.id, ...sealed, ...columns });
    return rowOf(place.id);
  };
  const change = async (id: string, to: Partial<credentials.CredentialRow>) => {
    await given().db.update(table).set(to).where(eq(table.id, id));
    return rowOf(id);
  };
  /** What the version before this one does: it knows one secret of one kind, sealed for provider and origin. */
  const before = {
    aad: ({ id, provider, baseUrl }: Place) => `credential ${id} ${provider} ${baseUrl ?? 'vendor'}`,
    opens: (row: credentials.CredentialRow) => (row.sealed === null ? '' : open(key, row.sealed, before.aad(row)).toString()),
    rotates: (place: Place, text: string) =>
      change(place.id, { sealed: seal(key, text, before.aad(place)), sealedFor: 'address', lastFour: 'newk' }),
  };

  test('open to what was stored, frozen, with a name for the secret that only another secret changes', async () => {
    const opened = openStored(await store(BEDROCK, secretText(AWS)), opener, NOW_MS);
    expect(opened).toMatchObject({
      provider: 'bedrock',
      kind: 'aws_static',
      settings: { region: 'eu-central-1' },
      apiKey: '',
      secret: AWS,
    });
    expect([opened, opened.settings, opened.secret].every(Object.isFrozen)).toBe(true);
    expect(openStored(await change('cred_aws', { name: 'renamed' }), opener, NOW_MS).secretId).toBe(opened.secretId);
    const key2 = await sealKey(given().db, key, BEDROCK, secretText(AWS));
    expect(openStored(await change('cred_aws', key2), opener, NOW_MS).secretId).not.toBe(opened.secretId);
  });

  test.each([
    ['another region, which is another host', { settings: { region: 'us-east-1' } }],
    ['a base URL', { baseUrl: 'https://evil.example' }],
    ['a region that leads elsewhere', { settings: { region: 'x.evil.example/' } }],
    ['another kind', { kind: 'aws_bearer' as const }],
    ['no secret', { sealed: null }],
    ['no settings', { settings: {} }],
    ['another provider', { provider: 'openai', kind: 'api_key' as const, settings: {} }],
  ])('are unusable once someone changed the row: %s', async (_, to) => {
    await store(BEDROCK, secretText(AWS));
    const row = await change('cred_aws', to);
    expect(() => openStored(row, opener, NOW_MS)).toThrow(UnusableCredential);
  });

  test('of the kind ambient are bound to their address, and unusable unless the setting names their cloud', async () => {
    const row = await store({ ...BEDROCK, kind: 'ambient' }, '');
    expect(openStored(row, opener, NOW_MS)).toMatchObject({ kind: 'ambient', apiKey: '', secret: null });
    expect(() => openStored(row, { key, ambientClouds: new Set(['gcp'] as const) }, NOW_MS)).toThrow(
      /HEADGATE_AMBIENT_CREDENTIALS does not name aws/,
    );
    const moved = await change('cred_aws', { baseUrl: 'https://evil.example' });
    expect(() => openStored(moved, opener, NOW_MS)).toThrow(UnusableCredential);
    const madeBySql = await change('cred_aws', { baseUrl: null, sealed: null });
    expect(() => openStored(madeBySql, opener, NOW_MS)).toThrow(UnusableCredential);
  });

  describe('with two secrets', () => {
    test('have the other one until its time is over', async () => {
      const row = await store(OPENAI, 'sk-new', { text: 'sk-old', hours: 1 });
      const opened = openStored(row, opener, NOW_MS);
      expect([opened.apiKey, opened.other?.credential.apiKey, opened.other?.untilMs]).toEqual([
        'sk-new',
        'sk-old',
        NOW_MS + HOUR_MS,
      ]);
      expect(opened.other?.credential.secretId).not.toBe(opened.secretId);
      expect(openStored(row, opener, NOW_MS + HOUR_MS).other ?? null).toBeNull();
    });

    test('lose the other one if someone moves it, prolongs it or puts it beside another secret', async () => {
      const row = await store(OPENAI, 'sk-new', { text: 'sk-old', hours: 1 });
      const other = (changed: Partial<credentials.CredentialRow>) =>
        openStored({ ...row, ...changed }, opener, NOW_MS).other ?? null;
      expect(other({})).not.toBeNull();
      expect(other({ otherUntil: new Date(NOW_MS + 1_000 * HOUR_MS) })).toBeNull();
      expect(other(await sealKey(given().db, key, OPENAI, 'sk-new'))).toBeNull();
      const moved = { ...OPENAI, baseUrl: 'https://evil.example' };
      expect(other({ ...moved, ...(await sealKey(given().db, key, moved, 'sk-new')) })).toBeNull();
      expect(other({ otherSealed: Buffer.alloc(40) })).toBeNull();
    });

    test('keep both when an old form is sealed again', async () => {
      const { db } = given();
      const sealed = { sealed: seal(key, 'sk-new', OPENAI.id), sealedFor: 'row' as const };
      const until = new Date(NOW_MS + HOUR_MS);
      await db.insert(table).values({
        ...OPENAI,
        name: 'x',
        ...sealed,
        ...sealOther(key, { ...OPENAI, ...sealed }, { text: 'sk-old', lastFour: '', until }),
      });
      expect(await bindKeys(db, key)).toMatchObject({ bound: 1 });
      const opened = openStored(await rowOf(OPENAI.id), opener, NOW_MS);
      expect([opened.apiKey, opened.other?.credential.apiKey]).toEqual(['sk-new', 'sk-old']);
    });
  });

  describe('beside a replica of the version before', () => {
    test('a key that it replaces leaves no older one in use', async () => {
      await store(OPENAI, 'sk-second', { text: 'sk-first', hours: 24 });
      expect(before.opens(await rowOf(OPENAI.id))).toBe('sk-second');
      const row = await before.rotates(OPENAI, 'sk-third');
      expect(row.otherSealed).not.toBeNull();
      const opened = openStored(row, opener, NOW_MS);
      expect([opened.apiKey, opened.other ?? null]).toEqual(['sk-third', null]);
    });

    test.each<[string, Place, string]>([
      ['keys of AWS', BEDROCK, secretText(AWS)],
      ['a bearer key of AWS', { ...BEDROCK, kind: 'aws_bearer' }, 'ABSKQmVkcm9ja0FQSUtleS0123456789'],
      ['the identity of the machine', { ...BEDROCK, kind: 'ambient' }, ''],
      [
        'a key of Azure',
        { ...OPENAI, id: 'cred_aws', provider: 'azure', baseUrl: 'https://acme.openai.azure.com' },
        'azure-key-0123456789',
      ],
      ['a key of Cohere', { ...OPENAI, id: 'cred_aws', provider: 'cohere' }, 'cohere-key-0123456789'],
    ])('it opens none of them, so it presents none as an API key: %s', async (_, place, text) => {
      const row = await store(place, text);
      expect(() => before.opens(row)).toThrow(UnsealFailure);
    });

    test('what it stores for a kind that it does not know is unusable, and not taken for a secret', async () => {
      await store(BEDROCK, secretText(AWS));
      const row = await before.rotates(BEDROCK, 'sk-typed-there');
      expect(() => openStored(row, opener, NOW_MS)).toThrow(UnusableCredential);
    });
  });
});
