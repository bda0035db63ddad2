import type { ProviderToAsk } from '../identity/protocol.ts';
import type { SamlProtocol } from '../identity/protocols.ts';
import { fetchMetadata } from '../identity/saml/fetch-metadata.ts';
import { METADATA_BYTES_MAX } from '../identity/saml/metadata.ts';
import { createSamlProtocol } from '../identity/saml/saml-protocol.ts';
import { type MetadataReader, refreshMetadata } from '../jobs/identity/saml-metadata.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import type { Config } from '../settings/config.ts';
import type { AuditTrail } from '../store/audit/audit.ts';
import type { Database } from '../store/database.ts';
import { trustedCertificates } from '../store/identity/certificates.ts';
import { type AddressPolicy, checkWebhookUrl } from '../upstream/address-policy.ts';
import { createBoundedFetch } from '../upstream/bounded-fetch.ts';
import { createTransport } from '../upstream/transport.ts';
import { claimsIn } from './claims-in.ts';

/** The shortest time between two readings of one provider's metadata because of unknown certificates, and the most that are counted. */
const REFRESH_MS = 5_000;
const REFRESHED_MAX = 1_000;

export interface SamlStores {
  readonly db: Database;
  readonly audit: AuditTrail;
}

/** Opens SAML over the store. Metadata is read by a transport of its own, which reaches only what the policy allows. */
export function samlFor(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  policy: AddressPolicy,
  { db, audit }: SamlStores,
  wheel: TimerWheel,
): { readonly saml: SamlProtocol; readonly metadata: MetadataReader; close(): void } {
  const transport = createTransport({ policy, wheel, hidesInnerNames: true, connectionsMax: 16, waitingMax: 64 });
  const fetch = createBoundedFetch({ transport, setting: policy.setting, answerBytesMax: METADATA_BYTES_MAX });
  const metadata: MetadataReader = { audit, fetchDocument: (url) => fetchMetadata(fetch, url) };
  const saml = createSamlProtocol({
    publicUrl,
    nowMs: () => clock.nowMs(),
    claimOnce: claimsIn(db),
    trusted: async ({ organizationId, id }) => {
      const rows = await trustedCertificates(db, { organizationId, providerId: id });
      return rows.map(({ id, pem, notAfter }) => ({ id, pem, notAfterMs: notAfter.getTime() }));
    },
    refresh: refreshing(db, metadata),
    checkUrl: (url) => checkWebhookUrl(url, policy),
    fetchDocument: metadata.fetchDocument,
  });
  return { saml, metadata, close: () => transport.close() };
}

/**
 * Returns a function that reads a provider's metadata again, once in five seconds at most, because anybody can post a response for
 * which it must be read. Within that time it answers as that reading did: the certificates may have been read from the store before it.
 */
function refreshing(db: Database, reader: MetadataReader): (provider: ProviderToAsk) => Promise<boolean> {
  const readings = new Map<string, { readonly atMs: number; readonly isNew: Promise<boolean> }>();
  return ({ organizationId, id: providerId, name, config }) => {
    const nowMs = clock.nowMs();
    const last = readings.get(providerId);
    if (last !== undefined && nowMs - last.atMs < REFRESH_MS) return last.isNew;
    if (readings.size >= REFRESHED_MAX) readings.clear();
    const isNew = refreshMetadata(db, reader, { organizationId, providerId, name, config }, nowMs).then(
      (outcome) => outcome.is === 'changed' && outcome.changes.some(({ after }) => after === 'trusted'),
    );
    readings.set(providerId, { atMs: nowMs, isNew });
    return isNew;
  };
}
