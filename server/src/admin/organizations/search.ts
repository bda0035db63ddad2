import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import * as routeGroups from '../../store/catalogue/route-groups.ts';
import { searchNamed } from '../../store/tenancy/search.ts';
import { accessCatalogue } from '../access/access-fields.ts';
import { visibleNames } from '../access/visible-targets.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/**
 * Searches objects of every kind by the beginning of the name or by the whole id, and callable targets by any part of the name.
 */

const FOUND_MAX = 20;
const EACH_MAX = 6;

const KINDS = [
  'organization',
  'key',
  'model',
  'route_group',
  'team',
  'member',
  'account',
  'deployment',
  'access_group',
  'credential',
] as const;

const found = z
  .object({
    kind: z.enum(KINDS),
    id: z.string().meta({ description: 'The id. For a model this is its name, for an access group its key.' }),
    name: z.string(),
    detail: z.string().meta({ description: 'A detail that distinguishes objects with the same name.' }),
    organization_id: z.string().nullable(),
  })
  .meta({ id: 'SearchResult' });

type Ranked = z.output<typeof found> & { readonly isExact: boolean };

export const list = route({
  summary: 'Search everything by name or id',
  description: 'At most 20 results, exact names and ids first. Finds only what the caller may read.',
  permission: ['organization.read', 'platform.read'],
  query: z.strictObject({ q: z.string().max(200) }),
  response: z.object({ data: z.array(found) }),
  load: load.everywhere,
  handle: async (call) => {
    const text = call.query.q.trim();
    if (text === '' || text.includes('\0')) return { data: [] };
    const named = await searchNamed(call.deps.db, {
      text,
      organizations: reachWithin(call.actor, 'organization.read', 'platform'),
      teams: reachWithin(call.actor, 'teams.read', 'platform'),
      mayReadPlatform: can(call.actor, 'platform.read', { organizationId: null }),
      limit: EACH_MAX,
    });
    const objects = named.map(({ organizationId, ...one }) => ({ ...one, organization_id: organizationId }));
    const targets = await searchTargets(call, text.toLowerCase());
    return { data: inTurn([...objects, ...targets]).map(({ isExact: _, ...one }) => one) };
  },
});

/** Finds callable targets whose name contains the text. The distinctive part of a model's name is often in the middle. */
async function searchTargets(call: AdminCall, text: string): Promise<readonly Ranked[]> {
  const catalogue = await accessCatalogue(call.deps.db);
  const visible = await visibleNames(call, catalogue, undefined);
  const names = (visible ?? [...catalogue.targets.keys()]).filter((name) => name.toLowerCase().includes(text));
  const begins = (name: string) => Number(name.toLowerCase().startsWith(text));
  const best = names.sort((a, b) => begins(b) - begins(a) || a.localeCompare(b)).slice(0, EACH_MAX);
  const ids = await routeGroups.idsOfKeys(call.deps.db, best);
  return best.flatMap((name) => {
    const target = catalogue.targets.get(name);
    if (target === undefined) return [];
    const providers = [...new Set(target.members.map((member) => member.deployment.provider))].sort();
    return {
      kind: target.kind,
      id: ids.get(name) ?? name,
      name,
      detail: providers.join(', '),
      organization_id: null,
      isExact: name.toLowerCase() === text,
    };
  });
}

/**
 * Puts exact matches first, then the best match of every kind, then the second best of every kind, and so on. So no kind crowds
 * out another.
 */
function inTurn(all: readonly Ranked[]): readonly Ranked[] {
  const seen = new Map<string, number>();
  const placed = all.map((one) => {
    const turn = seen.get(one.kind) ?? 0;
    seen.set(one.kind, turn + 1);
    return { one, turn: one.isExact ? -1 : turn };
  });
  return placed
    .sort((a, b) => a.turn - b.turn || KINDS.indexOf(a.one.kind) - KINDS.indexOf(b.one.kind))
    .slice(0, FOUND_MAX)
    .map(({ one }) => one);
}
