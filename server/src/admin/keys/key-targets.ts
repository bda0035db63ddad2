import { z } from 'zod';
import { effectiveAccess } from '../../domain/access/access.ts';
import type { CallableTarget } from '../../domain/routing/catalogue.ts';
import * as targets from '../../store/catalogue/callable-targets.ts';
import { accessChoiceFrom } from '../../store/configuration/policy-columns.ts';
import type { KeyRow } from '../../store/tenancy/keys.ts';
import { accessCatalogue } from '../access/access-fields.ts';
import { levelsAbove } from '../access/parent-access.ts';
import { namedListQuery } from '../access/target-lists.ts';
import { renderTarget, targetOut, targetType } from '../access/target-view.ts';
import { mode } from '../catalogue/deployment-view.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import { pageOut, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** The models and route groups that one key can call, with what a developer needs to choose one. */

const endpoint = z.enum([
  'chat_completions',
  'messages',
  'responses',
  'generate_content',
  'completions',
  'embeddings',
  'rerank',
  'moderations',
  'image_generations',
  'image_edits',
  'image_variations',
  'speech',
  'transcriptions',
  'translations',
]);

const callableOut = targetOut
  .extend({
    endpoints: z.array(endpoint).meta({ description: 'The endpoints of the gateway that serve it.' }),
    context_window: z.int().nullable().meta({
      description:
        'The most tokens of a request and its answer together, as a deployment declares it, else as the published list of models has it: the smallest among its deployments. Null if none is known.',
    }),
    max_output_tokens: z.int().nullable().meta({
      description: 'The most output tokens that a deployment declares: the smallest among its deployments. Null if none does.',
    }),
  })
  .meta({ id: 'KeyTarget' });

export const list = route({
  summary: 'List what a key can call',
  description:
    'Lists the models and route groups that organization, team, owner and key all allow: the names of `GET /v1/models` for this key. The status of the key does not matter here. Fallbacks are only those that the key can call.',
  permission: 'teams.read',
  params: idParams,
  query: z.strictObject({ ...namedListQuery, type: targetType.optional(), mode: mode.optional() }),
  response: pageOut(callableOut),
  load: load.key,
  handle: async (call, { row }) => {
    const { query, deps } = call;
    const catalogue = await accessCatalogue(deps.db);
    const callable = new Set(effectiveAccess(await levelsOfKey(call, row), catalogue));
    const among = [...callable].filter((name) => query.mode === undefined || catalogue.targets.get(name)?.mode === query.mode);
    const filter = { kind: query.type, search: searchOf({ search: query.search }), among };
    const page = { limit: query.limit, cursor: query.cursor, direction: query.sort === '-name' ? 'desc' : 'asc' } as const;
    const found = await targets.list(deps.db, filter, page);
    const shown = found.rows.flatMap((name) => catalogue.targets.get(name) ?? []);
    return renderPage(
      found,
      shown.map((target) => ({
        ...renderTarget(target, (name) => callable.has(name), deps.clock.nowMs()),
        ...boundsOf(target, deps.upstream.contextWindowOf),
      })),
    );
  },
});

async function levelsOfKey({ deps }: AdminCall<unknown, unknown, unknown>, row: KeyRow) {
  const { organizationId, teamId, ownerMembershipId } = row;
  const above = await levelsAbove(deps.db, { organizationId, teamId, membershipId: ownerMembershipId });
  return { ...above, key: accessChoiceFrom(row) };
}

const ENDPOINTS: Readonly<Record<CallableTarget['mode'], readonly z.output<typeof endpoint>[]>> = {
  chat: ['chat_completions', 'messages', 'responses', 'generate_content', 'completions'],
  completion: ['completions'],
  embedding: ['embeddings'],
  rerank: ['rerank'],
  moderation: ['moderations'],
  image: ['image_generations', 'image_edits', 'image_variations'],
  speech: ['speech'],
  transcription: ['transcriptions', 'translations'],
};

function boundsOf(target: CallableTarget, contextWindowOf: AdminCall['deps']['upstream']['contextWindowOf']) {
  const deployments = target.members.map(({ deployment }) => deployment);
  return {
    endpoints: [...ENDPOINTS[target.mode]],
    context_window: leastOf(deployments.map((one) => one.contextWindow ?? contextWindowOf(one.provider, one.upstreamModel))),
    max_output_tokens: leastOf(deployments.map(({ maxOutputTokens }) => maxOutputTokens)),
  };
}

/** Returns the smallest known bound, or null if none is known. */
function leastOf(bounds: readonly (number | null)[]): number | null {
  const known = bounds.filter((bound) => bound !== null);
  return known.length === 0 ? null : Math.min(...known);
}
