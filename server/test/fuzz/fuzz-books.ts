/** What must be so whatever providers, names and headers were: every row a sum of whole numbers, and counters, rollups and ledger the same. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../prove/gateway.ts';
import { nanoUsd } from '../prove/limit-site.ts';
import type { Query } from '../prove/stored-rows.ts';
import type { FuzzSite } from './fuzz-site.ts';

/** What was answered as it should be, by the call's own id. */
export interface Expected {
  readonly nanoUsd: number;
  /** The team that admitted it. */
  readonly teamId: string | null;
}

/** One counter as the gateway says it. */
interface Counted {
  readonly what: string;
  readonly where: string;
  readonly unit: 'requests' | 'tokens' | 'nano_usd';
  readonly used: number;
}

interface Status {
  readonly rate_limits: readonly {
    readonly limit: string;
    readonly access_group: string | null;
    readonly target: string | null;
    readonly used: number;
    readonly held: number;
  }[];
  readonly budgets: readonly { readonly access_group: string | null; readonly spent: string; readonly held: string }[];
}

const SETTLED_MS_MAX = 30_000;

/** Everything that counts, once nothing is held; or what is held for ever. `groupNow`: the group of the model that is labelled. */
export async function countersOf(
  gateway: Gateway,
  site: FuzzSite,
  groupNow: string,
  problems: string[],
): Promise<readonly Counted[]> {
  const { mutated, victim, teams, mover } = site;
  const places: readonly (readonly [string, string])[] = [
    [`/organizations/${mutated.organizationId}`, `organization_id = '${mutated.organizationId}'`],
    ...teams.map((id) => [`/teams/${id}`, `team_id = '${id}'`] as const),
    ...[...mutated.keys, mover].map(({ id }) => [`/keys/${id}`, `key_id = '${id}'`] as const),
    [`/organizations/${victim.organizationId}`, `organization_id = '${victim.organizationId}'`],
    [`/keys/${victim.key.id}`, `key_id = '${victim.key.id}'`],
  ];
  const since = Date.now();
  const counted: Counted[] = [];
  for (const [place, where] of places) {
    let { status, held } = await read(gateway, place);
    while ((status === null || held > 0) && Date.now() - since < SETTLED_MS_MAX) {
      await sleep(100);
      ({ status, held } = await read(gateway, place));
    }
    if (status === null) problems.push(`${place}: its counters cannot be read`);
    else if (held > 0) problems.push(`${place}: ${held} is held for ever`);
    else counted.push(...countedIn(place, where, status, groupNow));
  }
  return counted;
}

async function read(gateway: Gateway, place: string): Promise<{ status: Status | null; held: number }> {
  const { status, body } = await gateway.ask<Status>('GET', `${place}/limits/status`);
  if (status !== 200) return { status: null, held: 0 };
  const held = [...body.rate_limits.map((rule) => rule.held), ...body.budgets.map((rule) => nanoUsd(rule.held))];
  return { status: body, held: held.reduce((sum, one) => sum + one, 0) };
}

function countedIn(place: string, where: string, { rate_limits, budgets }: Status, groupNow: string): Counted[] {
  const ofGroup = (group: string | null) =>
    group === null ? where : group === groupNow ? `${where} and called_name = 'labelled'` : 'false';
  const units = { rpd: 'requests', tpd: 'tokens' } as const;
  return [
    ...rate_limits.flatMap(({ limit, target, access_group, used }): Counted[] => {
      const unit = units[limit as 'rpd' | 'tpd'];
      return unit === undefined || target !== null
        ? []
        : [{ what: `${place} ${limit}`, where: ofGroup(access_group), unit, used }];
    }),
    ...budgets.map(({ access_group, spent }): Counted => {
      return {
        what: `${place} budget ${access_group ?? ''}`,
        where: ofGroup(access_group),
        unit: 'nano_usd',
        used: nanoUsd(spent),
      };
    }),
  ];
}

/** Rows whose money or tokens are no whole numbers within their bounds. */
const BAD_NUMBERS = `select count(*) as bad from ledger_entries where organization_id = any($of) and (
  nano_usd is null or nano_usd < 0 or nano_usd > 9007199254740991 or total_tokens < 0 or total_tokens > 1000000000
  or (kind = 'usage' and (total_tokens > 300000000 or greatest(input_tokens, output_tokens, cached_input_tokens, cache_write_tokens, reasoning_tokens) > 100000000))
  or least(input_tokens, output_tokens, cached_input_tokens, cache_write_tokens, reasoning_tokens) < 0
  or kind not in ('usage', 'estimated'))`;

export interface Books {
  readonly badMoney: number;
  readonly problems: readonly string[];
}

/** Compares everything that is stored with what was answered and counted. */
export async function booksOf(
  query: Query,
  site: FuzzSite,
  counted: readonly Counted[],
  expected: ReadonlyMap<string, Expected>,
): Promise<Books> {
  const organizations = `array['${site.mutated.organizationId}', '${site.victim.organizationId}']`;
  const problems: string[] = [];
  const [bad] = await query(BAD_NUMBERS.replace('$of', organizations));
  const badMoney = Number(bad?.bad);
  if (badMoney > 0) problems.push(`${badMoney} rows of the ledger hold no whole number within its bounds`);
  for (const { what, where, unit, used } of counted) {
    const sums = { requests: 'count', tokens: 'total_tokens', nano_usd: 'nano_usd' } as const;
    const table = unit === 'requests' ? `requests where status <> 'refused' and` : 'ledger_entries where';
    const [row] = await query(`select coalesce(sum(${sums[unit]}), 0) as owed from ${table} ${where}`);
    if (Number(row?.owed) !== used) problems.push(`${what}: the counter says ${used}, the ledger ${row?.owed}`);
  }
  problems.push(...(await rollupProblems(query, organizations)), ...(await rowProblems(query, organizations, expected)));
  return { badMoney, problems };
}

async function rollupProblems(query: Query, organizations: string): Promise<string[]> {
  const of = `organization_id = any(${organizations})`;
  const [row] = await query(`select
    (select coalesce(sum(nano_usd), 0) from ledger_entries where ${of}) as owed, (select coalesce(sum(spend_nano_usd), 0) from rollups where ${of}) as rolled,
    (select coalesce(sum(total_tokens), 0) from ledger_entries where ${of}) as tokens, (select coalesce(sum(total_tokens), 0) from rollups where ${of}) as rolled_tokens`);
  const isSame = row?.owed === row?.rolled && row?.tokens === row?.rolled_tokens;
  return isSame
    ? []
    : [`rollups say ${row?.rolled} and ${row?.rolled_tokens} tokens, the ledger ${row?.owed} and ${row?.tokens}`];
}

async function rowProblems(query: Query, organizations: string, expected: ReadonlyMap<string, Expected>): Promise<string[]> {
  const rows =
    await query(`select r.client_request_id as id, r.team_id, r.status, sum(l.nano_usd) as nano_usd, count(distinct r.request_id) as rows
    from requests r left join ledger_entries l using (organization_id, admitted_at, request_id)
    where r.organization_id = any(${organizations}) and r.client_request_id is not null and r.status <> 'refused' group by 1, 2, 3`);
  const byId = new Map(rows.map((row) => [String(row.id), row]));
  const problems: string[] = [];
  for (const [id, { nanoUsd: owed, teamId }] of expected) {
    const row = byId.get(id);
    if (row === undefined) problems.push(`${id} was answered and is not stored`);
    else if (Number(row.rows) !== 1 || row.status !== 'succeeded')
      problems.push(`${id} is stored ${row.rows} times, as ${row.status}`);
    else if (Number(row.nano_usd) !== owed) problems.push(`${id} costs ${owed} and was charged ${row.nano_usd}`);
    else if (teamId !== null && row.team_id !== teamId) problems.push(`${id} was charged to another team than admitted it`);
  }
  return problems;
}

/** Ids of our own rows that the database would not take: only what was poisoned may be among them. */
export function rejectedRows(dataDir: string): readonly string[] {
  const file = path.join(dataDir, 'rejected-rows.txt');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => /^E\t(req_01[0-9a-f]{30})\t/.exec(line)?.[1] ?? []);
}
