/** Finds or makes the key of a trust rule for the values of a token, and gives it short secrets. */
import { createHash } from 'node:crypto';
import { KEYS_OF_RULE_MAX, SECRET_SECONDS } from '../../domain/identity/trust-words.ts';
import { newId } from '../../lib/id.ts';
import { hashedSecret, newKeySecret } from '../../lib/secrets.ts';
import { type AppendedEvent, appendAuditEvent, rememberAppended } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as workloadKeys from '../../store/workload/workload-keys.ts';
import type { RefusedToken, ResolvedToken, WorkloadParts } from './resolve-token.ts';

/** The request that a key was made for, for the audit log. */
export interface MadeFor {
  readonly ip: string | null;
  readonly requestId: string | null;
}

export type RuleKey = { readonly is: 'found'; readonly keyId: string };

/**
 * Returns the id of the key of a rule for a token, and makes the key at its first token. Calls `use` in the transaction in which
 * the rule is known to be as it was when it took the token: a change of rule or issuer waits for it, and then ends the secrets.
 */
export async function keyOfRule(
  token: ResolvedToken,
  parts: WorkloadParts,
  from: MadeFor,
  use: (tx: Database, keyId: string) => Promise<void>,
): Promise<RuleKey | RefusedToken> {
  const known = await parts.db.transaction(async (tx) => {
    if (!(await workloadKeys.lockAsRead(tx, { rule: token.rule, issuer: token.trust.issuer }, 'share'))) return CHANGED;
    const key = await workloadKeys.findKeyOf(tx, token.rule, hashOf(token));
    return key === null ? null : useKey(tx, token, key, use);
  });
  return known ?? makeKey(token, parts, from, use);
}

/** Makes a secret that is valid for 15 minutes, and adds it to a key. */
export async function addShortSecret(
  tx: Database,
  { organizationId, keyId }: { readonly organizationId: string; readonly keyId: string },
  { clock, pepper }: WorkloadParts,
): Promise<string> {
  const secret = newKeySecret();
  const at = new Date(clock.nowMs());
  const validUntil = new Date(at.getTime() + SECRET_SECONDS * 1_000);
  await keys.addSecret(tx, { organizationId, keyId, ...hashedSecret(pepper, secret), at, validUntil });
  await workloadKeys.noteExchange(tx, { organizationId, keyId }, at);
  return secret;
}

const CHANGED: RefusedToken = { is: 'refused', words: 'The trust rule was just changed. Try again.' };

async function makeKey(
  token: ResolvedToken,
  { db, clock, audit }: WorkloadParts,
  from: MadeFor,
  use: (tx: Database, keyId: string) => Promise<void>,
): Promise<RuleKey | RefusedToken> {
  const { rule, trust } = token;
  const appended: AppendedEvent[] = [];
  const made = await db.transaction(async (tx) => {
    // Everybody who makes a key of this rule waits here, so that there are never two for the same values.
    if (!(await workloadKeys.lockAsRead(tx, { rule, issuer: trust.issuer }, 'update'))) return CHANGED;
    const raced = await workloadKeys.findKeyOf(tx, rule, hashOf(token));
    if (raced !== null) return useKey(tx, token, raced, use);
    if ((await workloadKeys.countOf(tx, rule)) >= KEYS_OF_RULE_MAX)
      return { is: 'refused' as const, words: `The trust rule has ${KEYS_OF_RULE_MAX} keys already, the most that it may make.` };
    const now = new Date(clock.nowMs());
    const keyId = await insertKey(tx, token, now);
    appended.push(await appendAuditEvent(tx, audit, eventOf(token, keyId, from, now)));
    await use(tx, keyId);
    return { is: 'found' as const, keyId };
  });
  await rememberAppended(audit, appended);
  return made;
}

async function insertKey(tx: Database, token: ResolvedToken, now: Date): Promise<string> {
  const { rule, owner, values } = token;
  const { organizationId } = rule;
  const keyId = newId('key', now.getTime());
  await keys.insert(tx, {
    ...{ organizationId, id: keyId, teamId: rule.teamId, kind: 'workload', name: nameOf(token), ...owner },
    ...{ prefix: '', lastFour: '' },
    ...{ createdBy: rule.id, createdAt: now, updatedAt: now },
  });
  const newBudgetId = () => newId('bud', now.getTime());
  await workloadKeys.applyLimits(tx, organizationId, [keyId], rule, now);
  await workloadKeys.replaceBudgets(tx, organizationId, [keyId], rule.budgets, { at: now, newBudgetId });
  await workloadKeys.insert(tx, {
    ...{ organizationId, ruleId: rule.id, valuesHash: hashOf(token), values: [...values], keyId, createdAt: now },
  });
  return keyId;
}

async function useKey(
  tx: Database,
  { owner }: ResolvedToken,
  key: NonNullable<Awaited<ReturnType<typeof workloadKeys.findKeyOf>>>,
  use: (tx: Database, keyId: string) => Promise<void>,
): Promise<RuleKey | RefusedToken> {
  if (key.status === 'revoked') return { is: 'refused', words: 'The key of this workload was revoked.' };
  if (key.status === 'disabled') return { is: 'refused', words: 'The key of this workload is disabled.' };
  if (key.ownerServiceAccountId !== owner.ownerServiceAccountId || key.ownerMembershipId !== owner.ownerMembershipId)
    return { is: 'refused', words: 'The key of this workload was given to another owner.' };
  await use(tx, key.id);
  return { is: 'found', keyId: key.id };
}

/** Names the values of a token, and the member if members own the keys. Lengths are part of it: no two lists are alike. */
function hashOf({ values, owner }: ResolvedToken): string {
  return createHash('sha256')
    .update(JSON.stringify([owner.ownerMembershipId, ...values]))
    .digest('hex');
}

const NAME_CHARS_MAX = 200;

function nameOf({ rule, values }: ResolvedToken): string {
  const name = [rule.name, ...values].join(' · ');
  return [...name].slice(0, NAME_CHARS_MAX).join('').trim();
}

function eventOf({ rule, values, owner }: ResolvedToken, keyId: string, { ip, requestId }: MadeFor, at: Date) {
  return {
    ...{ organizationId: rule.organizationId, at, actorKind: 'trust_rule', actorId: rule.id, actorName: rule.name },
    ...{ action: 'key.create', objectType: 'key', objectId: keyId, objectName: rule.name },
    before: null,
    after: {
      ...{ kind: 'workload', team_id: rule.teamId, owner: owner.ownerMembershipId ?? owner.ownerServiceAccountId },
      values: Object.fromEntries(rule.keyBy.map((claim, index) => [claim, values[index] ?? null])),
    },
    ...{ reason: null, ip, requestId },
  };
}
