/** The keys that trust rules made, their short secrets, and the owners that rules name. */
import { and, asc, count, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import {
  accounts,
  budgets,
  identityLinks,
  identityProviders,
  keySecrets,
  keys,
  memberships,
  serviceAccounts,
  teamMembers,
  teams,
  trustedIssuers,
  trustRules,
  workloadKeys,
} from '../schema.ts';
import type { IssuerRow, RuleRow } from './trust.ts';

export type WorkloadKeyRow = typeof workloadKeys.$inferSelect;
type KeyRow = typeof keys.$inferSelect;

/** The ids of one rule. */
export interface RuleId {
  readonly organizationId: string;
  readonly id: string;
}

/**
 * Locks a rule and its issuer against changes until the transaction ends. Returns false if either was changed since `rule` and
 * `issuer` were read. `update` also waits for others who lock the same rule.
 */
export async function lockAsRead(
  tx: Database,
  { rule, issuer }: { readonly rule: RuleRow; readonly issuer: IssuerRow },
  lock: 'share' | 'update',
): Promise<boolean> {
  const [issuerNow] = await tx
    .select({ version: trustedIssuers.version })
    .from(trustedIssuers)
    .where(and(eq(trustedIssuers.organizationId, issuer.organizationId), eq(trustedIssuers.id, issuer.id)))
    .for('share');
  const [ruleNow] = await tx
    .select({ version: trustRules.version })
    .from(trustRules)
    .where(and(eq(trustRules.organizationId, rule.organizationId), eq(trustRules.id, rule.id)))
    .for(lock);
  return issuerNow?.version === issuer.version && ruleNow?.version === rule.version;
}

/** Finds the key of a rule for these values. */
export async function findKeyOf(
  db: Database,
  { organizationId, id }: RuleId,
  valuesHash: string,
): Promise<Pick<KeyRow, 'id' | 'status' | 'ownerServiceAccountId' | 'ownerMembershipId'> | null> {
  const { status, ownerServiceAccountId, ownerMembershipId } = keys;
  const [row] = await db
    .select({ id: keys.id, status, ownerServiceAccountId, ownerMembershipId })
    .from(workloadKeys)
    .innerJoin(keys, and(eq(keys.organizationId, workloadKeys.organizationId), eq(keys.id, workloadKeys.keyId)))
    .where(
      and(eq(workloadKeys.organizationId, organizationId), eq(workloadKeys.ruleId, id), eq(workloadKeys.valuesHash, valuesHash)),
    );
  return row ?? null;
}

export async function countOf(db: Database, { organizationId, id }: RuleId): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(workloadKeys)
    .where(and(eq(workloadKeys.organizationId, organizationId), eq(workloadKeys.ruleId, id)));
  return row?.total ?? 0;
}

export async function insert(tx: Database, row: typeof workloadKeys.$inferInsert): Promise<void> {
  await tx.insert(workloadKeys).values(row);
}

/** Notes that a token was exchanged for a secret of this key. */
export async function noteExchange(
  tx: Database,
  { organizationId, keyId }: { readonly organizationId: string; readonly keyId: string },
  at: Date,
): Promise<void> {
  await tx
    .update(workloadKeys)
    .set({ lastExchangedAt: at })
    .where(and(eq(workloadKeys.organizationId, organizationId), eq(workloadKeys.keyId, keyId)));
}

/** A selection of rules: one, or all of an issuer. */
export interface RulesOf {
  readonly organizationId: string;
  readonly ruleId?: string;
  readonly issuerId?: string;
}

/** Returns the ids of the keys of these rules. */
export async function keyIdsOf(db: Database, { organizationId, ruleId, issuerId }: RulesOf): Promise<readonly string[]> {
  const rows = await db
    .select({ keyId: workloadKeys.keyId })
    .from(workloadKeys)
    .innerJoin(
      trustRules,
      and(eq(trustRules.organizationId, workloadKeys.organizationId), eq(trustRules.id, workloadKeys.ruleId)),
    )
    .where(
      and(
        eq(workloadKeys.organizationId, organizationId),
        ruleId === undefined ? undefined : eq(trustRules.id, ruleId),
        issuerId === undefined ? undefined : eq(trustRules.issuerId, issuerId),
      ),
    );
  return rows.map((row) => row.keyId);
}

/** Ends every secret of these keys at once. */
export async function endSecretsOf(tx: Database, organizationId: string, keyIds: readonly string[], at: Date): Promise<void> {
  if (keyIds.length === 0) return;
  await tx
    .update(keySecrets)
    .set({ validUntil: at })
    .where(
      and(
        eq(keySecrets.organizationId, organizationId),
        sql`${keySecrets.keyId} = any(${sql.param(keyIds)}::text[])`,
        or(isNull(keySecrets.validUntil), gt(keySecrets.validUntil, at)),
      ),
    );
}

/** Revokes these keys. */
export async function revoke(tx: Database, organizationId: string, keyIds: readonly string[], at: Date): Promise<void> {
  if (keyIds.length === 0) return;
  await tx
    .update(keys)
    .set({ status: 'revoked', revokedAt: at, updatedAt: at, version: sql`${keys.version} + 1` })
    .where(
      and(
        eq(keys.organizationId, organizationId),
        sql`${keys.id} = any(${sql.param(keyIds)}::text[])`,
        sql`${keys.status} <> 'revoked'`,
      ),
    );
}

/** The limits that a rule gives to its keys. */
type Limits = Pick<RuleRow, 'rateLimits' | 'accessMode' | 'accessTargets' | 'accessGroups'>;

/** Gives these keys the rate limits and the access of their rule. */
export async function applyLimits(
  tx: Database,
  organizationId: string,
  keyIds: readonly string[],
  { rateLimits, accessMode, accessTargets, accessGroups }: Limits,
  at: Date,
): Promise<void> {
  if (keyIds.length === 0) return;
  await tx
    .update(keys)
    .set({ rateLimits, accessMode, accessTargets, accessGroups, updatedAt: at, version: sql`${keys.version} + 1` })
    .where(and(eq(keys.organizationId, organizationId), sql`${keys.id} = any(${sql.param(keyIds)}::text[])`));
}

/**
 * Replaces the budgets of these keys by those of their rule. `newBudgetId` is called once for each budget of each key. Spend counts
 * on, but a new budget announces again which of its thresholds are passed: call it only if the budgets changed.
 */
export async function replaceBudgets(
  tx: Database,
  organizationId: string,
  keyIds: readonly string[],
  wanted: RuleRow['budgets'],
  { at, newBudgetId }: { readonly at: Date; readonly newBudgetId: () => string },
): Promise<void> {
  if (keyIds.length === 0) return;
  await tx
    .update(budgets)
    .set({ deletedAt: at })
    .where(
      and(
        eq(budgets.organizationId, organizationId),
        eq(budgets.scope, 'key'),
        sql`${budgets.scopeId} = any(${sql.param(keyIds)}::text[])`,
        isNull(budgets.deletedAt),
      ),
    );
  for (const [position, { id: _, thresholds, ...budget }] of wanted.entries())
    await tx.insert(budgets).values(
      keyIds.map((scopeId) => ({
        ...{ organizationId, scope: 'key' as const, scopeId, position, createdAt: at, changedAt: at },
        ...budget,
        id: newBudgetId(),
        thresholds: [...thresholds],
      })),
    );
}

/** A key of a rule, as its list shows it. */
export interface ListedWorkloadKey {
  readonly row: WorkloadKeyRow;
  readonly key: Pick<KeyRow, 'id' | 'name' | 'status' | 'lastUsedAt'>;
}

/** Lists the keys of a rule, oldest first. Throws InvalidCursor. */
export async function list(
  db: Database,
  { organizationId, id }: RuleId,
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Page<ListedWorkloadKey> & { readonly total: Total }> {
  const keyset: Keyset = { name: 'workload_keys', direction: 'asc', columns: [workloadKeys.keyId] };
  const limit = pageLimit(page.limit);
  const wanted = and(eq(workloadKeys.organizationId, organizationId), eq(workloadKeys.ruleId, id));
  const { name, status, lastUsedAt } = keys;
  const found = await db
    .select({ row: workloadKeys, key: { id: keys.id, name, status, lastUsedAt } })
    .from(workloadKeys)
    .innerJoin(keys, and(eq(keys.organizationId, workloadKeys.organizationId), eq(keys.id, workloadKeys.keyId)))
    .where(and(wanted, afterCursor(keyset, page.cursor)))
    .orderBy(orderOf(keyset))
    .limit(limit + 1);
  const total = await totalOf(db, db.select({ id: workloadKeys.keyId }).from(workloadKeys).where(wanted));
  return { ...pageOf(keyset, found, limit, ({ key }) => [key.id]), total };
}

/** Forgets that a rule made a key. The row of the key stays. Returns false if the rule made no such key. */
export async function forget(tx: Database, { organizationId, id }: RuleId, keyId: string): Promise<boolean> {
  const gone = await tx
    .delete(workloadKeys)
    .where(and(eq(workloadKeys.organizationId, organizationId), eq(workloadKeys.ruleId, id), eq(workloadKeys.keyId, keyId)))
    .returning({ keyId: workloadKeys.keyId });
  return gone.length > 0;
}

/** The owner of a rule's keys, as far as it is in force. */
export interface RuleOwner {
  readonly ownerMembershipId: string | null;
  readonly ownerServiceAccountId: string | null;
}

/** Returns the service account of a rule, if it and its team are active, else null. */
export async function serviceAccountOf(db: Database, rule: RuleRow): Promise<RuleOwner | null> {
  const [row] = await db
    .select({ id: serviceAccounts.id })
    .from(serviceAccounts)
    .innerJoin(teams, and(eq(teams.organizationId, serviceAccounts.organizationId), eq(teams.id, serviceAccounts.teamId)))
    .where(
      and(
        eq(serviceAccounts.organizationId, rule.organizationId),
        eq(serviceAccounts.id, rule.serviceAccountId ?? ''),
        eq(serviceAccounts.teamId, rule.teamId),
        ...[eq(serviceAccounts.status, 'active'), isNull(serviceAccounts.deletedAt)],
        ...[eq(teams.status, 'active'), isNull(teams.deletedAt)],
      ),
    );
  return row === undefined ? null : { ownerMembershipId: null, ownerServiceAccountId: row.id };
}

/**
 * Returns the member who is linked to a subject at the rule's identity provider, if they are active and in its team, else null.
 * The identity provider must be active and have exactly this issuer: `sub` is unique only there.
 */
export async function memberOf(
  db: Database,
  rule: RuleRow,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<RuleOwner | null> {
  const { organizationId } = rule;
  const [row] = await db
    .select({ id: memberships.id })
    .from(identityLinks)
    .innerJoin(
      identityProviders,
      and(eq(identityProviders.organizationId, identityLinks.organizationId), eq(identityProviders.id, identityLinks.providerId)),
    )
    .innerJoin(
      memberships,
      and(eq(memberships.organizationId, identityLinks.organizationId), eq(memberships.accountId, identityLinks.accountId)),
    )
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .innerJoin(
      teamMembers,
      and(eq(teamMembers.organizationId, memberships.organizationId), eq(teamMembers.membershipId, memberships.id)),
    )
    .innerJoin(teams, and(eq(teams.organizationId, teamMembers.organizationId), eq(teams.id, teamMembers.teamId)))
    .where(
      and(
        eq(identityLinks.organizationId, organizationId),
        eq(identityLinks.providerId, rule.linkProviderId ?? ''),
        eq(identityLinks.subject, subject),
        ...[eq(identityProviders.protocol, 'oidc'), eq(identityProviders.state, 'active'), isNull(identityProviders.deletedAt)],
        sql`${identityProviders.config} ->> 'issuer' = ${issuer}`,
        ...[eq(memberships.status, 'active'), eq(accounts.status, 'active')],
        ...[eq(teams.id, rule.teamId), eq(teams.status, 'active'), isNull(teams.deletedAt)],
      ),
    )
    .orderBy(asc(memberships.id))
    .limit(1);
  return row === undefined ? null : { ownerMembershipId: row.id, ownerServiceAccountId: null };
}
