import { z } from 'zod';
import { isPrice } from '../../domain/money/price-units.ts';
import { canaryFrom } from '../../domain/routing/canary.ts';
import { mirrorFrom } from '../../domain/routing/mirror.ts';
import { simulateRouting } from '../../domain/routing/simulated-routing.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as prices from '../../store/catalogue/prices.ts';
import * as policies from '../../store/catalogue/route-group-policies.ts';
import type { RouteGroupMember, RouteGroupRow } from '../../store/catalogue/route-groups.ts';
import { dryRunQuery, effectOut } from '../access/effect.ts';
import { strategy } from '../access/target-view.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams, instantOut, isoOf } from '../http/fields.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { deploymentConfig } from './deployment-config.ts';
import { bodyOfDetours, canaryOf, type DetourColumns, detourFields, detoursOut, renderDetours } from './detour-fields.ts';
import { patchGroup, requireMembers } from './route-group-changes.ts';
import { members, membersFrom, membersOut, renderMembers } from './route-group-fields.ts';
import { loadGroup } from './route-groups.ts';

/**
 * A route group's routing policy and its versions: simulates, publishes and rolls back. A published policy is in force at once.
 */

const HISTORY_MAX = 100;
const SIMULATED_MAX = 10_000;

const policy = z.strictObject({ strategy, members, ...detourFields });
const versionOut = z.object({
  version: z.int(),
  published_at: instantOut,
  published_by: z.string(),
  rolled_back_to: z
    .int()
    .nullable()
    .meta({ description: 'The earlier version that this one restored. Null if it restored none.' }),
  policy: z.object({ strategy, members: membersOut, ...detoursOut }),
});
const policyOut = z
  .object({
    published: versionOut,
    history: z.array(versionOut).meta({ description: 'The versions, newest first, including the published one; at most 100.' }),
  })
  .meta({ id: 'RouteGroupPolicy' });

export const read = route({
  summary: 'Get a route group’s policy and its versions',
  description: 'Returns the policy in force and the versions before it.',
  permission: 'platform.read',
  params: idParams,
  response: policyOut,
  load: loadGroup,
  handle: (call, row) => view(call, row),
});

export const simulate = route({
  summary: 'Simulate a policy without publishing it',
  description:
    'Draws requests without tags from a fixed seed and routes them by the usual rules, as if every deployment were up and had capacity. Each request has 1,000 tokens of input and of output, and costs what the prices in force say. Nothing is measured, as at a start, so `latency` and `headroom` draw by weight. Calls and stores nothing.',
  permission: 'platform.read',
  takesReason: false,
  params: idParams,
  body: z.strictObject({ ...policy.shape, requests: z.int().min(1).max(SIMULATED_MAX) }),
  response: z.object({
    shares: z.array(z.object({ deployment_id: z.string(), share: z.number(), first_choice: z.int() })),
    canary: z
      .object({ share: z.number(), first_choice: z.int() })
      .nullable()
      .meta({ description: 'The part that goes to the canary. If that is a target, it is in none of `shares`.' }),
    mirror: z
      .object({ share: z.number(), copies: z.int() })
      .nullable()
      .meta({ description: 'The part of which copies go to the mirror, if all organizations allow it.' }),
  }),
  load: loadGroup,
  handle: async (call, row) => {
    const { body, deps } = call;
    const wanted = membersFrom(body.members);
    await requireMembers({ tx: deps.db }, wanted);
    const placed = await placedMembers(call, wanted);
    const canary = body.canary === undefined ? canaryFrom(row.canary) : canaryOf(body.canary);
    const mirror = body.mirror === undefined ? mirrorFrom(row.mirror) : canaryOf(body.mirror);
    const simulated = simulateRouting({ strategy: body.strategy, members: placed, canary, mirror }, body.requests);
    return {
      shares: simulated.shares.map(({ deploymentId, share, firstChoice }) => ({
        deployment_id: deploymentId,
        share,
        first_choice: firstChoice,
      })),
      canary: simulated.canary === null ? null : { share: simulated.canary.share, first_choice: simulated.canary.firstChoice },
      mirror: simulated.mirror,
    };
  },
});

export const publish = route({
  summary: 'Publish a policy',
  description:
    'The policy becomes the next version and takes effect at once. An absent field stays as it is. Publishing the policy in force changes nothing.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ policy }),
  response: policyOut,
  rehearsal: effectOut,
  load: loadGroup,
  handle: async (call, { id }) => {
    const reason = { action: 'route_group.publish', rolledBackTo: null };
    return view(call, await changeCatalogue(call, (made) => patchGroup(call, made, id, call.body.policy, reason)));
  },
});

export const rollback = route({
  summary: 'Roll back to a version of a policy',
  description: 'Publishes the policy of that version as a new version. Returns 409 if one of its deployments no longer exists.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ version: z.int().min(1).max(2_147_483_647) }),
  response: policyOut,
  rehearsal: effectOut,
  load: loadGroup,
  handle: async (call, { id: routeGroupId }) => {
    const { version } = call.body;
    const row = await changeCatalogue(call, async (made) => {
      const wanted = await policies.find(made.tx, { routeGroupId, version });
      if (wanted === null) throw invalid('/version', 'is not a version of this policy');
      const { strategy, members } = wanted;
      const body = { strategy, members: renderMembers(members), ...bodyOfDetours(detoursOfVersion(wanted)) };
      const ids = body.members.map((member) => member.deployment_id);
      const known = await deployments.findMany(made.tx, ids);
      const gone = ids.length - known.length;
      if (gone === 1) throw conflict(`1 deployment of version ${version} no longer exists. Publish a new policy without it.`);
      if (gone > 1)
        throw conflict(`${gone} deployments of version ${version} no longer exist. Publish a new policy without them.`);
      return patchGroup(call, made, routeGroupId, body, { action: 'route_group.rollback', rolledBackTo: version });
    });
    return view(call, row);
  },
});

/** Returns members with their deployments, each with the price in force. */
async function placedMembers({ deps }: AdminCall<unknown, unknown, unknown>, wanted: readonly RouteGroupMember[]) {
  const ids = wanted.map((one) => one.deploymentId);
  const rows = new Map((await deployments.findMany(deps.db, ids)).map((row) => [row.id, row]));
  const priced = await prices.inForce(deps.db, ids, new Date(deps.clock.nowMs()));
  return wanted.flatMap(({ deploymentId, ...place }) => {
    const row = rows.get(deploymentId);
    if (row === undefined) return [];
    const price = priced.get(deploymentId);
    const isReadable = price !== undefined && isPrice(price.perMillion, price.units);
    const inForce = isReadable ? [{ id: price.id, effectiveFromMs: 0, ...pricedAs(price) }] : [];
    return [{ deployment: { ...deploymentConfig(row, null), prices: inForce }, ...place }];
  });
}

function pricedAs({ perMillion, units }: Pick<prices.PriceRow, 'perMillion' | 'units'>) {
  return units === null ? { perMillion } : { perMillion, units };
}

async function view(call: AdminCall<unknown, unknown, unknown>, row: RouteGroupRow): Promise<z.output<typeof policyOut>> {
  const history = (await policies.list(call.deps.db, row.id, HISTORY_MAX)).map(render);
  const [published] = history;
  if (published === undefined) throw notFound('policy');
  return { published, history };
}

function render(row: policies.PolicyVersionRow): z.output<typeof versionOut> {
  return {
    version: row.version,
    published_at: isoOf(row.publishedAt),
    published_by: row.publishedByName,
    rolled_back_to: row.rolledBackTo,
    policy: { strategy: row.strategy, members: renderMembers(row.members), ...renderDetours(detoursOfVersion(row)) },
  };
}

/** Returns the targets beside the fallbacks of a version. One that a version of the gateway before made has none. */
function detoursOfVersion({ contextFallbacks, policyFallbacks, canary, mirror }: policies.PolicyVersionRow): DetourColumns {
  return { contextFallbacks: contextFallbacks ?? [], policyFallbacks: policyFallbacks ?? [], canary, mirror };
}
