/** SAML over real parts: its guarded transport, and a database with the rows of providers. */
import { afterAll } from 'vitest';
import type { ProtocolOutcome, ProviderToAsk } from '../../src/identity/protocol.ts';
import { fetchMetadata } from '../../src/identity/saml/fetch-metadata.ts';
import { METADATA_BYTES_MAX } from '../../src/identity/saml/metadata.ts';
import { createSamlProtocol } from '../../src/identity/saml/saml-protocol.ts';
import { type MetadataReader, refreshMetadata } from '../../src/jobs/identity/saml-metadata.ts';
import { claimOnce } from '../../src/store/accounts/sign-in.ts';
import type { Database } from '../../src/store/database.ts';
import { trustedCertificates } from '../../src/store/identity/certificates.ts';
import { trustKey } from '../../src/store/identity/identity-providers.ts';
import { identityProviders, organizations } from '../../src/store/schema.ts';
import { checkWebhookUrl, createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createBoundedFetch } from '../../src/upstream/bounded-fetch.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { testTrail } from '../support/audit-trail.ts';
import { type RunningProvider, readPostForm } from '../support/saml-provider.ts';
import { testCertificate } from '../support/tls-certificate.ts';

export const PUBLIC_URL = 'https://gateway.example';
const SETTING = 'HEADGATE_ALLOWED_IDENTITY_PROVIDERS';

/** The audience that our metadata names, from the address of our service. */
export const audienceOf = (acs: string) => acs.replace(/acs$/, 'metadata');

export function samlOver(db: Database, nowMs: () => number = Date.now) {
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1', setting: SETTING });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy, hidesInnerNames: true, ca: testCertificate.cert });
  afterAll(() => transport.close());
  const fetch = createBoundedFetch({ transport, setting: SETTING, answerBytesMax: METADATA_BYTES_MAX, timeoutMs: 5_000 });
  const reader: MetadataReader = { audit: testTrail(), fetchDocument: (url) => fetchMetadata(fetch, url) };
  const refresh = ({ organizationId, id: providerId, name, config }: ProviderToAsk) =>
    refreshMetadata(db, reader, { organizationId, providerId, name, config }, nowMs());
  const saml = createSamlProtocol({
    publicUrl: PUBLIC_URL,
    nowMs,
    claimOnce: (name, forMs) => claimOnce(db, { name, at: new Date(nowMs()), until: new Date(nowMs() + forMs) }),
    trusted: async ({ organizationId, id }) =>
      (await trustedCertificates(db, { organizationId, providerId: id })).map(({ notAfter, ...one }) => ({
        ...one,
        notAfterMs: notAfter.getTime(),
      })),
    refresh: async () => false,
    checkUrl: (url) => checkWebhookUrl(url, policy),
    fetchDocument: reader.fetchDocument,
  });
  return { saml, reader, refresh };
}

let made = 0;

/** Stores an organization with one active provider and the certificates of its configuration, as the admin API does. */
export async function storedProvider(db: Database, config: Readonly<Record<string, unknown>>, more: Partial<ProviderToAsk> = {}) {
  made += 1;
  const provider: ProviderToAsk = {
    organizationId: `org_saml${made}`,
    id: `idp_saml${made}`,
    name: 'Acme’s provider',
    protocol: 'saml',
    config,
    secret: null,
    groupsClaim: 'groups',
    secondFactorValues: [],
    ...more,
  };
  const { organizationId, id, name, protocol } = provider;
  await db.insert(organizations).values({ id: organizationId, slug: `saml-${made}`, name: organizationId });
  await db.insert(identityProviders).values({ organizationId, id, name, protocol, config, state: 'active', createdBy: 'acct_1' });
  return provider;
}

/** Trusts a certificate, as saving a configuration does. */
export function trust(
  db: Database,
  { organizationId, id }: ProviderToAsk,
  signer: { readonly id: string; readonly pem: string; readonly notAfterMs: number },
  at = new Date(),
) {
  return trustKey(db, { organizationId, id }, { id: signer.id, value: signer.pem, notAfter: new Date(signer.notAfterMs), at });
}

/** Signs in at a provider, as a browser does, and returns what the protocol makes of it. */
export async function signIn(saml: ReturnType<typeof samlOver>['saml'], provider: ProviderToAsk): Promise<ProtocolOutcome> {
  const started = await saml.start(provider, { state: crypto.randomUUID(), purpose: 'sign_in', loginHint: null, isFresh: false });
  const { fields } = readPostForm(await (await fetch(started.location)).text());
  return saml.finish(provider, started.keep, fields);
}

export type { RunningProvider };
