/**
 * Reads the metadata of SAML identity providers again. Providers replace the certificates by which they sign, and list the new one
 * before they use it. A new one from the pinned HTTPS address counts at once. From any other address it waits for an owner.
 */
import { ProviderUnreachable } from '../../identity/protocol-problems.ts';
import { readCertificate } from '../../identity/saml/certificates.ts';
import { readMetadata } from '../../identity/saml/metadata.ts';
import { type AuditTrail, appendAuditEvent, rememberAppended } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import * as certificates from '../../store/identity/certificates.ts';
import { goOn, type Job, type JobContext } from '../job.ts';

export interface MetadataReader {
  readonly audit: AuditTrail;
  /** Reads the document at an address. Rejects with ProviderUnreachable. */
  readonly fetchDocument: (url: string) => Promise<string>;
}

/** The outcome for one provider. `unread`: with the reason, for an operator. */
export type MetadataRefresh =
  | { readonly is: 'unchanged' }
  | { readonly is: 'changed'; readonly changes: readonly certificates.CertificateChange[] }
  | { readonly is: 'unread'; readonly words: string };

const AT_ONCE = 200;
/** A run begins no further reading after this time. The next run begins with those that are left. */
const RUN_MS_MAX = 20 * 60_000;
/** A certificate goes at the second daily reading that does not list it. */
const GONE_AFTER_MS = 36 * 3_600_000;
const KEPT_MS = 90 * 86_400_000;

export function samlMetadataJob(reader: MetadataReader): Job {
  return {
    name: 'saml-metadata',
    about: 'Reads the metadata of SAML identity providers again, to find their new certificates.',
    cron: '23 2 * * *',
    run: (context) => refreshAll(context, reader),
  };
}

async function refreshAll(context: JobContext, reader: MetadataReader): Promise<string> {
  const { database, clock, warn } = context;
  const endsAtMs = clock.monotonicMs() + RUN_MS_MAX;
  const count = { unchanged: 0, changed: 0, unread: 0 };
  for (let after = ''; clock.monotonicMs() < endsAtMs; ) {
    const page = await certificates.samlProviders(database.db, after, AT_ONCE);
    for (const provider of page) {
      goOn(context);
      if (clock.monotonicMs() >= endsAtMs) break;
      if (metadataUrlOf(provider) === null) continue;
      const outcome = await refreshMetadata(database.db, reader, provider, clock.nowMs());
      count[outcome.is] += 1;
      if (outcome.is === 'unread')
        warn(
          { identity_provider_id: provider.providerId, reason: outcome.words },
          'jobs: the metadata of an identity provider could not be read',
        );
    }
    const last = page.at(-1);
    if (last === undefined || page.length < AT_ONCE) break;
    after = last.providerId;
  }
  await certificates.forgetGone(database.db, new Date(clock.nowMs() - KEPT_MS));
  return `Read the metadata of ${count.unchanged + count.changed} identity providers; ${count.changed} changed. Could not read ${count.unread}.`;
}

/** Reads the metadata of one provider, and stores which certificates it lists. Rejects only if the database does. */
export async function refreshMetadata(
  db: Database,
  { audit, fetchDocument }: MetadataReader,
  provider: certificates.SamlProvider,
  nowMs: number,
): Promise<MetadataRefresh> {
  const url = metadataUrlOf(provider);
  if (url === null) return { is: 'unchanged' };
  const found = await listedCertificates(url, provider, fetchDocument);
  if ('words' in found) return { is: 'unread', words: found.words };
  const at = new Date(nowMs);
  const isPinned = url.startsWith('https://');
  const { changes, appended } = await db.transaction(async (tx) => {
    const changes = await certificates.recordListed(tx, provider, found.listed, {
      at,
      isPinned,
      goneBefore: new Date(nowMs - GONE_AFTER_MS),
    });
    const appended = changes.length === 0 ? [] : [await appendAuditEvent(tx, audit, eventOf(provider, changes, at))];
    return { changes, appended };
  });
  await rememberAppended(audit, appended);
  return changes.length === 0 ? { is: 'unchanged' } : { is: 'changed', changes };
}

async function listedCertificates(
  url: string,
  { config }: certificates.SamlProvider,
  fetchDocument: MetadataReader['fetchDocument'],
): Promise<{ readonly listed: readonly certificates.ListedCertificate[] } | { readonly words: string }> {
  let text: string;
  try {
    text = await fetchDocument(url);
  } catch (error) {
    if (error instanceof ProviderUnreachable) return { words: error.message };
    throw error;
  }
  const outcome = readMetadata(text, typeof config.entity_id === 'string' ? config.entity_id : null);
  if (outcome.is === 'refused') return { words: outcome.words };
  const listed = new Map<string, certificates.ListedCertificate>();
  for (const one of outcome.metadata.certificates) {
    const read = readCertificate(one);
    if (read.is === 'refused') return { words: `a certificate in the metadata ${read.words}` };
    const { id, pem, notAfterMs } = read.certificate;
    listed.set(id, { id, pem, notAfter: new Date(notAfterMs) });
  }
  return { listed: [...listed.values()] };
}

function metadataUrlOf({ config }: certificates.SamlProvider): string | null {
  return typeof config.metadata_url === 'string' && URL.canParse(config.metadata_url) ? config.metadata_url : null;
}

function eventOf(provider: certificates.SamlProvider, changes: readonly certificates.CertificateChange[], at: Date) {
  return {
    organizationId: provider.organizationId,
    at,
    ...{ actorKind: 'system', actorId: 'saml-metadata', actorName: 'Headgate' },
    ...{
      action: 'identity_provider.keys',
      objectType: 'identity_provider',
      objectId: provider.providerId,
      objectName: provider.name,
    },
    before: Object.fromEntries(changes.map(({ id, before }) => [id, before])),
    after: Object.fromEntries(changes.map(({ id, after }) => [id, after])),
    ...{ reason: 'the metadata changed', ip: null, requestId: null },
  };
}
