/** Tokens that must open nothing, each one fault away from a good one. The suite and the proof use the same. */
import { createHmac, createPublicKey, KeyObject, sign } from 'node:crypto';
import { newSigningKey, type SigningKey, type TokenIssuer } from '../support/token-issuer.ts';

export interface HostileToken {
  readonly name: string;
  readonly token: string;
}

type Json = Readonly<Record<string, unknown>>;

const now = () => Math.floor(Date.now() / 1_000);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Makes the tokens. `good`: the claims of a token that opens a key. `foreign`: the audience of another organization. */
export async function hostileTokens(issuer: TokenIssuer, good: Json, foreign: string): Promise<readonly HostileToken[]> {
  const stranger = await newSigningKey('first');
  return [
    ...(await unsigned(issuer, good)),
    ...(await withOtherKeys(issuer, good, stranger)),
    ...(await withHeaders(issuer, good, stranger)),
    ...(await withAudiences(issuer, good, foreign)),
    ...(await withTimes(issuer, good)),
    ...(await cutAndJoined(issuer, good)),
  ];
}

/** What nobody signed, or with what everybody knows. */
async function unsigned(issuer: TokenIssuer, good: Json): Promise<HostileToken[]> {
  const claims = part({ iss: issuer.issuer, iat: now(), exp: now() + 300, ...good });
  const [key] = issuer.keys as [SigningKey];
  const publicPem = createPublicKey({ key: key.publicJwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const macHead = part({ alg: 'HS256', kid: 'first', typ: 'JWT' });
  const mac = createHmac('sha256', publicPem).update(`${macHead}.${claims}`).digest('base64url');
  const signature = (await issuer.sign({ ...good, jti: 'another' })).split('.')[2];
  return [
    { name: 'alg none', token: `${part({ alg: 'none', typ: 'JWT' })}.${claims}.` },
    { name: 'alg none with a signature', token: `${part({ alg: 'none', kid: 'first' })}.${claims}.${signature}` },
    { name: 'alg nOnE', token: `${part({ alg: 'nOnE', kid: 'first' })}.${claims}.${signature}` },
    { name: 'HS256 with the public key as the secret', token: `${macHead}.${claims}.${mac}` },
    { name: 'no alg', token: `${part({ kid: 'first', typ: 'JWT' })}.${claims}.${signature}` },
    { name: 'an empty signature', token: `${part({ alg: 'RS256', kid: 'first', typ: 'JWT' })}.${claims}.` },
    {
      name: 'the signature of another token',
      token: `${part({ alg: 'RS256', kid: 'first', typ: 'JWT' })}.${claims}.${signature}`,
    },
  ];
}

async function withOtherKeys(issuer: TokenIssuer, good: Json, stranger: SigningKey): Promise<HostileToken[]> {
  const curve = await newSigningKey('curve', 'ES256');
  return [
    { name: 'another key with a known kid', token: await issuer.sign(good, {}, stranger) },
    { name: 'another key without a kid', token: await issuer.sign(good, { kid: undefined }, stranger) },
    { name: 'an unknown kid', token: await issuer.sign(good, { kid: 'second' }) },
    { name: 'a kid with a path', token: await issuer.sign(good, { kid: '../../../../dev/null' }, stranger) },
    { name: 'a kid that is an address', token: await issuer.sign(good, { kid: 'http://127.0.0.1/keys' }, stranger) },
    { name: 'a kid of SQL', token: await issuer.sign(good, { kid: "first' or '1'='1" }, stranger) },
    { name: 'a kid of a prototype', token: await issuer.sign(good, { kid: '__proto__' }, stranger) },
    { name: 'a kid that is a number', token: await issuer.sign(good, { kid: 1 as never }) },
    { name: 'a kid that is no name but long', token: await issuer.sign(good, { kid: 'k'.repeat(4_000) }) },
    { name: 'a key of another kind under a known kid', token: await issuer.sign(good, { kid: 'first' }, curve) },
  ];
}

async function withHeaders(issuer: TokenIssuer, good: Json, stranger: SigningKey): Promise<HostileToken[]> {
  return [
    { name: 'an embedded jwk', token: await issuer.sign(good, { jwk: stranger.publicJwk }, stranger) },
    { name: 'a jku', token: await issuer.sign(good, { jku: `${issuer.issuer}/keys` }) },
    { name: 'an x5u', token: await issuer.sign(good, { x5u: `${issuer.issuer}/cert` }) },
    { name: 'a crit', token: await withCrit(issuer, good) },
    { name: 'a type that is not accepted', token: await issuer.sign(good, { typ: 'logout+jwt' }) },
    { name: 'a type that is a list', token: await issuer.sign(good, { typ: ['JWT'] as never }) },
  ];
}

/** Signed without the library, which refuses to sign an extension that it does not know. */
async function withCrit(issuer: TokenIssuer, good: Json): Promise<string> {
  const [key] = issuer.keys as [SigningKey];
  const claims = part({ iss: issuer.issuer, iat: now(), exp: now() + 300, ...good });
  const signed = `${part({ alg: 'RS256', kid: 'first', typ: 'JWT', crit: ['exp'] })}.${claims}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), KeyObject.from(key.privateKey)).toString('base64url')}`;
}

async function withAudiences(issuer: TokenIssuer, good: Json, foreign: string): Promise<HostileToken[]> {
  const { aud } = good as { aud: string };
  const other = async (name: string, value: unknown) => ({ name, token: await issuer.sign({ ...good, aud: value }) });
  return [
    await other('the audience of another organization', foreign),
    await other('two audiences', [aud, 'https://elsewhere.test']),
    await other('two audiences, both ours', [aud, foreign]),
    await other('no audience', undefined),
    await other('an empty audience', ''),
    await other('an audience that begins like ours', `${aud}x`),
    await other('an audience that ours begins with', aud.slice(0, -1)),
    await other('an audience with a slash at the end', `${aud}/`),
    await other('an audience with a path out', `${aud}/../${aud.split('/').at(-1)}`),
    await other('an audience in capitals', aud.toUpperCase()),
    await other('an audience that is an object', { aud }),
    { name: 'another issuer', token: await issuer.sign({ ...good, iss: `${issuer.issuer}/` }) },
    { name: 'no issuer', token: await issuer.sign({ ...good, iss: undefined }) },
    { name: 'two issuers', token: await issuer.sign({ ...good, iss: [issuer.issuer] }) },
  ];
}

async function withTimes(issuer: TokenIssuer, good: Json): Promise<HostileToken[]> {
  const timed = async (name: string, times: Json) => ({ name, token: await issuer.sign({ ...good, ...times }) });
  return [
    await timed('expired', { iat: now() - 600, exp: now() - 1 }),
    await timed('no exp', { exp: undefined }),
    await timed('exp far away', { exp: now() + 86_400 }),
    await timed('exp far away, issued as far away', { iat: now() + 86_000, exp: now() + 86_400 }),
    await timed('exp as text', { exp: String(now() + 300) }),
    await timed('exp as a list', { exp: [now() + 300] }),
    await timed('exp without end', { exp: 1e300 }),
    await timed('exp below zero', { exp: -1 }),
    await timed('nbf later', { nbf: now() + 200 }),
    await timed('nbf as text', { nbf: String(now() - 5) }),
    await timed('iat later', { iat: now() + 200 }),
    await timed('iat as text', { iat: String(now()) }),
    await timed('a longer life than the issuer may give', { iat: now() - 7_200, exp: now() + 300 }),
  ];
}

async function cutAndJoined(issuer: TokenIssuer, good: Json): Promise<HostileToken[]> {
  const token = await issuer.sign(good);
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const elder = { ...good, iss: issuer.issuer, iat: now(), exp: now() + 300, role: 'owner' };
  return [
    { name: 'an equal beginning with another end', token: `${token.slice(0, -8)}AAAAAAAA` },
    { name: 'an equal beginning, cut short', token: token.slice(0, -4) },
    { name: 'an equal beginning with more behind it', token: `${token}AAAA` },
    { name: 'changed claims', token: `${head}.${part(elder)}.${signature}` },
    { name: 'two parts', token: `${head}.${claims}` },
    { name: 'five parts', token: `${head}.${claims}.${signature}.${claims}.${signature}` },
    { name: 'dots alone', token: '..' },
    { name: 'padding', token: `${head}=.${claims}.${signature}` },
    { name: 'claims that are a list', token: `${head}.${part([good])}.${signature}` },
    { name: 'claims that are no JSON', token: `${head}.${Buffer.from('{"iss":').toString('base64url')}.${signature}` },
    {
      name: 'claims that are not UTF-8',
      token: `${head}.${Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64url')}.${signature}`,
    },
    { name: 'a huge token', token: await issuer.sign({ ...good, filler: 'x'.repeat(20_000) }) },
    {
      name: 'claims nested deeply',
      token: `${head}.${Buffer.from(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`).toString('base64url')}.${signature}`,
    },
  ];
}
