/** An issuer of tokens: a server of its own with discovery and a key set, as GitHub's and a cluster's are. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Signs claims with a key. `iat` and `exp` are now and five minutes later unless given. */
export function signClaims(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ iat: now, exp: now + 300, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}

export interface TokenIssuer {
  /** Its `iss`. */
  readonly issuer: string;
  /** The keys that it lists now. */
  readonly keys: SigningKey[];
  /** The requests that it got, by path. */
  readonly asked: string[];
  /** Signs claims with its first key, as `signClaims` does. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>, key?: SigningKey): Promise<string>;
  /** Lets every request fail with 503 until `recover`. */
  fail(): void;
  recover(): void;
  /** Lets every answer come this many milliseconds later. */
  delay(ms: number): void;
  close(): Promise<void>;
}

export async function newSigningKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export async function startIssuer(path = ''): Promise<TokenIssuer> {
  const keys = [await newSigningKey('first')];
  const asked: string[] = [];
  let isFailing = false;
  let delayMs = 0;
  const server = createServer(async (request, response) => {
    asked.push(request.url ?? '');
    const answers: Readonly<Record<string, object>> = {
      [`${path}/.well-known/openid-configuration`]: { issuer, jwks_uri: `${issuer}/keys` },
      [`${path}/keys`]: { keys: keys.map(({ publicJwk }) => publicJwk) },
    };
    const answer = answers[request.url ?? ''];
    if (delayMs > 0) await sleep(delayMs);
    const status = isFailing ? 503 : answer === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return {
    issuer,
    keys,
    asked,
    sign: (claims, header = {}, key = keys[0] as SigningKey) => signClaims(key, { iss: issuer, ...claims }, header),
    fail: () => {
      isFailing = true;
    },
    recover: () => {
      isFailing = false;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
