// Who may do what, over HTTP with real sessions: every admin route × every role × every place, against a table written by hand.

import { type Row, rows } from './authorization-rows.ts';
import { cellsOf, type PlaceName, ROLES, type RoleName } from './authorization-table.ts';
import { type Call, openWorld, type Said, type World } from './authorization-world.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

interface Tally {
  cells: number;
  refused: number;
  repeated: number;
  lists: number;
  readonly unexpected: string[];
}

/** Quick asks every cell as well; it leaves out only the repeats of reads, whose calls are the same for everybody. */
export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const world = await openWorld();
  const tally: Tally = { cells: 0, refused: 0, repeated: 0, lists: 0, unexpected: [...(await withoutRow(world))] };
  try {
    for (const row of rows) await checkRow(world, row, tally, quick);
  } finally {
    await world.gateway.stop();
  }
  const { cells, refused, repeated, lists, unexpected } = tally;
  return {
    holds: unexpected.length === 0,
    figure: `${new Set(rows.map(({ route }) => route)).size} routes, ${cells} cells, ${refused} refused of which ${repeated} were repeated by an allowed actor and passed, ${lists} lists and streams compared by their rows, unexpected answers ${unexpected.length}`,
    details: unexpected.slice(0, 60),
  };
}

/** Every route the contract names has a row, and no row names a route that is gone. */
async function withoutRow(world: World): Promise<string[]> {
  const { paths } = await world.root<{ paths: Record<string, Record<string, { security?: unknown[] }>> }>('GET', '/openapi.json');
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replace('/api/v1', '').replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  );
  const known = new Set(rows.map(({ route }) => route));
  return [
    ...served.filter((route) => !known.has(route) && !isPersonal(route)).map((route) => `${route} has no row`),
    ...[...known].filter((route) => !served.includes(route)).map((route) => `${route} is not served`),
  ];
}

/** One's own session and what is done before there is one: the same for every role, and tested with the sign-in. */
function isPersonal(route: string): boolean {
  return / \/session(\/|$)/.test(route) || / \/invitations\/(lookup|accept)$/.test(route);
}

async function checkRow(world: World, row: Row, tally: Tally, quick: boolean): Promise<void> {
  for (const place of ['own', 'team', 'other'] as const) {
    const line = row.cells[place];
    if (line === undefined) continue;
    for (const [index, cell] of cellsOf(line).entries())
      await checkCell(world, row, place, ROLES[index] as RoleName, cell, tally, quick);
  }
}

async function checkCell(
  world: World,
  row: Row,
  place: PlaceName,
  role: RoleName,
  cell: string,
  tally: Tally,
  quick: boolean,
): Promise<void> {
  const call = await callOf(world, row, place, role);
  const said = await world.ask(role, call);
  tally.cells += 1;
  const where = `${row.route}${row.variant === undefined ? '' : ` (${row.variant})`} at ${place} as ${role}`;
  if (seenAs(said) !== cell) tally.unexpected.push(`${where}: ${said.status}, not ${cell}: ${said.text.slice(0, 160)}`);
  if (cell === 'y') {
    if (row.sees !== undefined) checkRows(world, row.sees, role, said, where, tally);
    return;
  }
  tally.refused += 1;
  if (quick && call.method === 'GET') return;
  const repeated = await world.ask('platform_admin', call);
  if (seenAs(repeated) === 'y') tally.repeated += 1;
  else tally.unexpected.push(`${where}, repeated by a platform admin: ${repeated.status}: ${repeated.text.slice(0, 160)}`);
}

async function callOf(world: World, row: Row, place: PlaceName, role: RoleName): Promise<Call> {
  const made = await row.make({ world, place, role });
  const [method = ''] = row.route.split(' ');
  return { method, ...(typeof made === 'string' ? { path: made } : made) };
}

function seenAs({ status }: Said): string {
  if (status >= 200 && status < 300) return 'y';
  return status === 403 ? '3' : status === 404 ? '4' : String(status);
}

function checkRows(world: World, sees: NonNullable<Row['sees']>, role: RoleName, said: Said, where: string, tally: Tally): void {
  const expected = cellsOf(sees.places)[ROLES.indexOf(role)] as string;
  tally.lists += 1;
  for (const [letter, place] of [
    ['o', 'own'],
    ['t', 'team'],
    ['x', 'other'],
  ] as const) {
    const isSeen = said.text.includes(world.markers[place][sees.marker]);
    if (isSeen !== expected.includes(letter))
      tally.unexpected.push(`${where} ${isSeen ? 'sees' : 'does not see'} the ${sees.marker} of ${place}`);
  }
}
