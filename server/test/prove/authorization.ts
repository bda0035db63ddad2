/**
 * Who may do what, over HTTP with real sessions, against a table written by hand: every admin route × every role × {own team, other team of
 * the organization, other tenant, none}. Lists, exports and streams are compared by their rows, and nobody is told of spend without the
 * permission for it.
 */

import { catalogueRows } from './authorization-catalogue-rows.ts';
import { directoryRows } from './authorization-directory-rows.ts';
import { domainRows } from './authorization-domain-rows.ts';
import { identityRows } from './authorization-identity-rows.ts';
import type { Row } from './authorization-rows.ts';
import { cellsOf, type PlaceName, ROLES, type RoleName } from './authorization-table.ts';
import { tenancyRows } from './authorization-tenancy-rows.ts';
import { trustRows } from './authorization-trust-rows.ts';
import { usageRows } from './authorization-usage-rows.ts';
import { type Asker, type Call, type Markers, ofNothing, openWorld, type Said, type World } from './authorization-world.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

const rows: readonly Row[] = [
  ...tenancyRows,
  ...catalogueRows,
  ...usageRows,
  ...identityRows,
  ...domainRows,
  ...directoryRows,
  ...trustRows,
];

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
    tally.unexpected.push(...(await withoutSpend(world)));
    for (const row of rows) await checkRow(world, row, tally, quick);
  } finally {
    await world.stop();
  }
  const { cells, refused, repeated, lists, unexpected } = tally;
  return {
    holds: unexpected.length === 0,
    figure: `${new Set(rows.map(({ route }) => route)).size} routes × 11 roles × {own team, other team, other tenant, none}, ${cells} cells, ${refused} refused of which ${repeated} were repeated by an allowed actor and passed, ${lists} lists and streams compared by their rows, unexpected answers ${unexpected.length}`,
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

/** One's own session and logins, and what is done before there is one: the same for every role, and tested with the sign-in and with logins. */
function isPersonal(route: string): boolean {
  return / \/logins(\/|$)/.test(route) || / \/session(\/|$)/.test(route) || / \/invitations\/(lookup|accept)$/.test(route);
}

/** The check of spend would hold of nothing if nothing had been spent. */
async function withoutSpend(world: World): Promise<string[]> {
  const { organizationId } = world.markers.own;
  const status = await world.root('GET', `/organizations/${organizationId}/limits/status`);
  return SPEND.test(JSON.stringify(status)) ? [] : ['nothing was spent, so nothing can be told of it'];
}

async function checkRow(world: World, row: Row, tally: Tally, quick: boolean): Promise<void> {
  for (const place of ['own', 'team', 'other'] as const) {
    const line = row.cells[place];
    if (line === undefined) continue;
    for (const [index, cell] of cellsOf(line).entries())
      await checkCell(world, row, place, ROLES[index] as RoleName, cell, tally, quick);
  }
  await checkNobody(world, row, tally);
  if (row.cells.other !== undefined) await checkNone(world, row, tally);
}

/** Somebody without a role is let in nowhere, and told nothing. */
async function checkNobody(world: World, row: Row, tally: Tally): Promise<void> {
  const said = await world.ask('nobody', await callOf(world, row, 'own', 'org_owner'));
  tally.cells += 1;
  const where = `${labelOf(row)} as nobody`;
  if (said.status !== 403 && said.status !== 404) tally.unexpected.push(`${where}: ${said.status}: ${said.text.slice(0, 160)}`);
}

/** What nobody has is answered word for word like what another tenant has; a platform's role is told that it is not there. */
async function checkNone(world: World, row: Row, tally: Tally): Promise<void> {
  // No role of the tenant may do it there, so one call serves them all.
  const call = await callOf(world, row, 'other', 'org_owner');
  const nothing = ofNothing(call);
  for (const role of ROLES) {
    const none = await world.ask(role, nothing);
    tally.cells += 1;
    const where = `${labelOf(row)} at none as ${role}`;
    if (role.startsWith('platform_')) {
      if (none.status < 400 || none.status >= 500) tally.unexpected.push(`${where}: ${none.status}: ${none.text.slice(0, 160)}`);
      continue;
    }
    const other = await world.ask(role, call);
    if (none.status !== other.status || wordsOf(none) !== wordsOf(other))
      tally.unexpected.push(`${where}: ${wordsOf(none).slice(0, 160)}, and of another tenant’s: ${wordsOf(other).slice(0, 160)}`);
  }
}

/** An answer without the ids in it, which differ from call to call. */
function wordsOf({ text }: Said): string {
  return text.replaceAll(/\b[a-z]+_[0-9a-f]{32}\b/g, 'id');
}

function labelOf(row: Row): string {
  return `${row.route}${row.variant === undefined ? '' : ` (${row.variant})`}`;
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
  const where = `${labelOf(row)} at ${place} as ${role}`;
  if (seenAs(said) !== cell) tally.unexpected.push(`${where}: ${said.status}, not ${cell}: ${said.text.slice(0, 160)}`);
  if (cell === 'y') {
    checkRows(world, row, place, role, said, tally);
    if (WITHOUT_USAGE.has(role) && SPEND.test(said.text)) tally.unexpected.push(`${where} is told of spend`);
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

/** They read no usage anywhere. */
const WITHOUT_USAGE: ReadonlySet<Asker> = new Set<Asker>(['org_member', 'team_viewer']);
/** A figure of what was used that is not zero. */
const SPEND = /"(spen[dt]\w*|held|used|remaining|budget_used_ratio|requests_30d)":"?[0-9.]*[1-9]/;

function seenAs({ status }: Said): string {
  if (status >= 200 && status < 300) return 'y';
  return status === 403 ? '3' : status === 404 ? '4' : String(status);
}

const LETTERS = { own: 'o', team: 't', other: 'x' } as const;

function checkRows(world: World, row: Row, place: PlaceName, role: RoleName, said: Said, tally: Tally): void {
  if (row.sees === undefined) return;
  const { marker, places } = row.sees;
  const visible = cellsOf(places)[ROLES.indexOf(role)] as string;
  tally.lists += 1;
  for (const one of world.everywhere) {
    const isExpected = visible.includes(LETTERS[one.place]) && isAsked(world, row.sees, place, one.markers);
    if (said.text.includes(one.markers[marker]) === isExpected) continue;
    const where = `${labelOf(row)} at ${place} as ${role}`;
    tally.unexpected.push(`${where} ${isExpected ? 'does not see' : 'sees'} the ${marker} of ${one.place}`);
  }
}

/** Whether the call asks for what these markers stand for. */
function isAsked(world: World, { within }: NonNullable<Row['sees']>, place: PlaceName, markers: Markers): boolean {
  switch (within) {
    case undefined:
      return true;
    case 'its organization':
      return markers.organizationId === world.organizationId(place);
    case 'its team':
      return markers.teamId === world.teamId(place);
    default:
      return markers === world.markers[within];
  }
}
