// Requests that were stored before the upgrade to narrow rows are read as before: lists, single requests, entries and sums of odd spans.
import { readFile } from 'node:fs/promises';
import { STORE_LINES } from '../../src/ledger/ledger-statement.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { requestId } from '../../src/lib/id.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { findLedgerRows, findRequest, listRequests, type RequestFilter } from '../../src/store/usage/request-log.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import { startPostgres } from '../support/postgres.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

const ROWS = { full: 2_000_000, quick: 40_000 };
const ROWS_AT_ONCE = 100_000;
const SPAN_MS = 40 * 86_400_000;
const END_MS = Date.UTC(2026, 3, 11);
/** The last migration of the version before. */
const LAST_BEFORE = '0020_master_key';
const LIST_MS_MAX = 100;
const MIGRATION_SECONDS_MAX = 5;
const FOLDER = new URL('../../src/store/migrations/', import.meta.url);

/** Fills a database of the version before, upgrades it, and asks it what it held. */
export async function rowsFromBefore({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  const database = openDatabase({ url: postgres.url, statementTimeoutMs: 600_000 });
  try {
    const count = quick ? ROWS.quick : ROWS.full;
    doing(`filling ${count} rows`);
    await fill(database, count);
    doing('upgrading');
    const beganMs = performance.now();
    await migrate(database);
    const seconds = (performance.now() - beganMs) / 1_000;
    await newPartitions(database.db, database.kind).ensure([END_MS - SPAN_MS, END_MS]);
    doing('comparing');
    await storeNew(database);
    const { asked, different, times } = await compare(database);
    const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;
    const details = [...different];
    if (seconds > MIGRATION_SECONDS_MAX) details.push(`the upgrade took ${seconds.toFixed(1)} s`);
    if (!quick && p95 > LIST_MS_MAX) details.push(`the p95 of a list is ${p95.toFixed(0)} ms`);
    const figure = `${count} rows from before the upgrade: ${asked} answers compared, ${different.length} different; upgraded in ${seconds.toFixed(1)} s, lists p95 ${p95.toFixed(0)} ms`;
    return { holds: details.length === 0, figure, details };
  } finally {
    await database.close();
    await postgres.stop();
  }
}

async function fill({ pool }: OpenDatabase, count: number): Promise<void> {
  const journal: { entries: { tag: string }[] } = JSON.parse(await readFile(new URL('meta/_journal.json', FOLDER), 'utf8'));
  await pool.query('create table schema_migrations (name text primary key, applied_at timestamptz(3) not null default now())');
  for (const { tag } of journal.entries) {
    if (tag > LAST_BEFORE) break;
    const text = await readFile(new URL(`${tag}.sql`, FOLDER), 'utf8');
    for (const statement of text.split('--> statement-breakpoint')) await pool.query(statement);
    await pool.query('insert into schema_migrations (name) values ($1)', [tag]);
  }
  for (let atMs = END_MS - SPAN_MS; atMs < END_MS + 31 * 86_400_000; atMs += 28 * 86_400_000) {
    const month = new Date(atMs).toISOString().slice(0, 7);
    const next = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)))).toISOString().slice(0, 7);
    for (const table of ['request_log', 'ledger', 'request_content']) {
      await pool.query(
        `create table if not exists ${table}_${month.replace('-', '_')} partition of ${table} for values from ('${month}-01 00:00:00+00') to ('${next}-01 00:00:00+00')`,
      );
    }
  }
  await pool.query(
    `insert into organizations (id, slug, name) select ${idOf('org', 'k')}, 'org-' || k, 'Organization ' || k from generate_series(0, 19) as k`,
  );
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    const rows = `from generate_series(${from}::bigint, ${Math.min(count, from + ROWS_AT_ONCE) - 1}::bigint) as r,
      lateral (select ${END_MS - SPAN_MS}::bigint + r * ${Math.floor(SPAN_MS / count)}::bigint as ms, md5(r::text) as h, r % 400 as k) as d`;
    await pool.query(`insert into request_log (organization_id, admitted_at, request_id, team_id, key_id, member_id, called_name, status, http_status, code,
        endpoint, stream, deployment_id, attempts, gateway_us, provider_ms, input_tokens, output_tokens, total_tokens, nano_usd, decision)
      select ${ORGANIZATION}, ${AT}, ${REQUEST}, ${TEAM}, ${KEY}, 'mem_' || lpad(to_hex(k), 12, '0') || '7000${'0'.repeat(16)}', 'model-' || r % 7,
        ${STATUS}, 200, case when r % 50 = 0 then 'provider_error' end, 'chat_completions', false, ${DEPLOYMENT}, 1, 300, 400, 10, r % 100, 10 + r % 100,
        1000 + r % 1000, '|o* t= k=|' ${rows}`);
    await pool.query(`insert into ledger (organization_id, admitted_at, request_id, attempt, kind, team_id, key_id, called_name, deployment_id, provider,
        upstream_model, input_tokens, output_tokens, total_tokens, nano_usd)
      select ${ORGANIZATION}, ${AT}, ${REQUEST}, 1, 'usage', ${TEAM}, ${KEY}, 'model-' || r % 7, ${DEPLOYMENT}, 'openai', 'gpt', 10, r % 100, 10 + r % 100,
        1000 + r % 1000 ${rows}`);
  }
  await pool.query('analyze request_log');
  await pool.query('analyze ledger');
}

const idOf = (prefix: string, number: string) => `'${prefix}_' || lpad(to_hex(${number}), 12, '0') || '7${'0'.repeat(19)}'`;
const ORGANIZATION = idOf('org', '(k % 20)');
const TEAM = idOf('team', '(k % 40)');
const KEY = idOf('key', 'k');
const DEPLOYMENT = idOf('dep', '(r % 5)');
const AT = `to_timestamp(0) + ms * interval '1 millisecond'`;
const REQUEST = `'req_' || lpad(to_hex(ms), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 5, 15)`;
const STATUS = `case when r % 50 = 0 then 'failed' when r % 31 = 0 then 'refused' else 'succeeded' end`;

const plainId = (prefix: string, number: number) => `${prefix}_${number.toString(16).padStart(12, '0')}7${'0'.repeat(19)}`;

/** Stores requests of this version after all others. */
async function storeNew({ pool }: OpenDatabase): Promise<void> {
  const lines = Array.from({ length: 500 }, (_, n) => {
    const admittedAtMs = END_MS + n;
    const whose = { organizationId: plainId('org', n % 20), teamId: plainId('team', n % 40), keyId: plainId('key', n % 400) };
    return endLine(givenEnd({ ...whose, admittedAtMs, requestId: requestId(admittedAtMs), entries: [givenEntry()] }));
  });
  await pool.query(STORE_LINES, [lines.join('').slice(0, -1)]);
}

interface Compared {
  readonly asked: number;
  readonly different: readonly string[];
  readonly times: readonly number[];
}

async function compare(database: OpenDatabase): Promise<Compared> {
  const different: string[] = [];
  const times: number[] = [];
  let asked = 0;
  const same = (what: string, found: unknown, wanted: unknown) => {
    asked += 1;
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      different.push(`${what}: ${JSON.stringify(found)?.slice(0, 200)}, and before ${JSON.stringify(wanted)?.slice(0, 200)}`);
  };
  for (const filter of FILTERS) await compareLists(database, filter, same, times);
  await compareRequests(database, same);
  await compareSums(database, same);
  return { asked, different, times };
}

type Same = (what: string, found: unknown, wanted: unknown) => void;

const organizationId = plainId('org', 3);
const FILTERS: readonly (RequestFilter & { readonly where: string })[] = [
  { where: 'true' },
  { where: `organization_id = '${organizationId}'`, organizationId },
  {
    where: `organization_id = '${organizationId}' and key_id = '${plainId('key', 23)}'`,
    organizationId,
    keyId: plainId('key', 23),
  },
  {
    where: `organization_id = '${organizationId}' and team_id = '${plainId('team', 3)}'`,
    organizationId,
    teamId: plainId('team', 3),
  },
  { where: `organization_id = '${organizationId}' and status = 'failed'`, organizationId, status: 'failed' },
  { where: `status = 'refused'`, status: 'refused' },
  { where: `code = 'provider_error'`, code: 'provider_error' },
  { where: `called_name = 'model-2'`, calledName: 'model-2' },
  { where: `deployment_id = '${plainId('dep', 4)}'`, deploymentId: plainId('dep', 4) },
  {
    where: `organization_id in ('${organizationId}', '${plainId('org', 4)}')`,
    reaches: [3, 4].map((n) => ({ is: 'organization' as const, organizationId: plainId('org', n) })),
  },
];

/** Three pages of what was stored before, for a reader who sees also what was stored after. */
async function compareLists(database: OpenDatabase, { where, ...filter }: (typeof FILTERS)[number], same: Same, times: number[]) {
  const { rows } = await database.pool.query(
    `select request_id from request_log where ${where} order by admitted_at desc, request_id desc limit 150`,
  );
  const wanted = rows.map((row) => row.request_id);
  const found: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 60 && found.length < wanted.length; page += 1) {
    const beganMs = performance.now();
    const read: Awaited<ReturnType<typeof listRequests>> = await listRequests(database.db, filter, { limit: 50, cursor });
    times.push(performance.now() - beganMs);
    cursor = read.nextCursor;
    found.push(...read.rows.filter((row) => row.admittedAt.getTime() < END_MS).map((row) => row.requestId));
    if (cursor === null) break;
  }
  same(where, found.slice(0, wanted.length), wanted);
}

async function compareRequests({ pool, db }: OpenDatabase, same: Same): Promise<void> {
  const { rows } =
    await pool.query(`select l.request_id, l.organization_id, l.key_id, l.status, l.total_tokens::int, l.nano_usd::int, e.deployment_id, e.nano_usd::int as owed
    from request_log l join ledger e using (organization_id, admitted_at, request_id) order by md5(l.request_id) limit 200`);
  for (const row of rows) {
    const found = await findRequest(db, { requestId: row.request_id });
    const [entry] = found === null ? [] : await findLedgerRows(db, found);
    const read = [
      found?.organizationId,
      found?.keyId,
      found?.status,
      found?.totalTokens,
      found?.nanoUsd,
      entry?.deploymentId,
      entry?.nanoUsd,
    ];
    same(row.request_id, read, [
      row.organization_id,
      row.key_id,
      row.status,
      row.total_tokens,
      row.nano_usd,
      row.deployment_id,
      row.owed,
    ]);
  }
}

/** What counters of each scope read for their trailing minutes: single rows. */
async function compareSums({ pool, db }: OpenDatabase, same: Same): Promise<void> {
  const window = { is: 'trailing', lengthMs: 60_000, slotMs: 1_000 } as const;
  const scopes = [
    ['organization', organizationId, `organization_id = '${organizationId}'`],
    ['team', plainId('team', 3), `team_id = '${plainId('team', 3)}'`],
    ['key', plainId('key', 23), `key_id = '${plainId('key', 23)}'`],
  ] as const;
  for (const [scope, scopeId, where] of scopes) {
    for (const unit of ['requests', 'tokens', 'nano_usd'] as const) {
      for (let step = 1; step <= 10; step += 1) {
        const [fromMs, toMs] = [END_MS - step * 86_400_000 - 12_345, END_MS - step * 86_400_000 + 1_234_567];
        const counter = { organizationId, scope, scopeId, match: { is: 'any' }, unit, window } as const;
        const points = await spendSince(db, counter as unknown as Parameters<typeof spendSince>[1], fromMs, toMs);
        const sum = { requests: 'count', tokens: 'total_tokens', nano_usd: 'nano_usd' }[unit];
        const of = unit === 'requests' ? `request_log where status <> 'refused' and` : 'ledger where';
        const { rows } =
          await pool.query(`select coalesce(sum(${sum}), 0)::float8 as sum from ${of} ${where} and organization_id = '${organizationId}'
          and admitted_at >= '${new Date(fromMs).toISOString()}' and admitted_at < '${new Date(toMs).toISOString()}'`);
        same(
          `${unit} of ${scope} ${step}`,
          points.reduce((total, { amount }) => total + amount, 0),
          rows[0].sum,
        );
      }
    }
  }
}
