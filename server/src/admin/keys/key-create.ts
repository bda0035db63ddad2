import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import type { ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { newId } from '../../lib/id.ts';
import { accessChoiceToColumns } from '../../store/configuration/policy-columns.ts';
import type { KeyRow } from '../../store/tenancy/keys.ts';
import * as keys from '../../store/tenancy/keys.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { accessCatalogue, choice, INHERITED, patchedChoice, requireWithinParent } from '../access/access-fields.ts';
import { levelsAbove } from '../access/parent-access.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { id, instant, mergedMetadata, metadata, name } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { requireLabels } from '../limits/label-rules.ts';
import { callerTags, NO_TAGS, patchedTags, tagFields } from '../limits/tag-fields.ts';
import { endedUseOfCaller } from '../logins/ended-use.ts';
import { NO_POLICY, patchedPolicy, policyColumns, policyFields, storeBudgets } from '../organizations/policy.ts';
import { defaultServiceAccount, memberIn, type OwnerColumns, serviceAccountIn } from '../people/reassign.ts';
import { type EndedUse, NONE_ENDED, type OwnKey, requireSelfService } from '../teams/self-service-keys.ts';
import { type NewSecret, newSecretOfKey } from './key-secret.ts';
import { keyFacts, keyFields, viewKey } from './key-view.ts';

/** The owner of a key: a person in the team, or one of the team's service accounts. */
export const owner = z.union([z.strictObject({ account_id: id }), z.strictObject({ service_account_id: id })]);

export const keySettings = {
  ...policyFields,
  ...tagFields,
  caller_tags: callerTags.optional(),
  asset_access: choice.nullish(),
  expires_at: instant.nullish(),
  metadata: metadata.nullish(),
};
const createBody = z.strictObject({ team_id: id, name, owner: owner.optional(), ...keySettings });
type CreateBody = z.output<typeof createBody>;

/** Touches no configuration: a new key is in no cache before its first use. */
export const create = route({
  summary: 'Create a key',
  description: 'The secret is only in this answer. Without an owner, the key belongs to the team’s default service account.',
  permission: ['keys.manage', 'keys.manage_own'],
  body: createBody,
  status: 201,
  response: z
    .object({ ...keyFields, secret: z.string().meta({ description: 'The secret. Shown once.' }) })
    .meta({ id: 'NewKey' }),
  load: loadTeamOfBody,
  handle: async (call, team) => {
    const expiresAt = futureInstant(call, call.body.expires_at ?? null);
    const catalogue = await accessCatalogue(call.deps.db);
    const secret = newSecretOfKey(call.deps);
    const ended = isManager(call, team) ? NONE_ENDED : await endedUseOfCaller(call, team);
    const created = await change(call, async (change) => {
      const locked = await teams.lock(change.tx, team);
      if (locked === null) throw notFound('team');
      const place = { organizationId: locked.organizationId, teamId: locked.id };
      const owner = await ownerOf(change, locked, call.body.owner);
      const access = patchedChoice(INHERITED, call.body.asset_access);
      requireWithinParent(await levelsAbove(change.tx, { ...place, membershipId: owner.ownerMembershipId }), access, catalogue);
      const policy = patchedPolicy(NO_POLICY, call.body);
      await requireMayCreate(call, change, locked, { ...owner, expiresAt, budgets: policy.budgets, ended });
      return insertKey(call, change, { ...place, ...owner, ...accessChoiceToColumns(access), expiresAt, policy, secret });
    });
    return { ...(await viewKey(call, created)), secret: secret.secret };
  },
});

type NewKey = OwnerColumns &
  ReturnType<typeof accessChoiceToColumns> & {
    readonly organizationId: string;
    readonly teamId: string;
    readonly expiresAt: Date | null;
    readonly policy: ScopePolicy;
    readonly secret: NewSecret;
  };

async function insertKey(
  call: AdminCall<unknown, unknown, CreateBody>,
  { tx, now, record }: Change,
  { policy, secret, ...columns }: NewKey,
): Promise<KeyRow> {
  const { organizationId } = columns;
  const row = await keys.insert(tx, {
    ...columns,
    id: newId('key', now.getTime()),
    name: call.body.name,
    prefix: secret.prefix,
    lastFour: secret.lastFour,
    ...policyColumns(policy),
    ...patchedTags(NO_TAGS, call.body),
    callerTags: call.body.caller_tags ?? 'route',
    metadata: mergedMetadata({}, call.body.metadata),
    createdBy: call.actor.id,
    createdAt: now,
    updatedAt: now,
  });
  await keys.addSecret(tx, { organizationId, keyId: row.id, hash: secret.hash, pepper: secret.pepper, at: now });
  await requireLabels(tx, 'key', organizationId, row, call.body);
  await storeBudgets(tx, { organizationId, scope: 'key', scopeId: row.id }, policy, call.body, now);
  const after = { ...keyFacts(row, policy), owner: row.ownerMembershipId ?? row.ownerServiceAccountId };
  await record({ ...eventOf(row), action: 'key.create', before: null, after });
  return row;
}

/**
 * Returns the owner that a body names, or the team's default service account. Throws 400 for an owner who is not active in the
 * team.
 */
export async function ownerOf(change: Change, team: TeamRow, wanted: z.output<typeof owner> | undefined): Promise<OwnerColumns> {
  const of = { organizationId: team.organizationId, teamId: team.id };
  if (wanted === undefined) {
    return { ownerMembershipId: null, ownerServiceAccountId: await defaultServiceAccount(change, of) };
  }
  if ('account_id' in wanted) {
    const columns = await memberIn(change.tx, of, wanted.account_id);
    if (columns === null) throw invalid('/owner/account_id', 'must be an active member of this team');
    return columns;
  }
  const columns = await serviceAccountIn(change.tx, of, wanted.service_account_id);
  if (columns === null) throw invalid('/owner/service_account_id', 'must be an active service account of this team');
  return columns;
}

/** Parses an instant. Throws 400 if it has passed: such a key could never be used. */
export function futureInstant(call: AdminCall<unknown, unknown, unknown>, text: string | null): Date | null {
  if (text === null) return null;
  const instant = new Date(text);
  if (instant.getTime() <= call.deps.clock.nowMs()) throw invalid('/expires_at', 'must be in the future');
  return instant;
}

/** Returns the fields that identify a key in an audit event. */
export function eventOf(row: KeyRow) {
  return { organizationId: row.organizationId, objectType: 'key', objectId: row.id, objectName: row.name };
}

async function loadTeamOfBody(call: AdminCall<unknown, unknown, CreateBody>): Promise<Loaded<TeamRow>> {
  const team = await load.findTeam(call, call.body.team_id);
  const { owner } = call.body;
  const ownerAccountId = owner !== undefined && 'account_id' in owner ? owner.account_id : null;
  return { place: { organizationId: team.organizationId, teamId: team.id, ownerAccountId }, object: team };
}

/** Throws if a caller who may only make keys of their own breaks the team's self-service policy. */
async function requireMayCreate(
  call: AdminCall<unknown, unknown, CreateBody>,
  { tx, now }: Change,
  team: TeamRow,
  key: OwnerColumns & Pick<OwnKey, 'expiresAt' | 'budgets'> & { readonly ended: EndedUse },
): Promise<void> {
  if (isManager(call, team)) return;
  await requireSelfService(tx, team, { ...key, kind: 'key', membershipId: key.ownerMembershipId ?? '' }, now, key.ended);
}

function isManager({ actor }: AdminCall<unknown, unknown, unknown>, { organizationId, id: teamId }: TeamRow): boolean {
  return can(actor, 'keys.manage', { organizationId, teamId });
}
