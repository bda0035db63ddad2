import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CredentialSecret, secretTexts } from './credential.ts';
import { readKeyFile, readSecretText, SECRET_FORMS, secretText } from './credential-secret.ts';

const PEM = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const FILE = {
  type: 'service_account',
  project_id: 'acme-prod',
  private_key_id: '0123456789abcdef0123456789abcdef01234567',
  private_key: PEM,
  client_email: 'headgate@acme-prod.iam.gserviceaccount.com',
  client_id: '1234567890',
  auth_uri: 'https://accounts.google.com/o/oauth2/auth',
  token_uri: 'https://oauth2.googleapis.com/token',
  universe_domain: 'googleapis.com',
};
const READ: CredentialSecret = {
  kind: 'gcp_service_account',
  clientEmail: FILE.client_email,
  privateKeyId: FILE.private_key_id,
  privateKey: PEM,
};

describe('a key file of Google', () => {
  it('is read as text and as JSON', () => {
    for (const given of [FILE, JSON.stringify(FILE), JSON.stringify(FILE, null, 2)])
      expect(readKeyFile(given)).toEqual({ secret: READ });
  });

  it.each([
    ['external_account', { type: 'external_account' }, 'type'],
    ['an authorized user', { type: 'authorized_user' }, 'type'],
    ['no type', { type: undefined }, 'type'],
    ['another token_uri', { token_uri: 'https://oauth2.googleapis.com.evil.test/token' }, 'token_uri'],
    ['the token_uri of an earlier API', { token_uri: 'https://accounts.google.com/o/oauth2/token' }, 'token_uri'],
    ['no token_uri', { token_uri: undefined }, 'token_uri'],
    ['another universe', { universe_domain: 'evil.test' }, 'universe_domain'],
    ['an e-mail elsewhere', { client_email: 'a@evil.test' }, 'client_email'],
    ['an e-mail that only ends like one', { client_email: 'a@evilgserviceaccount.com' }, 'client_email'],
    ['an e-mail with a claim in it', { client_email: 'a","sub":"b@x.iam.gserviceaccount.com' }, 'client_email'],
    ['a key of another form', { private_key: PEM.replaceAll(' PRIVATE', ' RSA PRIVATE') }, 'private_key'],
    ['a list in place of a key', { private_key: [PEM] }, 'private_key'],
    ['a key id that is none', { private_key_id: '../x' }, 'private_key_id'],
  ])('is refused, with the field and without its content: %s', (_, change, field) => {
    const read = readKeyFile({ ...FILE, ...change });
    expect(read).toMatchObject({ field });
    expect(JSON.stringify(read)).not.toMatch(/evil|BEGIN|MII/);
  });

  it('is never taken for one if it is anything else, and reading it never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.jsonValue(), fc.anything()), (given) => !('secret' in readKeyFile(given))));
    expect(readKeyFile('x'.repeat(1_000_000))).toMatchObject({ field: '' });
    expect(readKeyFile(`[${'['.repeat(10_000)}`)).toMatchObject({ field: '' });
  });
});

const SECRETS: readonly CredentialSecret[] = [
  READ,
  {
    kind: 'aws_static',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE=',
    roleArn: 'arn:aws-us-gov:iam::123456789012:role/path/headgate',
    externalId: 'acme/headgate:1',
  },
  {
    kind: 'aws_static',
    accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: null,
    roleArn: null,
    externalId: null,
  },
  {
    kind: 'azure_entra',
    tenant: 'acme.onmicrosoft.com',
    clientId: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
    clientSecret: 'abc8Q~0123456789.xyz-_',
  },
];

describe('a stored secret', () => {
  it('is read as it was written, and as no other kind', () => {
    for (const secret of SECRETS)
      for (const kind of ['aws_static', 'azure_entra', 'gcp_service_account', 'api_key', 'ambient', '__proto__'])
        expect(readSecretText(kind, secretText(secret))).toEqual(kind === secret.kind ? secret : null);
  });

  it('is refused if a field lacks its form, and reading never throws', () => {
    for (const secret of SECRETS)
      for (const name of Object.keys(secret).filter((name) => name !== 'kind'))
        for (const value of [1, {}, [], '', ' ', 'a\nb', 'x'.repeat(20_000)])
          expect([name, readSecretText(secret.kind, JSON.stringify({ ...secret, [name]: value }))]).toEqual([name, null]);
    fc.assert(
      fc.property(fc.constantFrom('aws_static', 'azure_entra'), fc.string(), (kind, text) => readSecretText(kind, text) === null),
    );
  });

  it('gives every text that nobody may read, those of the other secret too', () => {
    const credential = { id: 'cred_1', provider: 'bedrock', baseUrl: null, apiKey: '' } as const;
    for (const secret of SECRETS) {
      const other = { credential: { ...credential, apiKey: 'sk-before' }, untilMs: 1 };
      const texts = secretTexts({ ...credential, secret, other });
      expect(texts).toContain('sk-before');
      expect(texts).not.toContain('');
      for (const name of ['secretAccessKey', 'sessionToken', 'clientSecret', 'privateKey'] as const) {
        const text = (secret as unknown as Record<string, string | null>)[name];
        if (typeof text === 'string') expect(texts).toContain(text);
      }
    }
  });
});

describe('the form of each field', () => {
  const names = Object.keys(SECRET_FORMS) as (keyof typeof SECRET_FORMS)[];

  it('lets no character through that ends a header, a line or a JSON text', () => {
    const around = fc.tuple(
      fc.string({ maxLength: 40 }),
      fc.constantFrom('\n', '\r', '\0', '\u2028', '\t', ' '),
      fc.string({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), around, (name, parts) => {
        if (name === 'privateKey') return;
        expect(SECRET_FORMS[name].pattern.test(parts.join(''))).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('keeps a tenant, a role and an e-mail from leaving their place in a path', () => {
    for (const tenant of [
      'common',
      'organizations',
      '../x',
      'a/b',
      'acme.onmicrosoft.com/x',
      'a..b',
      '.a.b',
      'a.b.',
      'a b.c',
      'https://x.y',
    ])
      expect([tenant, SECRET_FORMS.tenant.pattern.test(tenant)]).toEqual([tenant, false]);
    for (const arn of [
      'arn:aws:iam::123456789012:user/x',
      'arn:aws:iam::1:role/x',
      'arn:aws:sts::123456789012:assumed-role/x/y',
      'arn:aws:iam::123456789012:role/x&Action=y',
      'arn:aws-cn-x-y-z:iam::123456789012:role/x',
    ])
      expect([arn, SECRET_FORMS.roleArn.pattern.test(arn)]).toEqual([arn, false]);
  });

  it('is checked in time, however long a text is', () => {
    const long = [
      'a'.repeat(100_000),
      'a.'.repeat(50_000),
      `a@${'a.'.repeat(50_000)}`,
      `-----BEGIN PRIVATE KEY-----\n${'A\n'.repeat(50_000)}`,
    ];
    for (const name of names)
      for (const text of long) {
        const startedMs = performance.now();
        expect(SECRET_FORMS[name].pattern.test(text)).toBe(false);
        expect([name, performance.now() - startedMs < 50]).toEqual([name, true]);
      }
  });
});
