/** An OpenID Connect provider of our own that signs and answers whatever a test wants. It keeps no rule of the protocol by itself. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body: unknown;
}

type Asked = 'discovery' | 'jwks' | 'token' | 'userinfo' | 'end';

export interface HostileIssuer {
  readonly issuer: string;
  /** The private keys by `kid`. What the key set lists is `answers.jwks`. */
  readonly keys: ReadonlyMap<string, JWK>;
  /** The answers by path; a test replaces them. */
  readonly answers: Record<Asked, (request: AskedIssuer) => Answered | Promise<Answered>>;
  /** How often each path was asked. */
  readonly asked: Record<Asked, number>;
  /** Makes a key that signs from now on, lists it alone, and returns it. */
  roll(kid: string): Promise<JWK>;
  /** Signs a token with the newest key, or another one. */
  sign(claims: Readonly<Record<string, unknown>>, how?: SignedHow): Promise<string>;
  close(): Promise<void>;
}

export interface AskedIssuer {
  readonly form: URLSearchParams;
  readonly authorization: string | null;
}

export interface SignedHow {
  readonly key?: JWK;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Starts the issuer with one key, `first`. */
export async function startHostileIssuer(): Promise<HostileIssuer> {
  const keys = new Map<string, JWK>();
  let newest: JWK = {};
  const asked = { discovery: 0, jwks: 0, token: 0, userinfo: 0, end: 0 };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answers: HostileIssuer['answers'] = {
    discovery: () => ({ body: documentOf(issuer) }),
    jwks: () => ({ body: { keys: [publicOf(newest)] } }),
    token: () => ({ status: 400, body: { error: 'invalid_grant' } }),
    userinfo: () => ({ status: 401, body: {} }),
    end: () => ({ body: '<h1>Sign out?</h1>' }),
  };
  const paths = {
    '/.well-known/openid-configuration': 'discovery',
    '/jwks': 'jwks',
    '/token': 'token',
    '/userinfo': 'userinfo',
    '/end': 'end',
  } as const;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const which = paths[(request.url ?? '').split('?')[0] as keyof typeof paths];
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (which === undefined) return void response.writeHead(404).end();
    asked[which] += 1;
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const {
      status = 200,
      headers = {},
      body,
    } = await answers[which]({ form, authorization: request.headers.authorization ?? null });
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers });
    response.end(isText ? body : JSON.stringify(body));
  }

  async function roll(kid: string): Promise<JWK> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    newest = { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
    keys.set(kid, newest);
    return newest;
  }
  await roll('first');

  return {
    issuer,
    keys,
    answers,
    asked,
    roll,
    sign: async (claims, { key = newest, header = {} } = {}) => {
      const alg = (header.alg as string | undefined) ?? key.alg ?? 'RS256';
      const signer = new SignJWT({ ...claims }).setProtectedHeader({
        ...(key.kid === undefined ? {} : { kid: key.kid }),
        ...header,
        alg,
      });
      return signer.sign(await importJWK(key, alg));
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function documentOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/end`,
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
  };
}

/** Returns the public part of a key. */
export function publicOf({ kty, n, e, kid, alg, use }: JWK): JWK {
  return {
    kty: kty as string,
    n: n as string,
    e: e as string,
    ...(kid === undefined ? {} : { kid }),
    alg: alg as string,
    use: use as string,
  };
}

/** Makes a token by hand, of any header, claims and signature. */
export function rawToken(header: unknown, claims: unknown, signature: Buffer | string = ''): string {
  const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${Buffer.from(signature).toString('base64url')}`;
}
