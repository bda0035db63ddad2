import { namesTouched, servedAmong } from '../../domain/access/served.ts';
import { matches } from '../../domain/limits/limit-plan.ts';
import type { CallableTarget, Catalogue } from '../../domain/routing/catalogue.ts';
import { blockingBudgets, type WorkingAlike, workingAlike } from '../../store/access/working-keys.ts';
import { ownUseOfAll } from '../../store/configuration/config.ts';
import type { Database } from '../../store/database.ts';

/** The effect of a change of the catalogue: which keys can call what no longer, over all organizations. */

const NAMES_MAX = 200;
const EXAMPLES_MAX = 20;

interface Loss {
  readonly alike: WorkingAlike;
  readonly lost: readonly string[];
}

/**
 * Compares what is served to every key under both catalogues. The tree of organizations, teams, members and keys is the same in
 * both, so keys alike are compared once.
 */
export async function catalogueEffect(tx: Database, before: Catalogue, after: Catalogue, at: Date) {
  const names = namesTouched(before, after);
  if (names.size === 0) return {};
  const budgets = await blockingBudgets(tx);
  const own = await ownUseOfAll(tx, new Set([...before.targets.keys(), ...after.targets.keys()]));
  const served = (catalogue: Catalogue, { organizationId, levels, scopes }: WorkingAlike) => {
    const covering = scopes.flatMap((id) => budgets.get(id) ?? []);
    const needsPrice = (target: CallableTarget) => covering.some(({ match }) => matches(match, target.name, target.accessGroups));
    return servedAmong(names, levels, { catalogue, nowMs: at.getTime(), needsPrice, own: own.get(organizationId) ?? null });
  };
  const losses: Loss[] = [];
  const gained = new Set<string>();
  for (const alike of await workingAlike(tx, at, EXAMPLES_MAX)) {
    const [was, is] = [served(before, alike), served(after, alike)];
    for (const name of is.difference(was)) gained.add(name);
    const lost = [...was.difference(is)].sort();
    if (lost.length > 0) losses.push({ alike, lost });
  }
  const lost = [...new Set(losses.flatMap((loss) => loss.lost))].sort();
  return {
    targets_lost: lost.slice(0, NAMES_MAX),
    targets_lost_count: lost.length,
    targets_gained: [...gained].sort().slice(0, NAMES_MAX),
    targets_gained_count: gained.size,
    keys_losing_access: losses.reduce((total, { alike }) => total + alike.count, 0),
    key_examples: losses.flatMap(examplesOf).slice(0, EXAMPLES_MAX),
    ...organizationsOf(losses),
  };
}

function examplesOf({ alike: { examples, teamName }, lost }: Loss) {
  return examples.map(({ id, name }) => ({ key_id: id, name, team_name: teamName, lost: lost.slice(0, NAMES_MAX) }));
}

function organizationsOf(losses: readonly Loss[]) {
  const byOrganization = [...Map.groupBy(losses, ({ alike }) => alike.organizationId)];
  return {
    organizations_losing: byOrganization.slice(0, EXAMPLES_MAX).map(([organization_id, of]) => ({
      organization_id,
      name: of[0]?.alike.organizationName ?? '',
      keys: of.reduce((total, { alike }) => total + alike.count, 0),
      lost: [...new Set(of.flatMap(({ lost }) => lost))].sort().slice(0, NAMES_MAX),
    })),
    organizations_losing_count: byOrganization.length,
  };
}
