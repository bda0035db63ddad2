import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import type { ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { PAGE_LIMIT_MAX } from '../../store/paging.ts';
import * as organizationList from '../../store/tenancy/organization-list.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { accessCatalogue } from '../access/access-fields.ts';
import { overLimit, removedLimit } from '../access/effect.ts';
import { limitsEffect, limitsRemoved } from '../access/effect-limits.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, changeOrRehearse, isUnchanged } from '../http/change.ts';
import { flag, id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { lacks, never, text } from '../http/schemas.ts';
import { budgetOut, budgets } from '../limits/budget-fields.ts';
import { rateLimits, rateLimitsOut } from '../limits/rate-limit-fields.ts';
import { statusFilter } from './organization-list.ts';
import { organizationFacts } from './organization-view.ts';
import { eventOf, lockLiving } from './organizations.ts';
import { loadPolicy, patchedPolicy, policyColumns, renderPolicy, storeBudgets } from './policy.ts';

/** Changes the limits of many organizations at once: all of them, or none. */

const chosen = z
  .array(z.strictObject({ id, version: z.int().min(1).optional() }))
  .min(1)
  .max(PAGE_LIMIT_MAX);
const body = z
  .strictObject({
    organizations: chosen.optional().meta({
      description: 'The organizations, at most 200. With `version`, the whole change is 412 if one was changed since.',
    }),
    filter: z
      .strictObject({ search: text(400).optional(), status: statusFilter })
      .optional()
      .meta({ description: 'All organizations that this search finds, as in `GET /organizations`. Returns 400 above 200.' }),
    rate_limits: rateLimits.nullish(),
    budgets: budgets.nullish().meta({
      description: 'Replaces all budgets of each organization. Items must have no `id`: it belongs to one organization.',
    }),
  })
  .refine(({ organizations, filter }) => (organizations === undefined) !== (filter === undefined), {
    message: 'must have either `organizations` or `filter`',
  })
  .refine(({ rate_limits, budgets }) => rate_limits !== undefined || budgets !== undefined, {
    message: 'must have `rate_limits` or `budgets`',
  })
  .refine(({ budgets }) => (budgets ?? []).every((item) => item.id === undefined), {
    path: ['budgets'],
    message: 'must have no ids: each budget becomes a new one of each organization',
  })
  .meta({
    ...never({ required: ['organizations', 'filter'] }, lacks('organizations', 'filter'), lacks('rate_limits', 'budgets'), {
      required: ['budgets'],
      properties: { budgets: { type: 'array', items: {}, contains: { required: ['id'] } } },
    }),
    'x-example': { organizations: [{ id: 'org_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f' }], rate_limits: { rpm: 600 } },
  });
type Body = z.output<typeof body>;

const limitsOut = z.object({ rate_limits: rateLimitsOut, budgets: z.array(budgetOut) });

const changedOut = z
  .object({
    id: z.string(),
    name: z.string(),
    is_changed: z.boolean(),
    version: z.int().meta({ description: 'The version after the change. In a dry run, the version before it.' }),
    before: limitsOut,
    after: limitsOut,
    keys_over_new_limit: z.array(overLimit).nullable().meta({
      description:
        'Of a dry run: who is over a new limit already, at most 20. Null if the caller lacks usage.read, and after a change.',
    }),
    limits_removed: z.array(removedLimit),
  })
  .meta({ id: 'BulkLimits' });

export const update = route({
  summary: 'Change the limits of many organizations',
  description:
    'Changes rate limits and budgets of up to 200 organizations in one transaction: all are changed or none. Absent rate limits stay, null ones are cleared. Each organization that changes gets an audit event. A dry run stores nothing and shows each change.',
  permission: 'organizations.cap',
  query: z.strictObject({ dry_run: flag.meta({ description: 'If true, stores nothing and returns what would change.' }) }),
  body,
  response: z.object({ data: z.array(changedOut), dry_run: z.boolean() }),
  load: load.everywhere,
  handle: async (call) => {
    const isDryRun = call.query.dry_run === true;
    const data = await changeOrRehearse(call, { isDryRun }, async (change) => {
      const wanted = await wantedOf(call, change);
      const catalogue = isDryRun ? await accessCatalogue(change.tx) : null;
      const rows: z.output<typeof changedOut>[] = [];
      // In one order, so that two changes at once wait for each other instead of both ending.
      for (const one of wanted.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
        rows.push(await changeOne(call, change, one, catalogue));
      return rows;
    });
    return { data: data.toSorted((a, b) => a.name.localeCompare(b.name)), dry_run: isDryRun };
  },
});

interface Wanted {
  readonly id: string;
  readonly version?: number | undefined;
}

/** Returns the organizations to change, each of which the caller may change. Throws 404 for one that they may not see. */
async function wantedOf(call: AdminCall<unknown, unknown, Body>, { tx }: Change): Promise<readonly Wanted[]> {
  const { organizations: given, filter } = call.body;
  if (given !== undefined) {
    const byId = new Map(given.map((one) => [one.id, one]));
    for (const one of byId.keys())
      if (!can(call.actor, 'organizations.cap', { organizationId: one })) throw notFound('organization');
    return [...byId.values()];
  }
  const reach = reachWithin(call.actor, 'organizations.cap', 'platform');
  const usageReach = reachWithin(call.actor, 'usage.read', 'platform');
  const status = filter?.status === 'all' ? undefined : filter?.status;
  const search = filter?.search?.trim() === '' ? undefined : filter?.search?.trim();
  const found = await organizationList.list(
    tx,
    { reach, usageReach, teamsReach: [], status, search },
    { sort: 'created_at', limit: PAGE_LIMIT_MAX },
  );
  if (found.nextCursor !== null)
    throw invalid('/filter', `finds ${found.total} organizations. At most ${PAGE_LIMIT_MAX} can be changed at once: narrow it`);
  return found.rows;
}

async function changeOne(
  call: AdminCall<unknown, unknown, Body>,
  change: Change,
  { id, version }: Wanted,
  catalogue: Awaited<ReturnType<typeof accessCatalogue>> | null,
): Promise<z.output<typeof changedOut>> {
  const { tx } = change;
  const row = await lockLiving(tx, id);
  if (version !== undefined && version !== row.version)
    throw new Problem(
      412,
      `"${row.name}" was changed after you read it and is now at version ${row.version}. Nothing was stored. Look at the preview again.`,
    );
  const stored = await loadPolicy(tx, 'organization', { ...row, organizationId: id });
  const policy = patchedPolicy(stored, { rate_limits: call.body.rate_limits, budgets: call.body.budgets });
  const isChanged = !isUnchanged(comparable(stored), comparable(policy));
  const updated = isChanged ? await store(call, change, row, { stored, policy }) : row;
  const of = { level: 'organization', organizationId: id, id } as const;
  const [before, after] = [
    { policy: stored, timeZone: row.timeZone },
    { policy, timeZone: row.timeZone },
  ];
  const seesUse = catalogue !== null && can(call.actor, 'usage.read', { organizationId: id });
  return {
    id,
    name: row.name,
    is_changed: isChanged,
    version: catalogue === null ? updated.version : row.version,
    before: limitsOf(stored),
    after: limitsOf(policy),
    keys_over_new_limit:
      seesUse && isChanged ? await limitsEffect(call, tx, of, { before, after, catalogue }) : seesUse ? [] : null,
    limits_removed: isChanged ? limitsRemoved(of, before, after, call.deps.clock.nowMs()) : [],
  };
}

async function store(
  call: AdminCall<unknown, unknown, Body>,
  { tx, now, record, touch }: Change,
  row: OrganizationRow,
  { stored, policy }: { readonly stored: ScopePolicy; readonly policy: ScopePolicy },
): Promise<OrganizationRow> {
  const updated = await organizations.update(tx, row.id, policyColumns(policy), now);
  const of = { organizationId: row.id, scope: 'organization', scopeId: row.id } as const;
  await storeBudgets(tx, of, policy, call.body, now);
  const [before, after] = [organizationFacts(row, stored), organizationFacts(updated, policy)];
  await record({ ...eventOf(updated), action: 'organization.update', before, after });
  touch({ organizationIds: [row.id] });
  return updated;
}

function limitsOf(policy: ScopePolicy) {
  const { rate_limits, budgets } = renderPolicy(policy);
  return { rate_limits, budgets };
}

/** The limits without the ids of budgets: a budget that is replaced by its like is no change. */
function comparable(policy: ScopePolicy) {
  const { rate_limits, budgets } = renderPolicy(policy);
  return { rate_limits, budgets: budgets.map((budget) => ({ ...budget, id: '' })) };
}
