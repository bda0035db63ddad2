/** Twenty thousand counters that ask for their past while rows are settled and stored, in one process; and what a batch costs the writer. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openJournal } from '../../src/boot/open-journal.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { CounterSpec, LimitPlan } from '../../src/domain/limits/limit-plan.ts';
import { periodAt } from '../../src/domain/limits/period.ts';
import { STORE_LINES } from '../../src/ledger/ledger-statement.ts';
import { createLedgerWriter } from '../../src/ledger/ledger-writer.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { requestId, restampRequestId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { foldBack, foldForward } from '../../src/store/folds/folds.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { createCounterPast } from '../../src/store/past/counter-past.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { temporaryDirectory } from './gateway.ts';
import { type ProveResult, unmet } from './prove.ts';

const ORGANIZATION = 'org_cold_load';
const ANSWERS_A_SECOND = 2_450;
const PAST_NANO_USD = 7_000;
const QUARTER_MS = 900_000;
const DAY_MS = 96 * QUARTER_MS;

/** As many first answers a second as there are, with every row counted once. */
export async function coldUnderLoad(database: OpenDatabase, quick: boolean): Promise<ProveResult> {
  const [count, rate] = quick ? [1_000, 500] : [20_000, 5_000];
  const directory = temporaryDirectory();
  mkdirSync(path.join(directory, 'journal'), { recursive: true });
  const journal = await openJournal({
    directory: path.join(directory, 'journal'),
    installationId: 'prove',
    bytesMax: 1024 ** 3,
    onEvent: () => {},
    onDefect: (error) => {
      throw error;
    },
  });
  const { db, kind, pool } = database;
  await pool.query(`insert into organizations (id, slug, name) values ('${ORGANIZATION}', 'cold-load', 'Cold load')`);
  // Each key was used the day before, and that is folded.
  const pastMs = Math.floor((Date.now() - DAY_MS) / QUARTER_MS) * QUARTER_MS;
  await pool.query(
    `insert into rollups (organization_id, bucket_start, team_id, key_id, called_name, admitted, total_tokens, spend_nano_usd)
    select '${ORGANIZATION}', $2::timestamptz, 'team_1', 'key_cold_' || n, 'gpt-5', 1, 30, ${PAST_NANO_USD}
    from generate_series(0, $1::integer - 1) as n`,
    [count, new Date(pastMs)],
  );
  while ((await foldForward(db, { organizationId: ORGANIZATION, nowMs: Date.now() })) === 'more');
  while ((await foldBack(db, { organizationId: ORGANIZATION })) === 'more');
  const writer = createLedgerWriter({
    ...{ database, partitions: newPartitions(db, kind), source: journal, clock: systemClock },
    ...{ rejectsPath: path.join(directory, 'rejected.txt'), onEvent: () => {} },
  });
  const past = createCounterPast({ db, follow: () => writer.follow(), groupsOf: () => new Set() });
  const counters = createMemoryCounters({ clock: systemClock, seedFrom: past.ask, patience: past.patience });
  const settle = (keyId: string) => {
    const plan = planOf(keyId);
    const id = requestId();
    const result = counters.hold(id, plan, { tokens: 30, nanoUsd: 1_000, nanoUsdMin: 1_000 });
    if (result instanceof Promise || !result.admitted) return;
    const named = { requestId: restampRequestId(id, result.atMs), admittedAtMs: result.atMs, organizationId: ORGANIZATION };
    journal.end(givenEnd({ ...named, teamId: 'team_1', keyId, entries: [givenEntry({ usage: { input: 30 }, nanoUsd: 1_000 })] }));
    journal.afterWrite(() => void counters.settle(result.hold, { tokens: 30, nanoUsd: 1_000 }, plan), id);
  };
  await counters.hold('warm', planOf('key_load'), { tokens: 0, nanoUsd: 0, nanoUsdMin: 0 });
  const [loadedMs, due] = [performance.now(), { made: 0 }];
  const load = setInterval(() => {
    for (; due.made < ((performance.now() - loadedMs) * rate) / 1_000; due.made += 1) settle('key_load');
  }, 10);
  await sleep(quick ? 300 : 2_000);
  const startedMs = performance.now();
  const asked = Array.from({ length: count }, (_, n) => counters.read(planOf(`key_cold_${n}`).counters));
  const outcomes = await Promise.allSettled(asked);
  const tookMs = performance.now() - startedMs;
  clearInterval(load);
  await sleep(50);
  const loaded = await counters.read(planOf('key_load').counters);
  await writer.stop(60_000);
  await journal.close();
  const failed = outcomes.filter(({ status }) => status === 'rejected').length;
  const { rows } = await pool.query<{ spent: number; rows: number }>(
    `select coalesce(sum(nano_usd), 0)::float8 as spent, count(*)::float8 as rows from ledger_entries where organization_id = '${ORGANIZATION}'`,
  );
  const [row] = rows as [{ spent: number; rows: number }];
  // The organization's counter was asked for in the middle of it, and counted on by itself.
  const before = pastMs >= periodNow().startMs ? PAST_NANO_USD : 0;
  const wrong = outcomes.filter((one) => one.status === 'fulfilled' && one.value.used[2] !== before).length;
  const isExact = loaded.used[0] === row.spent + count * before && wrong === 0;
  const aSecond = (1_000 * count) / tookMs;
  const details = unmet({
    'every cold key was answered': failed === 0,
    'every counter is exact': isExact,
    [`at least ${ANSWERS_A_SECOND} first answers a second`]: quick || aSecond >= ANSWERS_A_SECOND,
  });
  return {
    holds: details.length === 0,
    details,
    figure:
      `${count} cold keys under ${rate} rows/s (${row.rows} stored): ${failed} unanswered, ${wrong} wrong, ${aSecond.toFixed(0)} first answers/s` +
      `${quick ? '' : ` ≥ ${ANSWERS_A_SECOND}`}, the organization counted ${isExact ? 'exactly' : `${loaded.used[0]} of ${row.spent + count * before}`}`,
  };
}

function periodNow() {
  return periodAt({ is: 'month', anchorDay: 1 }, 'UTC', Date.now());
}

function planOf(keyId: string): LimitPlan {
  const { startMs, endMs } = periodNow();
  const window = { is: 'calendar', boundariesMs: [startMs, endMs] } as const;
  const of = (scope: CounterSpec['scope'], scopeId: string): CounterSpec => ({
    ...{ name: `${scopeId}|nano_usd|any|month`, organizationId: ORGANIZATION, scope, scopeId, unit: 'nano_usd' },
    ...{ match: { is: 'any' }, window },
  });
  const counters = [of('organization', ORGANIZATION), of('team', 'team_1'), of('key', keyId)];
  return { organizationId: ORGANIZATION, counters, rules: [], validUntilMs: endMs, shapeId: 'cold' } as unknown as LimitPlan;
}

const ADDED_TO_ANSWER =
  /, pg_current_xact_id\(\)::text as xid,\s+\(extract\(epoch from clock_timestamp\(\)\) \* 1000\)::float8 as at_ms/;

/** The statement of the writer beside what it was: the same but for two columns of its answer. */
export async function statementRatio(database: OpenDatabase, quick: boolean): Promise<ProveResult> {
  const before = STORE_LINES.replace(ADDED_TO_ANSWER, '');
  if (before === STORE_LINES) return { holds: false, figure: 'the statement is another one: this prove must learn what it was' };
  const [rounds, rows] = quick ? [8, 100] : [60, 1_000];
  const tookMs = new Map([
    [before, [] as number[]],
    [STORE_LINES, [] as number[]],
  ]);
  for (let round = 0; round < rounds; round += 1) {
    for (const text of round % 2 === 0 ? [before, STORE_LINES] : [STORE_LINES, before]) {
      const lines = Array.from({ length: rows }, (_, n) => endLine(recordOf(n)).trimEnd()).join('\n');
      const startedMs = performance.now();
      await database.pool.query(text, [lines]);
      tookMs.get(text)?.push(performance.now() - startedMs);
    }
  }
  const [one, other] = [...tookMs.values()].map((all) => all.toSorted((a, b) => a - b)[all.length >> 1] as number) as [
    number,
    number,
  ];
  return {
    holds: quick || other / one <= 1.05,
    figure: `a batch of ${rows} rows ${other.toFixed(1)} ms, ${(other / one).toFixed(3)} × the statement before${quick ? '' : ' ≤ 1.05'}`,
  };
}

function recordOf(n: number) {
  return givenEnd({ organizationId: 'org_ratio', keyId: `key_${n % 50}`, admittedAtMs: Date.now() });
}
