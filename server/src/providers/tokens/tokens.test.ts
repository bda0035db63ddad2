import { afterEach, describe, expect, it } from 'vitest';
import {
  CANARIES,
  type CloudSite,
  cloudCredential,
  ENTRA_SECRET,
  openCloudSite,
  SERVICE_ACCOUNT,
} from '../../../test/support/cloud-site.ts';
import { HOSTILE_TOKENS } from '../../../test/support/hostile-tokens.ts';
import { until } from '../../../test/support/upstream.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { createAddressPolicy } from '../../upstream/address-policy.ts';
import { createTransport } from '../../upstream/transport.ts';
import { metadataPolicy } from './machine-token.ts';
import { readErrorWithToken } from './read-error-with-token.ts';
import { createTokens } from './tokens.ts';

const open: CloudSite[] = [];
afterEach(async () => {
  for (const site of open.splice(0)) await site.close();
});
async function siteWith(ambientClouds?: readonly string[]): Promise<CloudSite> {
  const site = await openCloudSite(ambientClouds);
  open.push(site);
  return site;
}

/** Returns the token of a credential, or the reason why there is none. */
function tokenOf({ tokens }: Pick<CloudSite, 'tokens'>, credential: CredentialConfig): Promise<string> {
  const token = tokens.of(credential);
  if (token === null) return Promise.resolve('none is needed');
  const present = token.present();
  if (present !== null) return Promise.resolve(present);
  return new Promise((resolve) => token.wait({ ready: resolve, failed: ({ message }) => resolve(message) }));
}

const KINDS = [
  ['azure', 'azure_entra', `/${ENTRA_SECRET.tenant}/oauth2/v2.0/token`],
  ['vertex', 'gcp_service_account', '/token'],
  [
    'azure',
    'ambient',
    '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com',
  ],
  ['vertex', 'ambient', '/computeMetadata/v1/instance/service-accounts/default/token'],
] as const;

describe.each(KINDS)('at %s, a token of %s', (provider, kind, path) => {
  it('is fetched as its cloud wants it, once, also for other credentials with the same secret', async () => {
    const site = await siteWith();
    expect(await tokenOf(site, cloudCredential(provider, kind))).toBe(CANARIES.token);
    expect(await tokenOf(site, cloudCredential(provider, kind, { id: 'cred_2' }))).toBe(CANARIES.token);
    expect(site.asked.map(({ url }) => url)).toEqual([path]);
    expect(site.asked[0]?.headers.authorization).toBeUndefined();
  });

  it.each(HOSTILE_TOKENS)('is none after $name, which repeats no secret', async ({ answer, says }) => {
    const site = await siteWith();
    site.issue = answer;
    const why = await tokenOf(site, cloudCredential(provider, kind));
    expect(why).toBe(says);
    expect(why).not.toMatch(/CANARY|PRIVATE KEY/);
  });
});

describe('the tokens of credentials', () => {
  it('are none for keys, and fail for a kind that another cloud has', async () => {
    const site = await siteWith();
    expect(site.tokens.of(cloudCredential('azure', 'api_key'))).toBeNull();
    const { kind: _, ...older } = cloudCredential('azure', 'api_key');
    expect(site.tokens.of(older)).toBeNull();
    const odd = cloudCredential('azure', 'aws_static', { secret: ENTRA_SECRET });
    expect(await tokenOf(site, odd)).toBe('the credential has no secret of its kind');
    expect(await tokenOf(site, cloudCredential('azure', 'azure_entra', { secret: null }))).toMatch(/no secret/);
    expect(site.asked).toEqual([]);
  });

  it('differ by secret', async () => {
    const site = await siteWith();
    await tokenOf(site, cloudCredential('azure', 'azure_entra'));
    const wrong = cloudCredential('azure', 'azure_entra', { secret: { ...ENTRA_SECRET, clientSecret: 'another' } });
    expect(await tokenOf(site, wrong)).toBe('the server of tokens answered 401 (invalid_client)');
    expect(site.asked).toHaveLength(2);
  });

  it('of a private key that cannot be read fail without a word of it', async () => {
    const site = await siteWith();
    const broken = { ...SERVICE_ACCOUNT, privateKey: '-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n' };
    const why = await tokenOf(site, cloudCredential('vertex', 'gcp_service_account', { secret: broken }));
    expect(why).toBe('the private key of the service account cannot be used');
  });

  it('of the machine are never asked for unless that cloud is allowed', async () => {
    const site = await siteWith(['gcp']);
    expect(await tokenOf(site, cloudCredential('azure', 'ambient'))).toMatch(/HEADGATE_AMBIENT_CREDENTIALS/);
    expect(await tokenOf(site, cloudCredential('vertex', 'ambient'))).toBe(CANARIES.token);
    const { tokens } = await siteWith([]);
    expect(await tokenOf({ tokens }, cloudCredential('vertex', 'ambient'))).toMatch(/HEADGATE_AMBIENT_CREDENTIALS/);
    expect(site.asked).toHaveLength(1);
  });

  it('of a Google machine are refused from a server that is not Google’s', async () => {
    const site = await siteWith();
    site.issue = (_, response) =>
      void response.end(JSON.stringify({ access_token: CANARIES.token, expires_in: 3600, token_type: 'Bearer' }));
    expect(await tokenOf(site, cloudCredential('vertex', 'ambient'))).toMatch(/not of the machine’s own/);
  });

  it('are fetched once for calls that begin in the same turn and in later ones', async () => {
    const site = await siteWith();
    const answer = site.issue;
    let go: () => void = () => {};
    site.issue = (request, response) => {
      go = () => answer(request, response);
    };
    const credential = cloudCredential('azure', 'azure_entra');
    const all = Array.from({ length: 200 }, () => tokenOf(site, credential));
    await until(() => site.asked.length > 0);
    all.push(tokenOf(site, { ...credential }));
    go();
    expect(new Set(await Promise.all(all))).toEqual(new Set([CANARIES.token]));
    expect(site.asked).toHaveLength(1);
  });
});

describe('the addresses of metadata services', () => {
  const production = () => {
    const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1' });
    if ('problem' in policy) throw new Error(policy.problem);
    return policy;
  };
  const tokensOver = (policy: ReturnType<typeof production>, metadata: ReturnType<typeof production>) =>
    createTokens({
      transport: createTransport({ policy }),
      metadataTransport: () => createTransport({ policy: metadata, connectTimeoutMs: 200 }),
      ambientClouds: new Set(['azure', 'gcp']),
      clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
      after: (ms, callback) => {
        const timer = setTimeout(callback, ms).unref();
        return () => clearTimeout(timer);
      },
    });

  it('are refused by the policy of all other calls, and reached by their own', async () => {
    const refused = await tokenOf({ tokens: tokensOver(production(), production()) }, cloudCredential('azure', 'ambient'));
    expect(refused).toBe('the address of the server of tokens is not allowed');
    // No machine here has the address, so the call fails, but not by the policy.
    const tried = await tokenOf({ tokens: tokensOver(production(), metadataPolicy()) }, cloudCredential('azure', 'ambient'));
    expect(tried).toMatch(/could not be reached|did not answer|closed the connection|answered/);
  });
});

describe('an error of the provider', () => {
  it('is told without the token of the call, and a refused token is fetched again', async () => {
    const site = await siteWith();
    const credential = cloudCredential('vertex', 'gcp_service_account');
    await tokenOf(site, credential);
    const [, vertex] = site.providers;
    const body = (message: string) => Buffer.from(JSON.stringify({ error: { code: 401, message, status: 'UNAUTHENTICATED' } }));
    const error = vertex.readError(401, {}, body(`bad token ${CANARIES.token} and CANARYissue…`), credential);
    expect(error).toMatchObject({ kind: 'credential', status: 401 });
    expect(error.message).not.toMatch(/CANARYissuedToken/);
    let refused: string | null = null;
    const of = (one: CredentialConfig) => {
      const token = site.tokens.of(one);
      return token === null
        ? null
        : { ...token, present: () => token.present(), wait: token.wait.bind(token), refused: (text: string) => (refused = text) };
    };
    readErrorWithToken({ ...site.tokens, of } as typeof site.tokens, vertex.readError)(401, {}, body('x'), credential);
    expect(refused).toBe(CANARIES.token);
  });
});
