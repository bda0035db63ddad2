import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AttemptRecord, attemptsText } from '../src/domain/usage/attempt.ts';
import type { Journal } from '../src/ledger/journal.ts';
import { STORE_LINES, STORE_STATEMENTS } from '../src/ledger/ledger-statement.ts';
import {
  createLedgerWriter,
  type LedgerEvent,
  type LedgerWriter,
  type LedgerWriterOptions,
} from '../src/ledger/ledger-writer.ts';
import { endLine } from '../src/ledger/lines.ts';
import type { EndRecord } from '../src/ledger/records.ts';
import { requestId } from '../src/lib/id.ts';
import { systemClock } from '../src/lib/timing/clock.ts';
import { newPartitions } from '../src/store/partitions.ts';
import { anyEnd } from './support/any-record.ts';
import { type GivenDatabase, onEveryDatabase } from './support/database.ts';
import { openTestJournal, temporaryDirectory, written } from './support/journals.ts';
import { givenBegin, givenEnd, givenEntry, givenRefusal, lineBeforeUnits, TEST_TIME_MS } from './support/records.ts';

interface Bench {
  readonly journal: Journal;
  readonly writer: LedgerWriter;
  readonly events: LedgerEvent[];
  readonly rejectsPath: string;
  readonly directory: string;
}

async function settle(
  given: GivenDatabase,
  options: Partial<LedgerWriterOptions> = {},
  directory = temporaryDirectory(),
): Promise<Bench> {
  const { journal } = await openTestJournal(directory);
  const events: LedgerEvent[] = [];
  const rejectsPath = join(directory, 'rejected.log');
  const writer = createLedgerWriter({
    database: given(),
    partitions: newPartitions(given().db, given().kind),
    source: journal,
    clock: systemClock,
    rejectsPath,
    onEvent: (event) => events.push(event),
    everyMs: 5,
    ...options,
  });
  return { journal, writer, events, rejectsPath, directory };
}

async function stored(bench: Bench, ends: readonly EndRecord[]): Promise<void> {
  for (const end of ends) bench.journal.end(end);
  await bench.writer.stop(20_000);
  expect(bench.writer.lag()).toMatchObject({ rows: 0, database: 'ok' });
}

onEveryDatabase('the ledger writer', (given) => {
  const query = async (text: string) => (await given().pool.query(text)).rows;
  beforeEach(async () => {
    await query(
      'truncate request_records, ledger_records, request_content, rollups, unit_rollups, tag_rollups, attempt_rollups, attribution_rollups, usage_names, usage_name_counts, decision_shapes',
    );
  });

  test('the oldest row is as old as it is, however long there has always been one', async () => {
    const { journal, writer } = await settle(given, { everyMs: 20 });
    let oldestMs = 0;
    const sinceMs = performance.now();
    while (performance.now() - sinceMs < 4_000) {
      journal.end(givenEnd());
      await sleep(2);
      // The first statements of a process take longer.
      if (performance.now() - sinceMs > 2_000) oldestMs = Math.max(oldestMs, writer.lag().ageMs);
    }
    await writer.stop(20_000);
    expect(oldestMs).toBeGreaterThan(0);
    expect(oldestMs).toBeLessThan(1_500);
  });

  // promise: Ledger rows carry the called name.
  test('a request is one row of the log, its attempts are rows of the ledger, and both name who asked', async () => {
    const bench = await settle(given);
    const entries = [
      givenEntry({ kind: 'estimated', usage: { input: 5 }, nanoUsd: 7 }),
      givenEntry({
        attempt: 2,
        deploymentId: 'dep_02',
        provider: 'anthropic',
        usage: { input: 10, output: 3, audio_input: 4 },
        nanoUsd: 30,
      }),
    ];
    const end = givenEnd({
      entries,
      attempts: 2,
      deploymentId: 'dep_02',
      provider: 'anthropic',
      clientRequestId: 'mine',
      memberId: 'mem_1',
    });
    await stored(bench, [end]);
    expect(await query('select * from requests')).toEqual([
      expect.objectContaining({
        organization_id: 'org_01',
        request_id: end.requestId,
        admitted_at: new Date(end.admittedAtMs),
        client_request_id: 'mine',
        team_id: 'team_01',
        key_id: 'key_01',
        member_id: 'mem_1',
        service_account_id: 'svc_01',
        called_name: 'gpt-5-nano',
        status: 'succeeded',
        http_status: 200,
        code: null,
        endpoint: 'chat_completions',
        stream: false,
        deployment_id: 'dep_02',
        attempts: 2,
        finish_reason: 'stop',
        gateway_us: 300,
        provider_ms: 450,
        first_token_ms: null,
        input_tokens: '15',
        output_tokens: '3',
        total_tokens: '22',
        other_usage: { audio_input: 4 },
        nano_usd: '37',
        decision: 'shape:1,2,3',
        count: 1,
        repeat_ids: [],
      }),
    ]);
    const ledger = await query('select * from ledger_entries order by attempt');
    expect(ledger).toEqual([
      expect.objectContaining({
        attempt: 1,
        kind: 'estimated',
        deployment_id: 'dep_01',
        input_tokens: '5',
        nano_usd: '7',
        member_id: 'mem_1',
      }),
      expect.objectContaining({
        attempt: 2,
        kind: 'usage',
        provider: 'anthropic',
        total_tokens: '17',
        other_usage: { audio_input: 4 },
        called_name: 'gpt-5-nano',
      }),
    ]);
  });

  // promise: Elsewhere it passes, is settled at its price where there is one, and marks the row `partly_priced`
  test('what has no column is added up by unit, and what of it had no price; nothing else is written for other requests', async () => {
    const bench = await settle(given);
    const searched = { input: 10, output: 3, search: 2, cache_write_1h: 50 };
    await stored(bench, [
      givenEnd({ entries: [givenEntry({ usage: searched, unpricedUnits: 'search,beta:new', serviceTier: 'priority' })] }),
      givenEnd({
        entries: [
          givenEntry({ usage: { output: 1, search: 3 } }),
          givenEntry({ attempt: 2, usage: { search: 4 }, priceId: null, nanoUsd: null }),
          givenEntry({ attempt: 3, usage: { search: -1 }, kind: 'adjustment' }),
        ],
      }),
      givenEnd(),
    ]);
    expect(await query('select partly_priced, total_tokens::int, other_usage from requests order by total_tokens')).toEqual([
      { partly_priced: false, total_tokens: 1, other_usage: { search: 6 } },
      { partly_priced: false, total_tokens: 30, other_usage: null },
      { partly_priced: true, total_tokens: 63, other_usage: { search: 2, cache_write_1h: 50 } },
    ]);
    const tiers = await query(
      'select service_tier, unpriced_units, total_tokens::int from ledger_entries where unpriced_units is not null',
    );
    expect(tiers).toEqual([{ service_tier: 'priority', unpriced_units: 'search,beta:new', total_tokens: 63 }]);
    const units = await query('select * from unit_rollups order by unit');
    const whose = { organization_id: 'org_01', bucket_start: new Date(TEST_TIME_MS), team_id: 'team_01', key_id: 'key_01' };
    const where = {
      called_name: 'gpt-5-nano',
      deployment_id: 'dep_01',
      provider: 'openai',
      service_account_id: 'svc_01',
      member_id: '',
    };
    expect(units).toEqual([
      // Of the beta it is known that it was asked for, not how much of it was used.
      { ...whose, ...where, unit: 'beta', uses: '1', quantity: '1', unpriced_quantity: '1' },
      { ...whose, ...where, unit: 'cache_write_1h', uses: '1', quantity: '50', unpriced_quantity: '0' },
      { ...whose, ...where, unit: 'search', uses: '3', quantity: '8', unpriced_quantity: '6' },
    ]);
  });

  test('what had no price is added up by kind, whatever callers and providers named, also where the usage does not count it', async () => {
    const bench = await settle(given);
    const usage = { input: 1, output: 1, cache_write: 7 };
    const names = 'cache_write,service_tier:priority,beta:one,beta:two,tool:x,cache_write:2h,context_tier,mcp_servers';
    await stored(bench, [
      givenEnd({ entries: [givenEntry({ usage, unpricedUnits: names })] }),
      givenEnd({
        entries: [givenEntry({ usage, unpricedUnits: 'service_tier:drop table,beta:one' }), givenEntry({ attempt: 2 })],
      }),
      givenEnd({
        entries: [givenEntry({ kind: 'adjustment', usage: { cache_write: -2 }, unpricedUnits: 'cache_write,tool:x' })],
      }),
    ]);
    const rows = await query(
      'select unit, uses::int, quantity::int, unpriced_quantity::int as unpriced from unit_rollups order by unit',
    );
    const once = { uses: 1, quantity: 1, unpriced: 1 };
    expect(rows).toEqual([
      { unit: 'beta', uses: 2, quantity: 2, unpriced: 2 },
      { unit: 'cache_write', uses: 1, quantity: 5, unpriced: 5 },
      ...['context_tier', 'mcp_servers', 'other', 'service_tier', 'service_tier:priority', 'tool'].map((unit) => ({
        unit,
        ...once,
      })),
    ]);
  });

  test('the database does not take the statement for one worth compiling, which would take seconds for every batch', async () => {
    for (const statement of Object.values(STORE_STATEMENTS)) {
      const { rows } = await given().pool.query({ text: `explain (format json) ${statement}`, values: [Buffer.from('')] });
      expect(rows[0]['QUERY PLAN'][0].Plan['Total Cost']).toBeLessThan(60_000);
    }
  });

  test('tags are stored with their request, and added up once whatever is stored again; a batch may hold requests without', async () => {
    const ends = [
      givenEnd({ tags: ['eu', 'x'], tagRoute: '1.tabc' }),
      givenEnd({ entries: [givenEntry({ usage: { input: 1, search: 2 } })], tags: ['x'], tagRoute: '1.tabc' }),
      givenEnd(),
    ];
    for (const _ of [1, 2]) {
      const bench = await settle(given);
      for (const end of ends) bench.journal.end(end);
      await bench.writer.stop(20_000);
    }
    const rows = await query('select tags, tag_route from requests order by request_id');
    expect(rows).toEqual([
      { tags: ['eu', 'x'], tag_route: '1.tabc' },
      { tags: ['x'], tag_route: '1.tabc' },
      { tags: null, tag_route: null },
    ]);
    const sums = await query(
      'select tag, unit, requests::int, spend_nano_usd::int as spend, uses::int, quantity::int from tag_rollups order by tag, unit',
    );
    const line = (tag: string, requests: number, spend: number) => ({ tag, unit: '', requests, spend, uses: 0, quantity: 0 });
    const searches = (tag: string) => ({ tag, unit: 'search', requests: 0, spend: 0, uses: 1, quantity: 2 });
    expect(sums).toEqual([line('', 2, 2_000), searches(''), line('eu', 1, 1_000), line('x', 2, 2_000), searches('x')]);
    expect(await query('select requests::int from rollups')).toEqual([{ requests: 3 }]);
  });

  test('attempts are stored with their request; those that the rollups do not count are added up once, whatever is stored again', async () => {
    const at = { provider: 'openai', upstreamModel: 'gpt', notTried: [], dropped: [] };
    const failed = (deploymentId: string, more: Partial<AttemptRecord> = {}): AttemptRecord => ({
      ...{
        ...at,
        deploymentId,
        startedMs: 1,
        tookMs: 9,
        result: 'error',
        status: 503,
        code: 'unavailable',
        message: 'no \u001c',
      },
      ...{ next: 'fell_back', nextReason: 'other_candidate', waitMs: null, ...more },
    });
    const answered = { ...failed('dep_02'), result: 'answered', status: 200, code: null, message: null } as const;
    const nobody = { status: 'failed', deploymentId: null, provider: null, entries: [] } as const;
    const dep2 = { deploymentId: 'dep_02', provider: 'openai' };
    const [first, second] = [TEST_TIME_MS + 1_000, TEST_TIME_MS + 2_000];
    const ends = [
      // A fallback, with tags; two failures of one deployment; the caller's fault; a broken stream; an answer of the gateway's own.
      givenEnd({ ...dep2, attempts: 2, tried: [failed('dep_01'), answered], tags: ['eu'], tagRoute: '1.tabc' }),
      givenEnd({ ...nobody, admittedAtMs: first, attempts: 2, tried: [failed('dep_01'), failed('dep_01', { tookMs: 19 })] }),
      givenEnd({ ...nobody, admittedAtMs: second, attempts: 1, tried: [failed('dep_01', { code: 'caller', status: 400 })] }),
      givenEnd({ ...dep2, status: 'failed', tried: [failed('dep_02', { result: 'broken', status: 200 })] }),
      givenEnd({ ...dep2, attempts: 0, tried: [] }),
      givenEnd({ ...dep2 }),
    ];
    for (const _ of [1, 2]) {
      const bench = await settle(given);
      for (const end of ends) bench.journal.end(end);
      await bench.writer.stop(20_000);
    }
    const rows = await query('select request_id, tried from requests');
    for (const end of ends) {
      const text = end.tried ? attemptsText(end.tried) : null;
      expect(rows.find(({ request_id: id }) => id === end.requestId)?.tried).toBe(text);
    }
    const sums = `select deployment_id, provider, attempts::int, errors::int, caller_errors::int, last_error_request_id,
      (extract(epoch from last_error_at) * 1000)::float8 as last, (extract(epoch from first_fault_at) * 1000)::float8 as first_fault,
      (extract(epoch from last_fault_at) * 1000)::float8 as last_fault from attempt_rollups order by 1`;
    expect(await query(sums)).toEqual([
      {
        ...{ deployment_id: 'dep_01', provider: 'openai', attempts: 4, errors: 4, caller_errors: 1 },
        ...{
          last_error_request_id: ends[2]?.requestId,
          last: second + 10,
          first_fault: TEST_TIME_MS + 10,
          last_fault: first + 20,
        },
      },
      {
        ...{ deployment_id: 'dep_02', provider: 'openai', attempts: -1, errors: 1, caller_errors: 0 },
        ...{ last_error_request_id: ends[3]?.requestId, last: TEST_TIME_MS + 10 },
        ...{ first_fault: TEST_TIME_MS + 10, last_fault: TEST_TIME_MS + 10 },
      },
    ]);
    // With the rollups, every attempt that was made counts once: dep_02 answered twice and broke once.
    const [counted] = await query("select sum(admitted)::int as requests from rollups where deployment_id = 'dep_02'");
    expect(counted?.requests - 1).toBe(3);
    expect(await query('select tag, sum(requests)::int as requests from tag_rollups group by 1 order by 1')).toEqual([
      { tag: '', requests: 1 },
      { tag: 'eu', requests: 1 },
    ]);
  });

  test('a line of the version before, whose entries say nothing of tiers, is stored', async () => {
    const bench = await settle(given);
    const line = endLine(
      givenEnd({ entries: [givenEntry({ usage: { input: 3, audio_input: 4 } }), givenEntry({ attempt: 2 })] }),
    );
    const before = lineBeforeUnits(line);
    expect(before.length).toBe(line.length - 4);
    await given().pool.query({ text: STORE_LINES, values: [Buffer.from(before.slice(0, -1))] });
    await bench.writer.stop(20_000);
    const rows = await query('select nano_usd::int, service_tier, unpriced_units from ledger_entries order by attempt');
    expect(rows).toEqual([1, 2].map(() => ({ nano_usd: 1_000, service_tier: null, unpriced_units: null })));
    expect(await query('select unit, quantity::int from unit_rollups')).toEqual([{ unit: 'audio_input', quantity: 4 }]);
  });

  // promise: Rollups are per 15 minutes (there are zones at
  test('rollups add up admitted requests, tokens and spend per quarter of an hour, scope, called name and deployment', async () => {
    const bench = await settle(given);
    const quarter = 15 * 60_000;
    await stored(bench, [
      givenEnd({ admittedAtMs: TEST_TIME_MS }),
      givenEnd({ admittedAtMs: TEST_TIME_MS + quarter - 1 }),
      givenEnd({ admittedAtMs: TEST_TIME_MS + quarter }),
      givenEnd({ status: 'failed', httpStatus: 502, code: 'provider_error', entries: [] }),
      givenEnd({ status: 'estimated', entries: [givenEntry({ kind: 'estimated', nanoUsd: null })] }),
      givenRefusal({ count: 5, repeatIds: ['req_1', 'req_2', 'req_3', 'req_4'] }),
    ]);
    const rows = await query('select * from rollups order by bucket_start, deployment_id');
    const common = {
      organization_id: 'org_01',
      team_id: 'team_01',
      key_id: 'key_01',
      member_id: '',
      service_account_id: 'svc_01',
    };
    const first = { bucket_start: new Date(TEST_TIME_MS), called_name: 'gpt-5-nano' };
    expect(rows).toEqual([
      { ...rows[0], ...common, ...first, deployment_id: '', provider: '', refused_requests: '5', requests: '0', admitted: '0' },
      {
        ...rows[1],
        ...common,
        ...first,
        deployment_id: 'dep_01',
        provider: 'openai',
        requests: '3',
        estimated_requests: '1',
        refused_requests: '0',
        admitted: '4',
        input_tokens: '30',
        output_tokens: '60',
        total_tokens: '90',
        spend_nano_usd: '2000',
        unpriced_requests: '1',
      },
      {
        ...rows[2],
        ...common,
        bucket_start: new Date(TEST_TIME_MS + quarter),
        requests: '1',
        total_tokens: '30',
        spend_nano_usd: '1000',
      },
    ]);
  });

  // promise: Replay is `INSERT … ON CONFLICT DO NOTHING`, and balances move
  // promise: The ledger is unique on (organization_id, admitted_at, request_id, attempt, kind)
  test('storing the same rows again changes nothing', async () => {
    const ends = [givenEnd(), givenEnd(), givenRefusal()];
    await stored(await settle(given), ends);
    const before = await query('select * from rollups');
    await stored(await settle(given), [...ends, ...ends]);
    expect(await query('select * from rollups')).toEqual(before);
    expect(await query('select request_id from requests')).toHaveLength(3);
    expect(await query('select request_id from ledger_entries')).toHaveLength(2);
  });

  // promise: balances move in the same transaction, only for the rows inserted.
  test('a request that is stored already is not charged again as an estimate', async () => {
    const end = givenEnd();
    await stored(await settle(given), [end]);
    const estimate = givenEnd({ ...end, status: 'estimated', entries: [givenEntry({ kind: 'estimated', nanoUsd: 99_999 })] });
    await stored(await settle(given), [estimate]);
    expect(await query('select kind, nano_usd from ledger_entries')).toEqual([{ kind: 'usage', nano_usd: '1000' }]);
    expect(await query('select estimated_requests, spend_nano_usd from rollups')).toEqual([
      { estimated_requests: '0', spend_nano_usd: '1000' },
    ]);
  });

  test('two ends of one request in one batch are one request', async () => {
    const end = givenEnd();
    const other = { ...end, entries: [givenEntry({ kind: 'estimated' as const, nanoUsd: 5 })] };
    await stored(await settle(given), [end, other]);
    expect(await query('select kind, nano_usd from ledger_entries')).toEqual([{ kind: 'usage', nano_usd: '1000' }]);
  });

  // promise: Late actuals write an `adjustment`.
  test('what is learned late of an attempt stands beside it as an adjustment, and spend moves by the difference', async () => {
    const end = givenEnd({
      entries: [
        givenEntry({ kind: 'estimated', usage: { input: 10, output: 60 }, nanoUsd: 1_000 }),
        givenEntry({ kind: 'adjustment', usage: { output: -40 }, nanoUsd: -700 }),
      ],
    });
    await stored(await settle(given), [end]);
    await stored(await settle(given), [end]);
    expect(await query('select attempt, kind, output_tokens, nano_usd from ledger_entries order by kind desc')).toEqual([
      { attempt: 1, kind: 'estimated', output_tokens: '60', nano_usd: '1000' },
      { attempt: 1, kind: 'adjustment', output_tokens: '-40', nano_usd: '-700' },
    ]);
    expect(await query('select nano_usd, total_tokens from requests')).toEqual([{ nano_usd: '300', total_tokens: '30' }]);
    expect(await query('select distinct spend_nano_usd from rollups')).toEqual([{ spend_nano_usd: '300' }]);
  });

  // promise: The ledger is unique on (organization_id, admitted_at, request_id, attempt, kind); replay takes
  test('the ledger knows an entry by organization, admission, request, attempt and kind, and by nothing less', async () => {
    const end = givenEnd();
    const others = [
      end,
      givenEnd({ admittedAtMs: end.admittedAtMs }),
      givenEnd({ entries: [givenEntry(), givenEntry({ attempt: 2 })], attempts: 2 }),
      givenEnd({ entries: [givenEntry(), givenEntry({ kind: 'adjustment', nanoUsd: 1 })] }),
    ];
    await stored(await settle(given), others);
    await stored(await settle(given), [{ ...end, organizationId: 'org_02' }]);
    expect(await query('select request_id from ledger_entries')).toHaveLength(7);
    const keys = await query(`select indexdef from pg_indexes where tablename = 'ledger' and indexdef like 'CREATE UNIQUE%'`);
    expect(keys.map(({ indexdef }) => /\((.*)\)$/.exec(indexdef)?.[1])).toEqual([
      'organization_id, admitted_at, request_id, attempt, kind',
    ]);
  });

  test('sealed content and the rules of a shape are kept beside the row', async () => {
    const bench = await settle(given);
    bench.journal.shape('org_01', 'shape', '[{"id":"org_rpm","value":"tab\\tand \\"quote\\""}]');
    const content = Buffer.from([0, 1, 2, 255, 9, 10]);
    await stored(bench, [givenEnd({ content })]);
    expect((await query('select sealed from request_content'))[0]?.sealed).toEqual(content);
    expect(await query('select organization_id, shape_id, rules from decision_shapes')).toEqual([
      { organization_id: 'org_01', shape_id: 'shape', rules: [{ id: 'org_rpm', value: 'tab\tand "quote"' }] },
    ]);
  });

  // promise: Partitions are created at start and by the writer
  test('a row of any month finds its partition, made before it is stored', async () => {
    const months = [Date.UTC(2024, 1, 29, 23, 59), Date.UTC(2027, 11, 31), Date.UTC(2026, 5, 15)];
    await stored(
      await settle(given),
      months.map((admittedAtMs) => givenEnd({ admittedAtMs })),
    );
    const rows = await query('select admitted_at from requests order by admitted_at');
    expect(rows.map((row) => row.admitted_at.getTime())).toEqual(months.toSorted((a, b) => a - b));
  });

  test('whatever callers and providers put into their requests is stored, and sums agree everywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyEnd, { selector: (end) => end.requestId, maxLength: 20 }), async (ends) => {
        await query('truncate request_records, ledger_records, request_content, rollups, decision_shapes');
        const bounded = ends.map((end) => ({
          ...end,
          entries: end.entries.map((entry, i) => ({
            ...entry,
            attempt: i + 1,
            nanoUsd: entry.nanoUsd === null ? null : entry.nanoUsd % 1e12,
          })),
        }));
        const bench = await settle(given);
        await stored(bench, bounded);
        expect(existsSync(bench.rejectsPath) ? readFileSync(bench.rejectsPath, 'utf8') : '').toBe('');
        const owed = bounded.flatMap((end) => end.entries.map((entry) => entry.nanoUsd ?? 0)).reduce((a, b) => a + b, 0);
        const total = (column: string, table: string) => query(`select coalesce(sum(${column}), 0)::bigint as sum from ${table}`);
        expect((await total('nano_usd', 'ledger_entries'))[0]?.sum).toBe(String(owed));
        expect((await total('spend_nano_usd', 'rollups'))[0]?.sum).toBe(String(owed));
        expect((await total('total_tokens', 'rollups'))[0]?.sum).toBe((await total('total_tokens', 'ledger_entries'))[0]?.sum);
        expect((await total('total_tokens', 'requests'))[0]?.sum).toBe((await total('total_tokens', 'ledger_entries'))[0]?.sum);
        expect(await query('select 1 from requests')).toHaveLength(bounded.length);
      }),
      { numRuns: 15 },
    );
  });

  describe('a row the database refuses', () => {
    test('is set aside with the reason, is told, and holds nobody up', async () => {
      const bench = await settle(given);
      const poison = givenEnd({ httpStatus: Number.NaN });
      const impossible = givenEnd({ admittedAtMs: Date.UTC(2999, 0) });
      const ends = Array.from({ length: 300 }, (_, i) => (i === 123 ? poison : i === 7 ? impossible : givenEnd()));
      await stored(bench, ends);
      expect(await query('select 1 from requests')).toHaveLength(298);
      expect(await query('select sum(requests)::integer as requests from rollups')).toEqual([{ requests: 298 }]);
      expect(bench.writer.lag().rejected).toBe(2);
      expect(bench.events).toEqual([
        { is: 'rejected', requestId: impossible.requestId, message: expect.stringContaining('no partition') },
        { is: 'rejected', requestId: poison.requestId, message: expect.stringContaining('22P02') },
      ]);
      const rejects = readFileSync(bench.rejectsPath, 'utf8').split('\n');
      expect(rejects).toHaveLength(5);
      expect(rejects[3]).toContain(poison.requestId);
    });

    test('with a time that is none takes none of the rows behind it along', async () => {
      const bench = await settle(given);
      for (const admittedAtMs of [1e20, Number.NaN, -1]) {
        bench.journal.end(givenEnd({ admittedAtMs, requestId: requestId() }));
        await written(bench.journal);
      }
      const good = [givenEnd(), givenEnd(), givenEnd()];
      for (const end of good) {
        bench.journal.end(end);
        await written(bench.journal);
        await sleep(20);
      }
      await stored(bench, []);
      const rows = await query('select request_id from requests');
      expect(new Set(rows.map((row) => row.request_id))).toEqual(new Set(good.map((end) => end.requestId)));
      expect(bench.writer.lag().rejected).toBe(3);
    });

    test('is not an outage: a table that is missing is waited for, and no row is set aside', async () => {
      const bench = await settle(given);
      await query('alter table rollups rename to rollups_away');
      bench.journal.end(givenEnd());
      await expect.poll(() => bench.events.map((event) => event.is), { timeout: 15_000 }).toEqual(['unreachable']);
      await query('alter table rollups_away rename to rollups');
      await stored(bench, []);
      expect(bench.events.map((event) => event.is)).toEqual(['unreachable', 'back']);
      expect(await query('select 1 from requests')).toHaveLength(1);
    });
  });

  describe('a barrier', () => {
    test('sees everything settled before it, in the same turn too, and nothing settled after it', async () => {
      const bench = await settle(given);
      const count = async () => Number((await query('select count(*) from requests'))[0]?.count);
      const seen: Promise<number>[] = [];
      for (let i = 1; i <= 10; i++) {
        for (let k = 0; k < 3; k++) bench.journal.end(givenEnd());
        seen.push(
          bench.writer.barrier(async () => {
            // Settled while the work is under way: must not show, however long it takes.
            bench.journal.end(givenEnd());
            await sleep(10);
            return count();
          }, 20_000),
        );
        if (i % 4 === 0) await sleep(7);
      }
      const counts = await Promise.all(seen);
      await bench.writer.stop(20_000);
      // Each sees its own three a round; of the rows that earlier works settled, those that came before its call.
      expect(counts[0]).toBe(3);
      for (let i = 1; i < counts.length; i++) expect((counts[i] as number) - (counts[i - 1] as number)).toBeGreaterThanOrEqual(3);
      expect(counts[1]).toBe(6);
      expect(counts[2]).toBe(9);
      expect(counts[3]).toBe(12);
      expect(await count()).toBe(40);
    });

    test('seeds a counter exactly while requests settle around it', async () => {
      const bench = await settle(given);
      let settledAfter = 0;
      let isSeeding = false;
      let total = 0;
      const settleOne = () => {
        bench.journal.end(givenEnd());
        total += 1000;
        if (isSeeding) settledAfter += 1000;
      };
      for (let round = 0; round < 10; round++) {
        const running = setInterval(settleOne, 1);
        await sleep(10);
        settledAfter = 0;
        isSeeding = true;
        const seeded = await bench.writer.barrier(async () => {
          const rows = await query('select coalesce(sum(spend_nano_usd), 0)::bigint as spent from rollups');
          return Number(rows[0]?.spent);
        }, 20_000);
        expect(seeded + settledAfter).toBe(total);
        isSeeding = false;
        clearInterval(running);
      }
      await bench.writer.stop(20_000);
    });

    test('that takes too long rejects, and storing goes on', async () => {
      const bench = await settle(given);
      const hung = bench.writer.barrier(() => new Promise(() => {}), 50);
      await expect(hung).rejects.toThrow('took too long');
      await stored(bench, [givenEnd()]);
      expect(await query('select 1 from requests')).toHaveLength(1);
    });

    test('passes on what its work throws', async () => {
      const bench = await settle(given);
      await expect(bench.writer.barrier(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
      await bench.writer.stop(1_000);
      await expect(bench.writer.barrier(async () => 1)).rejects.toThrow('stopped');
    });
  });

  test('what an earlier run left in the journal is stored by the next, estimated requests included', async () => {
    const directory = temporaryDirectory();
    const { journal } = await openTestJournal(directory);
    const end = givenEnd();
    const lost = givenBegin();
    journal.begin(lost);
    journal.end(end);
    await written(journal);
    await journal.close();
    const bench = await settle(given, {}, directory);
    await bench.writer.stop(20_000);
    expect(await query('select request_id, status from requests order by status')).toEqual([
      { request_id: lost.requestId, status: 'estimated' },
      { request_id: end.requestId, status: 'succeeded' },
    ]);
    expect(await query('select requests, estimated_requests, admitted, spend_nano_usd from rollups')).toEqual([
      { requests: '1', estimated_requests: '1', admitted: '2', spend_nano_usd: '31000' },
    ]);
  });
});
