/**
 * Checks that the amounts owed, reported and counted against limits agree: Σ ledger = rollups = counters. Counters are compared
 * with the sums in the rollups. Where the rollups are wrong they are repaired first, and the next proof corrects the counters.
 */
import type { Counters, HeldReport } from '../counters/counters.ts';
import { type CounterSpec, counterOfBudget, rulesOfScope } from '../domain/limits/limit-plan.ts';
import { inUse } from '../store/alerts/budget-watch.ts';
import type { Apart } from '../store/apart.ts';
import { modelLimitsFrom, rateLimitsFrom } from '../store/configuration/policy-columns.ts';
import type { Database } from '../store/database.ts';
import { correctFold } from '../store/folds/folds.ts';
import { activeAfter } from '../store/tenancy/active-organizations.ts';
import type { OrganizationRow } from '../store/tenancy/organizations.ts';
import * as drifts from '../store/usage/drifts.ts';
import { hoursOf, repairCoarser, repairQuarters, repairUnits, rollupDrifts } from '../store/usage/rollup-proof.ts';
import type { Span } from '../store/usage/usage-rows.ts';
import type { Announcer } from './alerts/announce.ts';
import { DamagedRows } from './damaged-rows.ts';
import { goOn, type Job, type JobContext } from './job.ts';
import { type CountersHeld, proveCounters } from './prove-counters.ts';
import { type CompareHeld, proveSlots } from './prove-held.ts';
import { readable } from './readable.ts';

export interface ProofOptions {
  readonly counters: Counters;
  readonly held: CountersHeld;
  /** Compares, over all replicas, the requests that hold something with those in flight. Rejects while that cannot be read. */
  readonly holds: () => HeldReport | Promise<HeldReport>;
  /** Null if the counters are this process's own: then only its own requests in flight can hold something. */
  readonly compareHeld: CompareHeld | null;
  readonly announcer: Announcer;
  /** Schedules the repair of the rollups. */
  readonly repair: () => Promise<unknown>;
  /** Shorter in tests. */
  readonly settleMs?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOURS = 2;
const ORGANIZATIONS_AT_ONCE = 500;
/** Longer than an idle counter is kept. A counter that was evicted reads the ledger when it is next needed. */
const IN_USE_MS = 75 * 60_000;
const WHOLE_DAYS = 3;

/** Checks the rollups of the last hours and every counter in use. Corrects counters; the repair job corrects rollups. */
export function proofJob(options: ProofOptions): Job {
  return {
    name: 'proof',
    about:
      'Compares counters and rollups with the ledger, and corrects the counters. Compares holds with the requests in flight.',
    cron: '*/15 * * * *',
    run: async (context) => {
      const passedOver = new DamagedRows();
      const days = await noteRollupDrifts(context, passedOver);
      const units = await repairUnits(context.database.db, { span: lastHours(context.clock.nowMs()) });
      passedOver.add(units.passedOver);
      let [compared, corrected, slots, after] = [0, 0, 0, ''];
      for (;;) {
        goOn(context);
        const { db, nowMs } = { db: context.database.db, nowMs: context.clock.nowMs() };
        const rows = await activeAfter(db, { sinceMs: nowMs - IN_USE_MS, after, most: ORGANIZATIONS_AT_ONCE });
        const proven = await proveCounters({ db, nowMs, ...options }, await countersOf(db, rows, nowMs));
        compared += proven.compared;
        corrected += proven.corrected;
        if (options.compareHeld !== null) {
          const sources = { db, nowMs, compareHeld: options.compareHeld };
          slots += await proveSlots(sources, rows, new Date(nowMs - IN_USE_MS));
        }
        if (rows.length < ORGANIZATIONS_AT_ONCE) break;
        after = (rows.at(-1) as OrganizationRow).id;
      }
      if (days > 0) await options.repair();
      if (corrected + days > 0) await announce(context, options.announcer, { counters: corrected, rollup_days: days });
      const holds = holdsSentence(await options.holds(), slots);
      return `Compared ${compared} counters and ${HOURS} hours of rollups with the ledger: ${corrected} counters corrected, ${days} days of rollups differ, ${units.done.length} sums of units corrected. ${holds}${passedOver.tell(context)}`;
    },
  };
}

/** Returns a sentence for the summary. `slots`: how many counters of requests in flight were wrong. */
function holdsSentence({ held, inFlight, difference }: HeldReport, slots: number): string {
  return `Requests with a hold: ${held}, in flight: ${inFlight}, difference: ${difference}; ${slots} counters of requests in flight corrected.`;
}

/**
 * Notes each organization whose rollups of the last hours differ, under the day of those hours. Returns the number of days for
 * which one is new.
 */
async function noteRollupDrifts({ database: { db }, clock }: JobContext, passedOver: DamagedRows): Promise<number> {
  const nowMs = clock.nowMs();
  const fresh = new Set<string>();
  for (const span of byDay(lastHours(nowMs))) {
    const subject = new Date(span.fromMs).toISOString().slice(0, 10);
    for (const { organizationId, ledgerNanoUsd, rollupsNanoUsd } of await rollupDrifts(db, span)) {
      const drift = { organizationId, kind: 'rollups', subject, found: rollupsNanoUsd, ledger: ledgerNanoUsd } as const;
      await passedOver.unlessDamaged(organizationId, async () => {
        if ((await drifts.note(db, drift, new Date(nowMs))) === null) fresh.add(subject);
        return true;
      });
    }
  }
  return fresh.size;
}

/** Splits a span of at most a day at midnight UTC. */
function byDay({ fromMs, toMs }: Span): readonly Span[] {
  const midnightMs = Math.ceil(fromMs / DAY_MS) * DAY_MS;
  if (midnightMs === fromMs || midnightMs >= toMs) return [{ fromMs, toMs }];
  return [
    { fromMs, toMs: midnightMs },
    { fromMs: midnightMs, toMs },
  ];
}

/** Returns the hours that the proof compares: the current one and the whole ones before it. */
function lastHours(nowMs: number): Span {
  const toMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS + HOUR_MS;
  return { fromMs: toMs - (HOURS + 1) * HOUR_MS, toMs };
}

/** Returns the counters to compare, each once: organizations' day limits and budgets, and the budgets in use inside them. */
async function countersOf(db: Database, rows: readonly OrganizationRow[], nowMs: number): Promise<readonly CounterSpec[]> {
  const since = new Date(nowMs - IN_USE_MS);
  const budgets = await inUse(
    db,
    rows.map((row) => row.id),
    { usedSince: since, changedSince: since },
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const zoneOf = (organizationId: string) => byId.get(organizationId)?.timeZone ?? 'UTC';
  const limits = rows.flatMap((row) => readable(() => limitCountersOf(row, nowMs), []));
  const spend = budgets.flatMap(({ budget, ...scope }) =>
    readable(() => [counterOfBudget(scope, budget, { timeZone: zoneOf(scope.organizationId), nowMs })], []),
  );
  return [...new Map([...limits, ...spend].map((spec) => [spec.name, spec])).values()];
}

function limitCountersOf(row: OrganizationRow, nowMs: number): readonly CounterSpec[] {
  const policy = { rateLimits: rateLimitsFrom(row.rateLimits), modelLimits: modelLimitsFrom(row.modelLimits), budgets: [] };
  return rulesOfScope({ organizationId: row.id, scope: 'organization', scopeId: row.id }, policy, row.timeZone, nowMs).counters;
}

async function announce(
  { database, clock }: JobContext,
  announcer: Announcer,
  data: Readonly<Record<string, number>>,
): Promise<void> {
  const at = new Date(clock.nowMs());
  await database.db.transaction((tx) =>
    announcer.announce(tx, { organizationId: null, teamId: null, type: 'ledger.drift', data, at }),
  );
}

/** Repairs rollups. `logDaysMax`: the most days for which the installation keeps request-log rows; null: no limit. */
export function repairJob({ logDaysMax }: { readonly logDaysMax: number | null }): Job {
  return {
    name: 'rollup-repair',
    about:
      'Compares the rollups of the last three days, and of days found wrong, with the ledger, and corrects those that differ.',
    cron: '41 2 * * *',
    run: async (context) => {
      const { database, clock } = context;
      const today = Math.floor(clock.nowMs() / DAY_MS) * DAY_MS;
      const recent = Array.from({ length: WHOLE_DAYS }, (_, back) => new Date(today - back * DAY_MS).toISOString().slice(0, 10));
      const days = new Set([...(await drifts.openSubjects(database.db, 'rollups')), ...recent]);
      const all = new DamagedRows();
      let rows = 0;
      for (const day of days) {
        const ofDay = new DamagedRows();
        rows += await repairDay(context, Date.parse(`${day}T00:00:00Z`), logDaysMax, ofDay);
        all.add(ofDay.names);
        await drifts.close(database.db, { kind: 'rollups', subject: day, but: ofDay.names }, new Date(clock.nowMs()));
      }
      return `Compared ${days.size} days: ${rows} rows corrected.${all.tell(context)}`;
    },
  };
}

async function repairDay(
  context: JobContext,
  dayMs: number,
  logDaysMax: number | null,
  passedOver: DamagedRows,
): Promise<number> {
  const { db } = context.database;
  const told = ({ done, passedOver: names }: Apart<string>) => {
    passedOver.add(names);
    return done;
  };
  let rows = 0;
  const moved = new Set<string>();
  for (const span of hoursOf(dayMs)) {
    goOn(context);
    const quarters = told(await repairQuarters(db, { span, logDaysMax, at: new Date(context.clock.nowMs()) }));
    for (const organizationId of quarters) moved.add(organizationId);
    rows += quarters.length + told(await repairUnits(db, { span })).length;
  }
  // The folds of those quarters hold the sums from before the repair.
  const span = { fromMs: dayMs, toMs: dayMs + DAY_MS };
  for (const organizationId of moved) await passedOver.unlessDamaged(organizationId, () => correctFold(db, organizationId, span));
  return rows + told(await repairCoarser(db, { span })).length;
}
