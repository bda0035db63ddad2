import { z } from 'zod';
import { type AccessExplanation, type AccessLevels, type AccessStep, explainTarget } from '../../domain/access/access.ts';
import { stepBody } from '../../domain/decision/decision-view.ts';
import type { CallableTarget, Catalogue } from '../../domain/routing/catalogue.ts';
import { can } from '../../domain/tenancy/permission.ts';
import * as reaching from '../../store/access/access-reaching.ts';
import { accessChoiceFrom, organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { organizationOf } from '../../store/tenancy/tenant-objects.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { id } from '../http/fields.ts';
import { listQuery } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { accessCatalogue } from './access-fields.ts';
import { targetType } from './target-view.ts';

/** Explains access: which targets a key can call and through which grant, and who can or cannot call a target and why. */

const level = z.enum(['organization', 'team', 'user', 'key']);
const LEVELS = ['organizations', 'teams', 'members', 'keys'] as const;

const query = z.strictObject({
  key_id: id.optional(),
  target: text(200, 1).optional(),
  organization_id: id.optional(),
  who: z.enum(['can', 'cannot']).optional().meta({
    description:
      'With `target`: `can` (the default) lists who can call it; `cannot` lists who cannot, each with the level that removes it. Only platform callers see those that the organization level removes.',
  }),
  level: z.enum(LEVELS).optional().meta({ description: 'With `target`: the one list to return. Required with `cursor`.' }),
  limit: listQuery.limit,
  cursor: listQuery.cursor,
});
type Query = z.output<typeof query>;

const stepOut = z.object({ level, through: z.string().nullable(), access_group: z.string().nullable() });
const grantOut = z.object({ level, through: z.string(), access_group: z.string().nullable() });

const keyOut = z
  .object({
    key_id: z.string(),
    organization_id: z.string(),
    team_id: z.string(),
    member_id: z.string().nullable(),
    data: z.array(
      z.object({
        target: z.string(),
        type: targetType.nullable(),
        allowed: z.boolean(),
        verdict: z.enum(['allowed', 'removed', 'not_found']),
        grant: grantOut
          .nullable()
          .meta({ description: 'The nearest level with a choice of its own, and how that choice gives the target.' }),
        removed_by: level.nullable(),
        steps: z.array(stepOut),
      }),
    ),
  })
  .meta({ id: 'KeyAccess' });

const reachingOut = z.object({
  id: z.string(),
  name: z.string(),
  organization_id: z.string(),
  status: z.string(),
  grant: grantOut.nullable(),
  removed_by: level.nullable().meta({ description: 'The level that removes the target. Set if it cannot be called.' }),
});
const targetAccessOut = z
  .object({
    target: z.string(),
    type: targetType.nullable(),
    access_groups: z.array(z.string()),
    organizations: z.array(reachingOut),
    teams: z.array(reachingOut),
    members: z.array(reachingOut),
    keys: z.array(reachingOut),
    next_cursors: z.object({
      organizations: z.string().nullable(),
      teams: z.string().nullable(),
      members: z.string().nullable(),
      keys: z.string().nullable(),
    }),
  })
  .meta({ id: 'TargetAccess' });

/** A key with the access of every level above it. */
interface ExplainedKey {
  readonly id: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly memberId: string | null;
  readonly levels: AccessLevels;
}

export const explain = route({
  summary: 'Explain access',
  description:
    'With `key_id`: returns each target granted to the key’s organization, with the grant that gives it to the key or the level that removes it; add `target` for one target. With `target` alone: returns who can call it, or who cannot with `who=cannot`, as far as the caller may see. Use `level` and `cursor` to page through one list.',
  permission: 'teams.read',
  query,
  response: z.union([keyOut, targetAccessOut]),
  load: loadAsked,
  handle: async (call, key) => {
    const catalogue = await accessCatalogue(call.deps.db);
    return key === null ? explainTargetFor(call, catalogue) : explainKey(call, key, catalogue);
  },
});

async function loadAsked(call: AdminCall<unknown, Query, unknown>): Promise<Loaded<ExplainedKey | null>> {
  const { key_id: keyId, target } = call.query;
  if (keyId === undefined && target === undefined) throw invalid('?key_id', 'is required unless `target` is given');
  if (keyId === undefined) return load.anywhere(call);
  for (const filter of ['organization_id', 'who', 'level', 'limit', 'cursor'] as const) {
    if (call.query[filter] !== undefined) throw invalid(`?${filter}`, 'is only for a query with `target` and without `key_id`');
  }
  const organizationId = await organizationOf(call.deps.db, keyId);
  const row = organizationId === null ? null : await keys.find(call.deps.db, { organizationId, id: keyId });
  if (row === null || organizationId === null) throw notFound('key');
  const organization = await load.findOrganization(call, organizationId);
  const team = await teams.find(call.deps.db, { organizationId, id: row.teamId });
  const memberId = row.ownerMembershipId;
  const member = memberId === null ? null : await memberships.find(call.deps.db, { organizationId, id: memberId });
  const object = {
    id: row.id,
    organizationId,
    teamId: row.teamId,
    memberId,
    levels: {
      organization: organizationAccessFrom(organization),
      team: team === null ? null : accessChoiceFrom(team),
      user: member === null ? null : accessChoiceFrom(member),
      key: accessChoiceFrom(row),
    },
  };
  return { place: { organizationId, teamId: row.teamId, ownerAccountId: member?.accountId ?? null }, object };
}

function explainKey(call: AdminCall<unknown, Query>, key: ExplainedKey, catalogue: Catalogue): z.output<typeof keyOut> {
  const names = call.query.target === undefined ? [...catalogue.targets.keys()].sort() : [call.query.target];
  const explained = names.map((name) => explainTarget(key.levels, name, catalogue));
  // Leaves out targets that the organization is not granted. If the query names one, the answer says `not_found`.
  const shown = explained.filter(({ verdict }) => verdict.is !== 'not_found' || call.query.target !== undefined);
  const seesCatalogue = can(call.actor, 'platform.read', { organizationId: null });
  return {
    key_id: key.id,
    organization_id: key.organizationId,
    team_id: key.teamId,
    member_id: key.memberId,
    data: shown.map((explanation) => renderExplanation(explanation, catalogue, seesCatalogue)),
  };
}

/**
 * Renders one explanation. Hides the type and steps of a target that is not granted, so that a tenant cannot learn whether it
 * exists.
 */
function renderExplanation(explanation: AccessExplanation, catalogue: Catalogue, seesCatalogue: boolean) {
  const { target, verdict, steps } = explanation;
  const isHidden = verdict.is === 'not_found' && !seesCatalogue;
  return {
    target,
    type: isHidden ? null : (catalogue.targets.get(target)?.kind ?? null),
    allowed: verdict.is === 'allowed',
    verdict: verdict.is,
    grant: verdict.is === 'allowed' ? grantOf(steps) : null,
    removed_by: isHidden ? null : removerOf(steps),
    steps: isHidden ? [] : steps.map(stepBody),
  };
}

/**
 * Returns the grant of the nearest level that names something. A level that inherits only repeats the grant, so it is skipped.
 */
function grantOf(steps: readonly AccessStep[]): z.output<typeof grantOut> | null {
  const naming = steps.findLast(({ through }) => through !== null && through.is !== 'inherited');
  if (naming === undefined || naming.through === null) return null;
  return { ...stepBody(naming), through: naming.through.is };
}

function removerOf(steps: readonly AccessStep[]): AccessStep['level'] | null {
  return steps.find(({ through }) => through === null)?.level ?? null;
}

const STORES = {
  organizations: reaching.organizationsReaching,
  teams: reaching.teamsReaching,
  members: reaching.membersReaching,
  keys: reaching.keysReaching,
} as const;

async function explainTargetFor(
  call: AdminCall<unknown, Query>,
  catalogue: Catalogue,
): Promise<z.output<typeof targetAccessOut>> {
  const { target: name = '', level: only, organization_id: organizationId, cursor } = call.query;
  if (cursor !== undefined && only === undefined)
    throw invalid('?level', 'is required with `cursor`: name the list that the cursor continues');
  const target = catalogue.targets.get(name);
  const within = organizationId === undefined ? 'platform' : { organizationId };
  const answer = emptyAnswer(name);
  if (target === undefined) return answer;
  const asked = { target, who: whoOf(call), organizationId, limit: call.query.limit ?? 50, cursor };
  for (const list of LEVELS) {
    if (only !== undefined && only !== list) continue;
    const reach = reachWithin(call.actor, list === 'organizations' ? 'organization.read' : 'teams.read', within);
    const page = await STORES[list](call.deps.db, { ...asked, reach });
    answer[list] = page.rows.map((row) => renderReaching(row, catalogue, name));
    answer.next_cursors[list] = page.nextCursor;
  }
  return describe(answer, target, call);
}

function whoOf(call: AdminCall<unknown, Query>): reaching.ReachingQuery['who'] {
  if (call.query.who !== 'cannot') return 'reaching';
  return can(call.actor, 'platform.read', { organizationId: null }) ? 'removed' : 'removed_below';
}

function emptyAnswer(target: string): z.output<typeof targetAccessOut> {
  const next_cursors = { organizations: null, teams: null, members: null, keys: null };
  return { target, type: null, access_groups: [], organizations: [], teams: [], members: [], keys: [], next_cursors };
}

/**
 * Adds the target's type and access groups if the caller reads the platform, or if the answer lists somebody who is granted it.
 * Other callers must not learn that the target exists.
 */
function describe(answer: z.output<typeof targetAccessOut>, target: CallableTarget, call: AdminCall) {
  const isSeen = LEVELS.some((list) => answer[list].length > 0);
  if (!isSeen && !can(call.actor, 'platform.read', { organizationId: null })) return answer;
  return { ...answer, type: target.kind, access_groups: [...target.accessGroups].sort() };
}

function renderReaching(row: reaching.Reaching, catalogue: Catalogue, name: string): z.output<typeof reachingOut> {
  const { verdict, steps } = explainTarget(row.levels, name, catalogue);
  return {
    id: row.id,
    name: row.name,
    organization_id: row.organizationId,
    status: row.status,
    grant: verdict.is === 'allowed' ? grantOf(steps) : null,
    removed_by: removerOf(steps),
  };
}
