/** The certificates by which SAML identity providers sign. Every query but that of the daily job names the organization. */
import { and, asc, desc, eq, gt, isNotNull, isNull, lt, lte, sql } from 'drizzle-orm';
import type { ProviderKeyState } from '../../domain/identity/words.ts';
import type { Database } from '../database.ts';
import { identityProviders, identityProviderKeys as keys, organizations, verifications } from '../schema.ts';
import { IS_OPEN } from './identity-providers.ts';

export interface CertificateAddress {
  readonly organizationId: string;
  readonly providerId: string;
}

export interface ListedCertificate {
  /** The SHA-256 fingerprint in lower-case hex. */
  readonly id: string;
  readonly pem: string;
  readonly notAfter: Date;
}

/** The most certificates that are tried for one response, and that are kept for one provider. */
const TRUSTED_MAX = 20;
const KEPT_MAX = 100;

/** Returns the trusted certificates, expired ones included, those that end last first. */
export async function trustedCertificates(db: Database, address: CertificateAddress): Promise<readonly ListedCertificate[]> {
  const rows = await db
    .select({ id: keys.id, pem: keys.value, notAfter: keys.notAfter })
    .from(keys)
    .where(and(of(address), eq(keys.state, 'trusted'), isNotNull(keys.notAfter)))
    .orderBy(desc(keys.notAfter), asc(keys.id))
    .limit(TRUSTED_MAX);
  return rows.map(({ id, pem, notAfter }) => ({ id, pem, notAfter: notAfter as Date }));
}

export interface ListedAs {
  readonly at: Date;
  /** True if the list came from where nobody but the provider can write. Then a new certificate counts at once. */
  readonly isPinned: boolean;
  /** A trusted certificate that was last listed before this time, and is not listed now, is `gone`. */
  readonly goneBefore: Date;
}

/** A certificate whose state changed. */
export interface CertificateChange {
  readonly id: string;
  readonly before: ProviderKeyState | null;
  readonly after: ProviderKeyState;
}

/**
 * Stores the certificates that a provider lists now, and returns what changed. A certificate that was `gone` waits for a person, who
 * may have removed it. The last trusted one that has not expired never goes.
 */
export async function recordListed(
  tx: Database,
  address: CertificateAddress,
  listed: readonly ListedCertificate[],
  { at, isPinned, goneBefore }: ListedAs,
): Promise<readonly CertificateChange[]> {
  const known = new Map(
    (await tx.select().from(keys).where(of(address)).orderBy(asc(keys.id)).for('update')).map((row) => [row.id, row]),
  );
  const changes: CertificateChange[] = [];
  for (const { id, pem, notAfter } of listed) {
    const before = known.get(id)?.state ?? null;
    if (before === null && known.size + changes.length >= KEPT_MAX) continue;
    const isNew = before === null || (before === 'waiting' && isPinned);
    const after = isNew ? (isPinned ? 'trusted' : 'waiting') : before === 'gone' ? 'waiting' : before;
    const row = { ...address, id, value: pem, state: after, notAfter, seenAt: at, createdAt: at };
    const target = [keys.organizationId, keys.providerId, keys.id];
    await tx
      .insert(keys)
      .values(row)
      .onConflictDoUpdate({ target, set: { state: after, seenAt: at } });
    if (after !== before) changes.push({ id, before, after });
  }
  const ids = new Set(listed.map(({ id }) => id));
  const isUsable = (id: string) => known.get(id)?.state === 'trusted' && (known.get(id)?.notAfter ?? at) > at;
  if (![...ids].some((id) => isUsable(id) || changes.some((one) => one.id === id && one.after === 'trusted'))) return changes;
  for (const { id, state, seenAt } of known.values()) {
    if (state !== 'trusted' || ids.has(id) || seenAt >= goneBefore) continue;
    await tx
      .update(keys)
      .set({ state: 'gone' })
      .where(and(of(address), eq(keys.id, id)));
    changes.push({ id, before: state, after: 'gone' });
  }
  return changes;
}

/** A SAML provider, for the job that reads its metadata. */
export interface SamlProvider extends CertificateAddress {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Returns SAML providers of every organization that is open, after an id, in order. Global: the job works for all. */
export async function samlProviders(db: Database, after: string, limit: number): Promise<readonly SamlProvider[]> {
  return db
    .select({
      organizationId: identityProviders.organizationId,
      providerId: identityProviders.id,
      name: identityProviders.name,
      config: identityProviders.config,
    })
    .from(identityProviders)
    .innerJoin(organizations, and(eq(organizations.id, identityProviders.organizationId), IS_OPEN))
    .where(and(eq(identityProviders.protocol, 'saml'), isNull(identityProviders.deletedAt), gt(identityProviders.id, after)))
    .orderBy(asc(identityProviders.id))
    .limit(limit);
}

/** A trusted certificate of an active provider that ends soon. */
export interface EndingCertificate extends CertificateAddress {
  readonly id: string;
  readonly notAfter: Date;
  readonly provider: string;
  readonly organization: string;
  /** True if a trusted certificate of the same provider is valid for longer. */
  readonly hasNext: boolean;
}

/** Returns the certificates that end after `at` and not after `until`, at most `limit`. Global: the job works for all. */
export async function endingCertificates(
  db: Database,
  { at, until, limit }: { readonly at: Date; readonly until: Date; readonly limit: number },
): Promise<readonly EndingCertificate[]> {
  const next = sql<boolean>`exists (select 1 from identity_provider_keys later where later.organization_id = ${keys.organizationId}
    and later.provider_id = ${keys.providerId} and later.state = 'trusted' and later.not_after > ${until})`;
  const rows = await db
    .select({
      ...{ organizationId: keys.organizationId, providerId: keys.providerId, id: keys.id, notAfter: keys.notAfter },
      ...{ provider: identityProviders.name, organization: organizations.name, hasNext: next },
    })
    .from(keys)
    .innerJoin(
      identityProviders,
      and(eq(identityProviders.organizationId, keys.organizationId), eq(identityProviders.id, keys.providerId)),
    )
    .innerJoin(organizations, and(eq(organizations.id, keys.organizationId), IS_OPEN))
    .where(
      and(
        ...[eq(keys.state, 'trusted'), gt(keys.notAfter, at), lte(keys.notAfter, until)],
        ...[eq(identityProviders.protocol, 'saml'), eq(identityProviders.state, 'active'), isNull(identityProviders.deletedAt)],
      ),
    )
    .orderBy(asc(keys.notAfter), asc(keys.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, notAfter: row.notAfter as Date }));
}

/** Deletes certificates that were not listed since, and no longer count. Returns their number. */
export async function forgetGone(db: Database, before: Date): Promise<number> {
  const gone = await db
    .delete(keys)
    .where(and(eq(keys.state, 'gone'), isNotNull(keys.notAfter), lt(keys.seenAt, before)))
    .returning({ id: keys.id });
  return gone.length;
}

/** Frees a name that `claimOnce` claimed, because what it stood for failed. */
export async function releaseClaim(db: Database, name: string): Promise<void> {
  await db.delete(verifications).where(eq(verifications.id, name));
}

function of({ organizationId, providerId }: CertificateAddress) {
  return and(eq(keys.organizationId, organizationId), eq(keys.providerId, providerId));
}
