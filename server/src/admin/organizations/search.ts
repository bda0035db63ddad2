import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import * as routeGroups from '../../store/catalogue/route-groups.ts';
import { MATCHES, type Match, type SearchQuestion, searchMistyped, searchNamed } from '../../store/tenancy/search.ts';
import { mayBeMistyped, plainWordsOf, typosOf, wordsOf } from '../../store/tenancy/search-words.ts';
import { accessCatalogue } from '../access/access-fields.ts';
import { visibleNames } from '../access/visible-targets.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';

/** Searches objects of every kind by parts of their names in any order, by the whole id, and with small typos. */

const FOUND_MAX = 20;
const EACH_MAX = 6;
const TEXT_CHARS_MAX = 100;
/** With fewer finds than this, names with small typos are looked for too. */
const FEW = 5;
/** The search for typos gives up after this time, as on a large table without its index. */
const TYPOS_MS_MAX = 200;

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
  'service_account',
  'webhook',
] as const;

const found = z
  .object({
    kind: z.enum(KINDS),
    id: z.string().meta({ description: 'The id. For a model this is its name, for an access group its key.' }),
    name: z.string(),
    detail: z.string().meta({ description: 'A detail that distinguishes objects with the same name.' }),
    organization_id: z.string().nullable(),
    team_id: z.string().nullable().meta({ description: 'The team of a key or service account. Of a team its own id.' }),
    match: z.enum(MATCHES).meta({
      description:
        'How the object was found: `name` (the text is the whole name or the id), `beginning` (the name begins so), `parts` (every word is a part of the name), `typo` (a word has a small typo).',
    }),
  })
  .meta({ id: 'SearchResult' });

type Found = z.output<typeof found>;

export const list = route({
  summary: 'Search everything by name or id',
  description:
    'Every word must be a part of the name, in any order and in upper or lower case. If fewer than five objects are found, names with small typos are found too. At most 20 results, the best matches first. Finds only what the caller may read.',
  permission: ['organization.read', 'platform.read'],
  query: z.strictObject({ q: text(TEXT_CHARS_MAX) }),
  response: z.object({ data: z.array(found) }),
  load: load.everywhere,
  handle: async (call) => {
    const text = call.query.q.trim();
    if (text === '' || text.includes('\0')) return { data: [] };
    const question: SearchQuestion = {
      text,
      organizations: reachWithin(call.actor, 'organization.read', 'platform'),
      teams: reachWithin(call.actor, 'teams.read', 'platform'),
      webhooks: reachWithin(call.actor, 'webhooks.manage', 'platform'),
      mayReadPlatform: can(call.actor, 'platform.read', { organizationId: null }),
      limit: EACH_MAX,
    };
    const targets = await searchTargets(call, text);
    const exact = [...(await objects(call, question)), ...targets.filter(({ match }) => match !== 'typo')];
    if (exact.length >= FEW) return { data: inTurn(exact) };
    const mistyped = (await searchMistyped(call.deps.db, question, TYPOS_MS_MAX)).map(render);
    const known = new Set(exact.map(({ kind, id }) => `${kind} ${id}`));
    const others = [...mistyped, ...targets].filter(({ kind, id }) => !known.has(`${kind} ${id}`));
    return { data: inTurn([...exact, ...others]) };
  },
});

async function objects(call: AdminCall<unknown, unknown, unknown>, question: SearchQuestion): Promise<readonly Found[]> {
  return (await searchNamed(call.deps.db, question)).map(render);
}

function render({ organizationId, teamId, ...one }: Awaited<ReturnType<typeof searchNamed>>[number]): Found {
  return { ...one, organization_id: organizationId, team_id: teamId };
}

/** Finds callable targets, whose names are in memory. */
async function searchTargets(call: AdminCall, text: string): Promise<readonly Found[]> {
  const catalogue = await accessCatalogue(call.deps.db);
  const visible = await visibleNames(call, catalogue, undefined);
  const matched = (visible ?? [...catalogue.targets.keys()]).flatMap((name) => {
    const match = matchOf(name, text);
    return match === null ? [] : [{ name, match }];
  });
  const rank = (match: Match) => MATCHES.indexOf(match);
  const best = matched.sort((a, b) => rank(a.match) - rank(b.match) || a.name.localeCompare(b.name)).slice(0, EACH_MAX);
  const ids = await routeGroups.idsOfKeys(
    call.deps.db,
    best.map(({ name }) => name),
  );
  return best.flatMap(({ name, match }) => {
    const target = catalogue.targets.get(name);
    if (target === undefined) return [];
    const providers = [...new Set(target.members.map((member) => member.deployment.provider))].sort();
    const { kind } = target;
    return { kind, id: ids.get(name) ?? name, name, detail: providers.join(', '), organization_id: null, team_id: null, match };
  });
}

function matchOf(name: string, text: string): Match | null {
  const [lower, wanted] = [name.toLowerCase(), text.toLowerCase()];
  if (lower === wanted) return 'name';
  if (lower.startsWith(wanted)) return 'beginning';
  if (wordsOf(wanted).every((word) => lower.includes(word))) return 'parts';
  const words = plainWordsOf(wanted);
  return words.some(mayBeMistyped) && typosOf(words, [name]) !== null ? 'typo' : null;
}

/**
 * Puts better matches first, and among equal ones the best of every kind, then the second best of every kind, and so on. So no
 * kind crowds out another.
 */
function inTurn(all: readonly Found[]): Found[] {
  const seen = new Map<string, number>();
  const placed = all.map((one) => {
    const place = `${one.kind} ${one.match}`;
    const turn = seen.get(place) ?? 0;
    seen.set(place, turn + 1);
    return { one, turn: one.match === 'name' ? 0 : turn };
  });
  return placed
    .sort(
      (a, b) =>
        MATCHES.indexOf(a.one.match) - MATCHES.indexOf(b.one.match) ||
        a.turn - b.turn ||
        KINDS.indexOf(a.one.kind) - KINDS.indexOf(b.one.kind),
    )
    .slice(0, FOUND_MAX)
    .map(({ one }) => one);
}
