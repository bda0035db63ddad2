// Every action that takes access, money or people away: what was announced before it, beside what was so after it.
import { ROUTES } from '../../src/admin/http/app.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type PreviewRow, TAKING, TAKING_NOTHING } from './preview-table.ts';
import { look, openWorld, type Seen, type World } from './preview-world.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** What a quick run tries: one of so many actions. */
const QUICK_EVERY = 9;

interface Compared {
  readonly row: PreviewRow;
  readonly announced: Taken;
  readonly happened: Taken;
  /** What was so before and after the dry run, if it differs. */
  readonly movedByDryRun: string | null;
}

/** What an action takes, in numbers and names that both sides can say. Null: this side does not say. */
interface Taken {
  readonly keysRefused: number;
  readonly keysLosing: number | null;
  readonly targetsLost: readonly string[] | null;
  readonly permissionsLost: readonly string[] | null;
  readonly peopleRefused: number | null;
  readonly limitsRemoved: number | null;
}

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const missing = missingRoutes();
  const gateway = await startGateway();
  try {
    const rows = quick ? TAKING.filter((_, index) => index % QUICK_EVERY === 0) : TAKING;
    const compared: Compared[] = [];
    for (const row of rows) {
      doing(`${row.route}: ${row.takes}`);
      compared.push(await compare(gateway, row));
    }
    return resultOf(compared, missing);
  } finally {
    await gateway.stop();
  }
}

/** Returns the routes that change something and have neither a row nor a reason, and rows of routes that are gone. */
export function missingRoutes(all: readonly string[] = Object.keys(ROUTES)): readonly string[] {
  const known = new Set([...TAKING.map(({ route }) => route), ...Object.keys(TAKING_NOTHING)]);
  const routes = all.filter((route) => !route.startsWith('GET '));
  return [
    ...routes.filter((route) => !known.has(route)).map((route) => `${route} has no row`),
    ...[...known].filter((route) => !routes.includes(route)).map((route) => `${route} is no route`),
  ];
}

async function compare(gateway: Gateway, row: PreviewRow): Promise<Compared> {
  const world = await openWorld(gateway);
  const { path, body } = await row.send(world);
  const method = row.route.slice(0, row.route.indexOf(' '));
  const before = await look(world);
  const said = await gateway.admin<Record<string, unknown>>(method, `${path}?dry_run=true`, body);
  const rehearsed = await look(world);
  await gateway.admin(method, path, body);
  const after = await look(world);
  const announced = row.says === 'effect' ? fromEffect(said.effect as Effect, world) : fromReport(said);
  const place = row.route.startsWith('PATCH /teams/:id/members') ? 'team' : 'organization';
  const moved = [plain(before), plain(rehearsed)].map((seen) => JSON.stringify(seen));
  return {
    row,
    announced,
    happened: between(before, after, announced, place),
    movedByDryRun: moved[0] === moved[1] ? null : moved.join(' then '),
  };
}

interface Effect {
  readonly keys_refused: number;
  readonly keys_losing_access: number;
  readonly targets_lost: readonly string[];
  readonly permissions_lost: readonly string[];
  readonly people_refused: number;
  readonly limits_removed: readonly unknown[];
}

function fromEffect(effect: Effect, { n }: World): Taken {
  return {
    keysRefused: effect.keys_refused,
    keysLosing: effect.keys_losing_access,
    targetsLost: effect.targets_lost.map((name) => name.replace(`-${n}`, '')).sort(),
    permissionsLost: [...effect.permissions_lost].sort(),
    peopleRefused: effect.people_refused,
    limitsRemoved: effect.limits_removed.length,
  };
}

function fromReport(said: Readonly<Record<string, unknown>>): Taken {
  const goes = said.goes as { readonly keys: number } | undefined;
  const keysRefused = goes?.keys ?? (said.keys_revoked as readonly string[]).length;
  return { keysRefused, keysLosing: null, targetsLost: null, permissionsLost: null, peopleRefused: null, limitsRemoved: null };
}

/** What is gone between two moments, of that which was announced at all. */
function between(before: Seen, after: Seen, announced: Taken, place: keyof Seen['permissions']): Taken {
  const lost = [...before.served]
    .filter((pair) => !after.served.has(pair))
    .map((pair) => pair.split(' ') as [string, string])
    // A key that is refused as such is counted as that, and not once more for each target.
    .filter(([key]) => after.working.has(key));
  const says = <T>(side: unknown, value: T) => (side === null ? null : value);
  const kept = after.permissions[place];
  // A report counts the keys that are revoked, also those that were stopped before. None of them may work.
  const isReport = announced.keysLosing === null;
  const [were, are] = isReport ? [before.living, after.living] : [before.working, after.working];
  return {
    keysRefused: [...were].filter((key) => !are.has(key) && !after.working.has(key)).length,
    keysLosing: says(announced.keysLosing, new Set(lost.map(([key]) => key)).size),
    targetsLost: says(announced.targetsLost, [...new Set(lost.map(([, target]) => target))].sort()),
    permissionsLost: says(announced.permissionsLost, before.permissions[place].filter((one) => !kept.includes(one)).sort()),
    peopleRefused: says(announced.peopleRefused, before.isIn && !after.isIn ? 1 : 0),
    limitsRemoved: says(announced.limitsRemoved, Math.max(0, before.limits - after.limits)),
  };
}

function plain({ served, working, living, ...rest }: Seen) {
  return { ...rest, sets: [served, working, living].map((set) => [...set].sort()) };
}

function resultOf(compared: readonly Compared[], missing: readonly string[]): ProveResult {
  const different = compared.filter(
    ({ announced, happened, movedByDryRun }) => movedByDryRun !== null || JSON.stringify(announced) !== JSON.stringify(happened),
  );
  const total = (count: (taken: Taken) => number) => compared.reduce((sum, { happened }) => sum + count(happened), 0);
  const figure = [
    `${compared.length} actions announced and done, differences ${different.length}`,
    `${total(({ keysRefused }) => keysRefused)} keys refused`,
    `${total(({ keysLosing }) => keysLosing ?? 0)} keys that lost a target`,
    `${total(({ permissionsLost }) => permissionsLost?.length ?? 0)} permissions lost`,
    `${total(({ limitsRemoved }) => limitsRemoved ?? 0)} limits removed`,
    `routes without a row ${missing.length}`,
  ].join(', ');
  return {
    holds: different.length === 0 && missing.length === 0,
    figure,
    details: [
      ...missing,
      ...different.map(({ row, announced, happened, movedByDryRun }) =>
        movedByDryRun === null
          ? `${row.route} (${row.takes}): announced ${JSON.stringify(announced)}, happened ${JSON.stringify(happened)}`
          : `${row.route} (${row.takes}): the dry run changed ${movedByDryRun}`,
      ),
    ],
  };
}
