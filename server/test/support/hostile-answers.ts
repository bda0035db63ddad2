/** The answers of a token endpoint that a sign-in must refuse, whoever gives them. A test and a prove try each of them. */
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { exportSPKI, importJWK, type JWK, SignJWT } from 'jose';
import { type Answered, type HostileIssuer, publicOf, rawToken } from './hostile-issuer.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** What it is, the answer made of honest claims (or its ID token), the code of the refusal, and words that name both sides. */
export type HostileAnswer = readonly [string, (claims: Claims) => Promise<Answered | string>, string, readonly string[]];

export const HOSTILE_CLIENT = 'headgate';
export const HOSTILE_SECRET = 'a secret that is long enough for HS256';

type At = () => HostileIssuer;

/** Returns the answers of an issuer that is there when they are made. */
export function hostileAnswers(at: At): readonly HostileAnswer[] {
  return [...hostileSignatures(at), ...hostileParties(at), ...hostilePersons(at), ...hostileForms(at)];
}

/** Returns what an honest token says. */
export function honestClaims(issuer: string, nonce: string, sub = 'ada', email = 'ada@acme.example'): Claims {
  const now = seconds();
  return { iss: issuer, aud: HOSTILE_CLIENT, sub, email, nonce, iat: now, exp: now + 300 };
}

/** Returns the answer of a token endpoint with this ID token. */
export function tokens(id_token: unknown): Answered {
  return { body: { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token } };
}

export function signed(at: At, change: (claims: Claims) => Claims, header: Claims = {}): (claims: Claims) => Promise<string> {
  return async (claims) => at().sign(change(claims), { key: firstOf(at), header });
}

export const seconds = (): number => Math.floor(Date.now() / 1_000);

function firstOf(at: At): JWK {
  return at().keys.get('first') as JWK;
}

function hostileSignatures(at: At): readonly HostileAnswer[] {
  return [
    ['alg none', async (claims) => rawToken({ alg: 'none' }, claims), 'wrong_algorithm', ['"none"', 'RS256']],
    ['alg None with a kid', async (claims) => rawToken({ alg: 'None', kid: 'first' }, claims), 'wrong_algorithm', ['"None"']],
    [
      'HS256 with the client’s secret',
      (claims) => signedWithText(claims, HOSTILE_SECRET),
      'wrong_algorithm',
      ['"HS256"', 'RS256'],
    ],
    [
      'HS256 with the provider’s public key',
      async (claims) =>
        signedWithText(
          claims,
          await exportSPKI((await importJWK(publicOf(firstOf(at)), 'RS256', { extractable: true })) as CryptoKey),
        ),
      'wrong_algorithm',
      ['"HS256"', 'RS256'],
    ],
    [
      'an algorithm that the key is not for',
      (claims) => at().sign(claims, { key: { ...firstOf(at), alg: 'PS256' } }),
      'wrong_signature',
      ['first with PS256', 'first (RS256)'],
    ],
    ['another key under a known kid', (claims) => signedByStranger(claims, 'first'), 'wrong_signature', ['first']],
    ['a foreign kid', (claims) => signedByStranger(claims, 'stranger'), 'wrong_signature', ['kid stranger', 'trusted are first']],
    [
      'a kid that is a path',
      (claims) => signedByStranger(claims, '../../etc/passwd'),
      'wrong_signature',
      ['../../etc/passwd', 'first'],
    ],
    [
      'changed claims under the old signature',
      async (claims) => swappedClaims(await at().sign(claims, { key: firstOf(at) })),
      'wrong_signature',
      ['first'],
    ],
    ['no signature', async (claims) => rawToken({ alg: 'RS256', kid: 'first' }, claims), 'wrong_signature', ['first']],
    ['jku', signed(at, (claims) => claims, { jku: 'https://evil.example/jwks' }), 'wrong_algorithm', ['jku', 'jwks_uri']],
    ['x5u', signed(at, (claims) => claims, { x5u: 'https://evil.example/cert' }), 'wrong_algorithm', ['x5u', 'jwks_uri']],
    ['a key in the header', async (claims) => withOwnKey(claims), 'wrong_algorithm', ['jwk', 'jwks_uri']],
    [
      'crit',
      async (claims) => rawToken({ alg: 'RS256', kid: 'first', crit: ['b64'], b64: false }, claims),
      'wrong_algorithm',
      ['crit'],
    ],
    [
      'an access token in place of the ID token',
      signed(at, (claims) => claims, { typ: 'at+jwt' }),
      'wrong_algorithm',
      ['"at+jwt"', 'jwt'],
    ],
  ];
}

function hostileParties(at: At): readonly HostileAnswer[] {
  return [
    [
      'another issuer',
      signed(at, (claims) => ({ ...claims, iss: 'https://evil.example' })),
      'wrong_issuer',
      ['"https://evil.example"', 'http://127.0.0.1'],
    ],
    [
      'the issuer with a slash more',
      signed(at, (claims) => ({ ...claims, iss: `${claims.iss}/` })),
      'wrong_issuer',
      ['configured is'],
    ],
    [
      'another client',
      signed(at, (claims) => ({ ...claims, aud: 'other' })),
      'wrong_audience',
      ['"other"', `"${HOSTILE_CLIENT}"`],
    ],
    ['no client', signed(at, ({ aud: _, ...claims }) => claims), 'wrong_audience', ['nothing', `"${HOSTILE_CLIENT}"`]],
    [
      'several clients without azp',
      signed(at, (claims) => ({ ...claims, aud: [HOSTILE_CLIENT, 'other'] })),
      'wrong_audience',
      ['other', `"${HOSTILE_CLIENT}"`],
    ],
    [
      'another authorized party',
      signed(at, (claims) => ({ ...claims, azp: 'other' })),
      'wrong_audience',
      ['"other"', `"${HOSTILE_CLIENT}"`],
    ],
    ['another nonce', signed(at, (claims) => ({ ...claims, nonce: 'n-1' })), 'wrong_nonce', ['"n-1"', 'this sign-in’s begins']],
    ['no nonce', signed(at, ({ nonce: _, ...claims }) => claims), 'wrong_nonce', ['nothing', 'this sign-in’s begins']],
    ['expired', signed(at, (claims) => ({ ...claims, exp: seconds() - 120 })), 'wrong_time', ['expired at', 'here it is']],
    ['without an end', signed(at, ({ exp: _, ...claims }) => claims), 'wrong_time', ['exp is nothing', 'a time']],
    ['an end that is text', signed(at, (claims) => ({ ...claims, exp: '2100-01-01' })), 'wrong_time', ['"2100-01-01"', 'a time']],
    [
      'not yet valid',
      signed(at, (claims) => ({ ...claims, nbf: seconds() + 600 })),
      'wrong_time',
      ['not valid before', 'here it is'],
    ],
    [
      'issued in the future',
      signed(at, (claims) => ({ ...claims, iat: seconds() + 600 })),
      'wrong_time',
      ['in the future', 'here it is'],
    ],
    [
      'a time of sign-in that is text',
      signed(at, (claims) => ({ ...claims, auth_time: 'yesterday' })),
      'wrong_time',
      ['auth_time is "yesterday"', 'a time'],
    ],
  ];
}

function hostilePersons(at: At): readonly HostileAnswer[] {
  return [
    ['no subject', signed(at, ({ sub: _, ...claims }) => claims), 'wrong_subject', ['nothing', 'a text']],
    ['a subject that is a number', signed(at, (claims) => ({ ...claims, sub: 7 })), 'wrong_subject', ['7', 'a text']],
    [
      'a subject with control characters',
      signed(at, (claims) => ({ ...claims, sub: 'ada\u0000admin' })),
      'wrong_subject',
      ['control characters'],
    ],
    [
      'a subject that reads backwards',
      signed(at, (claims) => ({ ...claims, sub: 'ada\u202enimda' })),
      'wrong_subject',
      ['control characters'],
    ],
    ['a long subject', signed(at, (claims) => ({ ...claims, sub: 'a'.repeat(256) })), 'wrong_subject', ['256', '255']],
    [
      'e-mail as a list',
      signed(at, (claims) => ({ ...claims, email: ['ada@acme.example', 'eve@evil.example'] })),
      'wrong_claim',
      ['[ada@acme.example, eve@evil.example]', 'a text is expected'],
    ],
    [
      'e-mail as an object',
      signed(at, (claims) => ({ ...claims, email: { toString: 'x' } })),
      'wrong_claim',
      ['an object', 'a text is expected'],
    ],
    [
      'e-mail with a line break',
      signed(at, (claims) => ({ ...claims, email: 'ada@acme.example\nBcc: eve@evil.example' })),
      'wrong_claim',
      ['control characters'],
    ],
    ['a session id with control characters', signed(at, (claims) => ({ ...claims, sid: 'a\rb' })), 'wrong_claim', ['sid']],
  ];
}

function hostileForms(at: At): readonly HostileAnswer[] {
  return [
    ['a huge token', signed(at, (claims) => ({ ...claims, filler: 'x'.repeat(70_000) })), 'wrong_token', ['65536']],
    ['five parts', async () => 'a.b.c.d.e', 'wrong_token', ['encrypted', 'signed']],
    ['one part', async () => 'a', 'wrong_token', ['1 parts', '3']],
    ['a header that is no JSON', async (claims) => rawToken('{', claims), 'wrong_token', ['no JSON']],
    ['claims that are a list', async () => rawToken({ alg: 'RS256', kid: 'first' }, []), 'wrong_token', ['no object']],
    [
      'claims that nest deeply',
      async () => rawToken({ alg: 'RS256', kid: 'first' }, `{"iss":${deep}}`),
      'wrong_signature',
      ['first'],
    ],
    ['no ID token', async () => tokens(undefined), 'wrong_code', ['id_token']],
    ['an ID token that is an object', async () => tokens({ alg: 'none' }), 'wrong_code', ['id_token']],
    ['a page in place of an answer', async () => ({ body: '<html>' }), 'wrong_code', ['content-type']],
    [
      'an error with a hostile text',
      async () => ({ status: 400, body: { error: 'invalid_client', error_description: `no\u0000\u202e${'x'.repeat(5_000)}` } }),
      'wrong_code',
      ['"invalid_client"'],
    ],
    [
      'a redirect',
      async () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: {} }),
      'wrong_code',
      ['status'],
    ],
  ];
}

const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;

export async function signedByStranger(claims: Claims, kid: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
}

async function signedWithText(claims: Claims, text: string, alg = 'HS256'): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, kid: 'first' }).sign(createSecretKey(Buffer.from(text)));
}

function swappedClaims(token: string): string {
  const [header, claims, signature] = token.split('.') as [string, string, string];
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'root' };
  return `${header}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`;
}

async function withOwnKey(claims: Claims): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const jwk = publicKey.export({ format: 'jwk' });
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'first', jwk: jwk as never }).sign(privateKey);
}
