import { and, eq, gt, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { KeyConfig, KeyOwner } from '../../domain/tenancy/tenancy.ts';
import type { Database } from '../database.ts';
import { budgets, keySecrets, keys, memberships } from '../schema.ts';
import {
  accessChoiceFrom,
  type BudgetColumns,
  budgetFrom,
  labelLimitsFrom,
  modelLimitsFrom,
  rateLimitsFrom,
  tagPolicyFrom,
} from './policy-columns.ts';

/** A key that was found by one of its secrets. */
export interface FoundKey {
  readonly organizationId: string;
  readonly key: KeyConfig;
  /**
   * The time at which this rotated or short secret stops working: a cache must drop it then. A short one that has ended is found
   * for a day, so that its caller hears that it expired. Null for a secret that works until it is replaced.
   */
  readonly secretValidUntilMs: number | null;
}

/**
 * Finds a key by the hash of its secret (64 hex digits). Returns null if there is none or the overlap of a rotation has ended.
 * Also returns revoked and disabled keys: the caller decides on the answer. This lookup finds the tenant.
 */
export async function findKeyByHash(db: Database, hash: string): Promise<FoundKey | null> {
  const found = (await findKeysByHash(db, [hash])).get(hash) ?? null;
  return found?.secretValidUntilMs !== null && found !== null && found.secretValidUntilMs <= Date.now() ? null : found;
}

/**
 * Finds a few hundred keys, as findKeyByHash does, and also those of short secrets that ended within a day. Returns them by hash. Asks first whether any of the hashes exists: strangers can
 * ask for unknown keys by the thousand, and that question costs a fraction of the other.
 */
export async function findKeysByHash(db: Database, hashes: readonly string[]): Promise<ReadonlyMap<string, FoundKey>> {
  const asked = hashes.map((hash) => Buffer.from(hash, 'hex'));
  const existing = await db.execute(
    sql`select from ${keySecrets} where ${keySecrets.hash} = any(${sql.param(asked)}::bytea[]) limit 1`,
  );
  if (existing.rowCount === 0) return new Map();
  const rows = await db
    .select({ ...keyColumns(), hash: keySecrets.hash, validUntil: keySecrets.validUntil })
    .from(keySecrets)
    .innerJoin(keys, and(eq(keys.organizationId, keySecrets.organizationId), eq(keys.id, keySecrets.keyId)))
    .leftJoin(memberships, ownerCondition())
    // All of them once more: a secret may have moved from one hash to another since.
    .where(and(inArray(keySecrets.hash, asked), or(isNull(keySecrets.validUntil), gt(keySecrets.validUntil, knownSince()))));
  return new Map(
    rows.map((row) => {
      const { organizationId } = row.key;
      const found = { organizationId, key: keyFrom(row), secretValidUntilMs: row.validUntil?.getTime() ?? null };
      return [Buffer.from(row.hash).toString('hex'), found];
    }),
  );
}

/** Returns the time since which an ended secret must have ended to be found: now, or a day ago for a short secret. */
function knownSince(): SQL {
  return sql`case when ${keys.kind} = 'api' then now() else now() - interval '1 day' end`;
}

/** The ids that identify one key. */
export interface KeyAddress {
  readonly organizationId: string;
  readonly keyId: string;
}

/** Finds a key of an organization by its id. Returns null if there is none. */
export async function findKey(db: Database, address: KeyAddress): Promise<KeyConfig | null> {
  return (await findKeys(db, [address]))[0] ?? null;
}

/** Finds a few thousand keys in one query, as findKey does. Omits unknown ones. */
export async function findKeys(db: Database, addresses: readonly KeyAddress[]): Promise<readonly KeyConfig[]> {
  const organizationIds = sql.param(addresses.map((address) => address.organizationId));
  const keyIds = sql.param(addresses.map((address) => address.keyId));
  const wanted = sql`select * from unnest(${organizationIds}::text[], ${keyIds}::text[])`;
  const rows = await db
    .select(keyColumns())
    .from(keys)
    .leftJoin(memberships, ownerCondition())
    .where(sql`(${keys.organizationId}, ${keys.id}) in (${wanted})`);
  return rows.map(keyFrom);
}

interface Row {
  readonly key: typeof keys.$inferSelect;
  readonly accountId: string | null;
  readonly budgets: readonly BudgetColumns[];
}

function keyColumns() {
  return { key: keys, accountId: memberships.accountId, budgets: sql<readonly BudgetColumns[]>`${budgetsOfKey()}` };
}

/**
 * Returns a subquery of the budgets as one JSON value, so that a lookup is one round trip. Amounts are below 2^53, so they stay
 * exact.
 */
function budgetsOfKey(): SQL {
  const facts = sql`json_build_object('id', ${budgets.id}, 'amountNanoUsd', ${budgets.amountNanoUsd}, 'period', ${budgets.period},
    'matchTarget', ${budgets.matchTarget}, 'matchAccessGroup', ${budgets.matchAccessGroup}, 'thresholds', ${budgets.thresholds},
    'action', ${budgets.action}, 'clampOutput', ${budgets.clampOutput})`;
  return sql`(select coalesce(json_agg(${facts} order by ${budgets.position}, ${budgets.id}), '[]') from ${budgets}
    where ${budgets.organizationId} = ${keys.organizationId} and ${budgets.scope} = 'key' and ${budgets.scopeId} = ${keys.id}
    and ${budgets.deletedAt} is null)`;
}

function ownerCondition() {
  return and(eq(memberships.organizationId, keys.organizationId), eq(memberships.id, keys.ownerMembershipId));
}

function keyFrom({ key, accountId, budgets: budgetRows }: Row): KeyConfig {
  return Object.freeze({
    id: key.id,
    organizationId: key.organizationId,
    teamId: key.teamId,
    name: key.name,
    kind: key.kind,
    owner: ownerFrom(key, accountId),
    status: Object.freeze({ is: key.status }),
    expiresAtMs: key.expiresAt?.getTime() ?? null,
    rateLimits: rateLimitsFrom(key.rateLimits),
    modelLimits: modelLimitsFrom(key.modelLimits),
    labelLimits: labelLimitsFrom(key.labelLimits),
    budgets: Object.freeze(budgetRows.map(budgetFrom)),
    tags: tagPolicyFrom(key),
    callerTags: key.callerTags,
    requireEndUser: key.requireEndUser,
    access: accessChoiceFrom(key),
    version: key.version,
  });
}

/** Returns the owner of a key. A constraint ensures that there is exactly one. */
function ownerFrom(key: Row['key'], accountId: string | null): KeyOwner {
  return key.ownerMembershipId === null
    ? Object.freeze({ is: 'service_account', serviceAccountId: key.ownerServiceAccountId ?? '' })
    : Object.freeze({ is: 'member', memberId: key.ownerMembershipId, accountId: accountId ?? '' });
}
