/** OpenID Connect over real parts: its guarded transport, and a database with the rows of a provider. */
import { afterAll } from 'vitest';
import { type Oidc, openOidc } from '../../src/identity/oidc/oidc.ts';
import type { ProtocolOutcome, ProviderToAsk } from '../../src/identity/protocol.ts';
import { claimOnce } from '../../src/store/accounts/sign-in.ts';
import type { Database } from '../../src/store/database.ts';
import { readKeys, removedKeys, writeKeys } from '../../src/store/identity/provider-keys.ts';
import { identityProviders, organizations } from '../../src/store/schema.ts';
import { checkWebhookUrl, createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createBoundedFetch } from '../../src/upstream/bounded-fetch.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { HOSTILE_CLIENT, HOSTILE_SECRET } from '../support/hostile-answers.ts';

export const PUBLIC_URL = 'https://gateway.example';
export const CLIENT_ID = HOSTILE_CLIENT;
export const SECRET = HOSTILE_SECRET;
const SETTING = 'HEADGATE_ALLOWED_IDENTITY_PROVIDERS';

export interface OidcSiteOptions {
  readonly nowMs?: () => number;
  readonly allowed?: string;
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}

/** Opens OpenID Connect as a process of the gateway does. Each call is a process that knows nothing yet. */
export function oidcOver(db: Database, options: OidcSiteOptions = {}): Oidc {
  const nowMs = options.nowMs ?? Date.now;
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: options.allowed ?? '127.0.0.1', setting: SETTING });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy, hidesInnerNames: true });
  afterAll(() => transport.close());
  return openOidc({
    fetch: createBoundedFetch({
      transport,
      setting: SETTING,
      timeoutMs: options.timeoutMs ?? 5_000,
      answerBytesMax: options.answerBytesMax ?? 256 * 1_024,
    }),
    checkUrl: (url) => checkWebhookUrl(url, policy),
    keys: {
      read: (address, since) => readKeys(db, address, since),
      removed: (address) => removedKeys(db, address),
      write: (address, listed, at) => writeKeys(db, address, listed, at),
    },
    claimOnce: (name, forMs) => claimOnce(db, { name, at: new Date(nowMs()), until: new Date(nowMs() + forMs) }),
    publicUrl: PUBLIC_URL,
    nowMs,
  });
}

let made = 0;

/** Stores an organization with one provider, and returns the provider as a protocol gets it. */
export async function storedProvider(db: Database, config: Readonly<Record<string, unknown>>, more: Partial<ProviderToAsk> = {}) {
  made += 1;
  const provider: ProviderToAsk = {
    organizationId: `org_oidc${made}`,
    id: `idp_oidc${made}`,
    name: 'Acme’s provider',
    protocol: 'oidc',
    config: { client_id: CLIENT_ID, scopes: ['openid', 'email', 'profile'], ...config },
    secret: SECRET,
    groupsClaim: 'groups',
    secondFactorValues: ['mfa', 'otp'],
    ...more,
  };
  const { organizationId, id, name, protocol } = provider;
  await db
    .insert(organizations)
    .values({ id: organizationId, slug: `oidc-${made}`, name: organizationId })
    .onConflictDoNothing();
  await db.insert(identityProviders).values({ organizationId, id, name, protocol, config: provider.config, createdBy: 'acc_1' });
  return provider;
}

/** Starts a sign-in. */
export function started(
  oidc: Oidc,
  provider: ProviderToAsk,
  more: { readonly loginHint?: string; readonly isFresh?: boolean } = {},
) {
  const state = `state-${crypto.randomUUID()}`;
  return oidc.start(provider, { state, purpose: 'sign_in', loginHint: more.loginHint ?? null, isFresh: more.isFresh ?? false });
}

export function asserted(outcome: ProtocolOutcome): Extract<ProtocolOutcome, { is: 'asserted' }> {
  if (outcome.is !== 'asserted') throw new Error(`refused: ${outcome.code}: ${outcome.words}`);
  return outcome;
}
