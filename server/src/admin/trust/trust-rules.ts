import { z } from 'zod';
import { RULES_MAX } from '../../domain/identity/trust-words.ts';
import { newId } from '../../lib/id.ts';
import {
  accessChoiceFrom,
  accessChoiceToColumns,
  budgetFrom,
  budgetToColumns,
} from '../../store/configuration/policy-columns.ts';
import * as identityProviders from '../../store/identity/identity-providers.ts';
import * as teams from '../../store/tenancy/teams.ts';
import * as rules from '../../store/workload/rules.ts';
import type { RuleRow } from '../../store/workload/trust.ts';
import * as workloadKeys from '../../store/workload/workload-keys.ts';
import {
  accessCatalogue,
  choice,
  choiceOut,
  INHERITED,
  patchedChoice,
  renderChoice,
  requireWithinParent,
} from '../access/access-fields.ts';
import { levelsAbove } from '../access/parent-access.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, instantOut, isoOf, isoOrNull, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { NO_POLICY, patchedPolicy, policyColumns, policyFields, policyOut, renderPolicy } from '../organizations/policy.ts';
import { defaultServiceAccount, serviceAccountIn } from '../people/reassign.ts';
import { conditions, conditionsOut, keyBy, status } from './trust-fields.ts';
import { endSecrets, revokeKeys } from './trusted-issuers.ts';

/** The rules by which tokens of trusted issuers get keys. */

const ruleParams = z.object({ id, rule_id: id });
const limitFields = {
  rate_limits: policyFields.rate_limits,
  budgets: policyFields.budgets,
  asset_access: choice.nullish(),
};
const once = z.boolean().meta({ description: 'If true, each token can be exchanged once only, by its claim `jti`.' });
const createBody = z.strictObject({
  name,
  issuer_id: id,
  conditions,
  key_by: keyBy.optional(),
  once: once.optional(),
  team_id: id.meta({ description: 'The team of the keys.' }),
  service_account_id: id.nullish().meta({ description: 'The service account of the team that owns the keys.' }),
  identity_provider_id: id.nullish().meta({
    description:
      'Instead of a service account: the member who is linked to the claim `sub` at this identity provider owns the key. The identity provider must use OpenID Connect and have exactly the same issuer.',
  }),
  ...limitFields,
});
const patchBody = z.strictObject({
  name: name.optional(),
  conditions: conditions.optional(),
  key_by: keyBy.optional(),
  once: once.optional(),
  status: status.optional(),
  ...limitFields,
});
type PatchBody = z.output<typeof patchBody>;

const ruleOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    issuer_id: z.string(),
    name: z.string(),
    status,
    conditions: conditionsOut,
    key_by: z.array(z.string()),
    once: z.boolean(),
    team_id: z.string(),
    service_account_id: z.string().nullable(),
    identity_provider_id: z.string().nullable(),
    rate_limits: policyOut.rate_limits,
    budgets: policyOut.budgets,
    asset_access: choiceOut,
    version: z.int(),
    created_at: instantOut,
    created_by: z.string(),
    updated_at: instantOut,
  })
  .meta({ id: 'TrustRule', description: 'A rule by which tokens of a trusted issuer get keys.' });

export const list = route({
  summary: 'List trust rules',
  description: 'Returns the rules of the organization. A token gets the key of the oldest active rule that takes it.',
  permission: 'trust.manage',
  params: idParams,
  query: z.strictObject({ ...listQuery, issuer_id: id.optional() }),
  response: pageOut(ruleOut),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const of = { organizationId, issuerId: call.query.issuer_id };
    const listed = await rules.listRules(call.deps.db, of, searchOf(call.query), pageRequest(call.query));
    return renderPage(listed, listed.rows.map(view));
  },
});

export const read = route({
  summary: 'Get a trust rule',
  description: 'Returns the rule with its conditions and the limits of its keys.',
  permission: 'trust.manage',
  params: ruleParams,
  response: ruleOut,
  load: loadRule,
  handle: async (_, row) => view(row),
});

export const create = route({
  summary: 'Create a trust rule',
  description:
    'Without an owner, the keys belong to the team’s default service account. Issuer, team and owner cannot be changed afterwards.',
  permission: 'trust.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: ruleOut,
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const { body } = call;
    const access = patchedChoice(INHERITED, body.asset_access);
    const catalogue = await accessCatalogue(call.deps.db);
    return change(call, async (made) => {
      const { tx, now, record, touch } = made;
      if ((await rules.countRules(tx, organizationId)) >= RULES_MAX)
        throw conflict(`The organization has ${RULES_MAX} trust rules already, the most allowed. Delete one first.`);
      const owner = await requireOwner(call, made, organizationId);
      requireWithinParent(await levelsAbove(tx, { organizationId, teamId: body.team_id, membershipId: null }), access, catalogue);
      const row = await rules.insertRule(tx, {
        ...{ organizationId, id: newId('trust', now.getTime()), issuerId: body.issuer_id, name: body.name },
        ...{ conditions: body.conditions, keyBy: [...new Set(body.key_by ?? [])], isOnce: body.once ?? false },
        ...{ teamId: body.team_id, ...owner, ...limitColumns(patchedPolicy(NO_POLICY, body)) },
        ...accessChoiceToColumns(access),
        ...{ createdBy: call.actor.id, createdAt: now, updatedAt: now },
      });
      await record({ ...eventOf(row), action: 'trust_rule.create', before: null, after: facts(row) });
      touch({ organizationIds: [organizationId] });
      return view(row);
    });
  },
});

export const update = route({
  summary: 'Change a trust rule',
  description:
    'Absent fields keep their value. New limits apply to all keys of the rule at once. A change of the status, of the conditions, of `key_by` or of `once` ends the secrets of its keys at once; workloads get others by exchanging a token again.',
  permission: 'trust.manage',
  takesIfMatch: true,
  params: ruleParams,
  body: patchBody,
  response: ruleOut,
  load: loadRule,
  handle: async (call, row) => {
    const catalogue = await accessCatalogue(call.deps.db);
    return view(await change(call, (made) => applyPatch(call, made, row, catalogue)));
  },
});

export const remove = route({
  summary: 'Delete a trust rule',
  description: 'Revokes the keys that it made.',
  permission: 'trust.manage',
  takesIfMatch: true,
  params: ruleParams,
  status: 204,
  response: z.void(),
  load: loadRule,
  handle: async (call, { organizationId, id }) => {
    await change(call, async ({ tx, now, record, touch }) => {
      const row = await lockOne(tx, { organizationId, id });
      requireVersion(call, row.version);
      const keyIds = await workloadKeys.keyIdsOf(tx, { organizationId, ruleId: id });
      await revokeKeys({ tx, now, touch }, organizationId, keyIds);
      await rules.removeRule(tx, row);
      const before = { ...facts(row), keys_revoked: [...keyIds] };
      await record({ ...eventOf(row), action: 'trust_rule.delete', before, after: null });
    });
    return undefined;
  },
});

export const listKeys = route({
  summary: 'List the keys of a trust rule',
  description: 'Returns the keys that the rule made, oldest first, each with the values of the claims of `key_by`.',
  permission: 'trust.manage',
  params: ruleParams,
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor }),
  response: pageOut(
    z.object({
      key_id: z.string(),
      name: z.string(),
      status: z.enum(['active', 'disabled', 'revoked']),
      values: z.array(z.string()),
      created_at: instantOut,
      last_exchanged_at: instantOut.nullable(),
      last_used_at: instantOut.nullable(),
    }),
  ),
  load: loadRule,
  handle: async (call, rule) => {
    const listed = await workloadKeys.list(call.deps.db, rule, call.query);
    return renderPage(
      listed,
      listed.rows.map(({ row, key }) => ({
        ...{ key_id: key.id, name: key.name, status: key.status, values: [...row.values] },
        created_at: isoOf(row.createdAt),
        last_exchanged_at: isoOrNull(row.lastExchangedAt),
        last_used_at: isoOrNull(key.lastUsedAt),
      })),
    );
  },
});

export const forgetKey = route({
  summary: 'Forget a key of a trust rule',
  description:
    'Revokes the key, if the rule made it. The next token with the same values gets a new one. To keep a workload out, disable or revoke its key and do not forget it.',
  permission: 'trust.manage',
  params: z.object({ ...ruleParams.shape, key_id: id }),
  status: 204,
  response: z.void(),
  load: loadRule,
  handle: async (call, { organizationId, id }) => {
    await change(call, async ({ tx, now, record, touch }) => {
      const rule = await lockOne(tx, { organizationId, id });
      if (!(await workloadKeys.forget(tx, rule, call.params.key_id))) return;
      await revokeKeys({ tx, now, touch }, organizationId, [call.params.key_id]);
      await record({ ...eventOf(rule), action: 'trust_rule.forget_key', before: { key_id: call.params.key_id }, after: null });
    });
    return undefined;
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record, touch }: Change,
  { organizationId, id }: RuleRow,
  catalogue: Awaited<ReturnType<typeof accessCatalogue>>,
): Promise<RuleRow> {
  const { body } = call;
  const row = await lockOne(tx, { organizationId, id });
  requireVersion(call, row.version);
  const access = patchedChoice(accessChoiceFrom(row), body.asset_access);
  const above = await levelsAbove(tx, { organizationId, teamId: row.teamId, membershipId: null });
  requireWithinParent(above, access, catalogue, accessChoiceFrom(row));
  const columns = {
    ...{ name: body.name ?? row.name, status: body.status ?? row.status, isOnce: body.once ?? row.isOnce },
    ...{
      conditions: body.conditions ?? row.conditions,
      keyBy: body.key_by === undefined ? row.keyBy : [...new Set(body.key_by)],
    },
    ...limitColumns(patchedPolicy(policyFrom(row), body)),
    ...accessChoiceToColumns(access),
  };
  const after = { ...row, ...columns };
  if (isUnchanged(facts(row), facts(after))) return row;
  const updated = await rules.updateRule(tx, row, columns, now);
  await record({ ...eventOf(updated), action: 'trust_rule.update', before: facts(row), after: facts(updated) });
  touch({ organizationIds: [organizationId] });
  const [hadLimits, hasLimits] = [limitFacts(row), limitFacts(updated)];
  if (!isUnchanged(hadLimits, hasLimits)) {
    const keyIds = await workloadKeys.keyIdsOf(tx, { organizationId, ruleId: id });
    await workloadKeys.applyLimits(tx, organizationId, keyIds, updated, now);
    const newBudgetId = () => newId('bud', now.getTime());
    if (!isUnchanged(hadLimits.budgets, hasLimits.budgets))
      await workloadKeys.replaceBudgets(tx, organizationId, keyIds, updated.budgets, { at: now, newBudgetId });
    touch({ organizationIds: [organizationId], keyIds });
  }
  if (!isUnchanged(takingFacts(row), takingFacts(updated))) await endSecrets({ tx, now, touch }, { organizationId, ruleId: id });
  return updated;
}

/** Returns the owner that a body names. Throws 400 for an issuer, team or owner that does not exist or does not fit. */
async function requireOwner(
  { body }: AdminCall<unknown, unknown, z.output<typeof createBody>>,
  made: Change,
  organizationId: string,
): Promise<Pick<RuleRow, 'serviceAccountId' | 'linkProviderId'>> {
  const { tx } = made;
  const { issuer_id, team_id: teamId, service_account_id: service = null, identity_provider_id: provider = null } = body;
  const issuer = await rules.lockIssuer(tx, { organizationId, id: issuer_id });
  if (issuer === null) throw invalid('/issuer_id', 'must be a trusted issuer of this organization');
  if ((await teams.lock(tx, { organizationId, id: teamId })) === null)
    throw invalid('/team_id', 'must be a team of this organization');
  if (service !== null && provider !== null)
    throw invalid('/service_account_id', 'must be absent if `identity_provider_id` is set: keys have one owner');
  if (service === null && provider === null)
    return { serviceAccountId: await defaultServiceAccount(made, { organizationId, teamId }), linkProviderId: null };
  if (service !== null) {
    if ((await serviceAccountIn(tx, { organizationId, teamId }, service)) === null)
      throw invalid('/service_account_id', 'must be an active service account of the team');
    return { serviceAccountId: service, linkProviderId: null };
  }
  const found = await identityProviders.find(tx, { organizationId, id: provider ?? '' });
  if (found === null || found.deletedAt !== null || found.protocol !== 'oidc')
    throw invalid('/identity_provider_id', 'must be an identity provider of this organization that uses OpenID Connect');
  if (found.config.issuer !== issuer.issuer)
    throw invalid(
      '/identity_provider_id',
      `has the issuer ${String(found.config.issuer)}, and the trusted issuer is ${issuer.issuer}`,
    );
  return { serviceAccountId: null, linkProviderId: provider };
}

function limitColumns(policy: ReturnType<typeof patchedPolicy>) {
  return { rateLimits: policyColumns(policy).rateLimits, budgets: policy.budgets.map(budgetToColumns) };
}

function policyFrom(row: RuleRow) {
  return { ...NO_POLICY, rateLimits: row.rateLimits, budgets: row.budgets.map(budgetFrom) };
}

async function loadRule(
  call: AdminCall<{ readonly id: string; readonly rule_id: string }, unknown, unknown>,
): Promise<Loaded<RuleRow>> {
  const { id: organizationId } = await load.findOrganization(call, call.params.id);
  const row = await rules.findRule(call.deps.db, { organizationId, id: call.params.rule_id });
  if (row === null) throw notFound('trust rule');
  return { place: { organizationId }, object: row };
}

async function lockOne(tx: Change['tx'], rule: rules.TrustId): Promise<RuleRow> {
  const row = await rules.lockRule(tx, rule);
  if (row === null) throw notFound('trust rule');
  return row;
}

function view(row: RuleRow): z.output<typeof ruleOut> {
  return {
    id: row.id,
    organization_id: row.organizationId,
    ...facts(row),
    version: row.version,
    created_at: isoOf(row.createdAt),
    created_by: row.createdBy,
    updated_at: isoOf(row.updatedAt),
  };
}

function facts(row: RuleRow) {
  return {
    issuer_id: row.issuerId,
    name: row.name,
    ...takingFacts(row),
    team_id: row.teamId,
    service_account_id: row.serviceAccountId,
    identity_provider_id: row.linkProviderId,
    ...limitFacts(row),
  };
}

/** The facts that decide which tokens the rule takes, and which key each gets. */
function takingFacts({ status, conditions, keyBy, isOnce }: RuleRow) {
  return {
    status,
    conditions: conditions.map((condition) => ({ ...condition, values: [...condition.values] })),
    key_by: [...keyBy],
    once: isOnce,
  };
}

/** The facts that the keys of the rule have as well. */
function limitFacts(row: RuleRow) {
  const { rate_limits, budgets } = renderPolicy(policyFrom(row));
  return { rate_limits, budgets, asset_access: renderChoice(accessChoiceFrom(row)) };
}

function eventOf({ organizationId, id, name }: RuleRow) {
  return { organizationId, objectType: 'trust_rule', objectId: id, objectName: name };
}
