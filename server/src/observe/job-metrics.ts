import type { MetricFamilies } from './metric-families.ts';

/** The state of background jobs, as each process that runs them sees it. Job names are a closed list. */
export interface JobReadings {
  /** The number of sums that did not agree with the ledger: not corrected yet, and found in the last 24 hours. */
  readonly drifts: { readonly open: number; readonly lastDay: number };
  /** The lag of folding use into days and months, and the number of organizations whose earlier use is not folded yet. */
  readonly folds: { readonly behindMs: number; readonly unfilled: number };
  readonly deliveries: { readonly pending: number; readonly lost: number };
  /** The number of admin tokens that have no owner and still work. */
  readonly unownedTokens: number;
  readonly jobs: readonly {
    readonly name: string;
    readonly doneAtMs: number | null;
    readonly isFailing: boolean;
    readonly overdueMs: number;
  }[];
}

/** Adds the metrics of background jobs. Processes report the same values for all, so they aggregate by maximum, not sum. */
export function addJobs(families: MetricFamilies, { drifts, folds, deliveries, unownedTokens, jobs }: JobReadings): void {
  families.gauge('headgate_ledger_drift', 'Sums that differ from the ledger and are not corrected yet.', drifts.open, 'max');
  families.gauge(
    'headgate_ledger_drift_last_day',
    'Sums that were found to differ from the ledger in the last 24 hours.',
    drifts.lastDay,
    'max',
  );
  families.gauge(
    'headgate_folds_behind_seconds',
    'Age of the oldest usage that is not in the totals by day and month yet.',
    folds.behindMs / 1_000,
    'max',
  );
  families.gauge(
    'headgate_folds_unfilled',
    'Organizations whose earlier usage is not in the totals by day and month yet.',
    folds.unfilled,
    'max',
  );
  families.gauge(
    'headgate_alert_deliveries_pending',
    'Alert deliveries to webhooks and mailboxes that are pending.',
    deliveries.pending,
    'max',
  );
  families.gauge(
    'headgate_alert_deliveries_lost',
    'Alert deliveries that were given up in the last 24 hours.',
    deliveries.lost,
    'max',
  );
  families.gauge(
    'headgate_admin_tokens_unowned',
    'Admin tokens without an owner; each expires on its day unless a person takes it over.',
    unownedTokens,
    'max',
  );
  families.gauge(
    'headgate_job_failing',
    '1 if the last run of the job failed, else 0.',
    jobs.map(({ name, isFailing }) => [{ name }, isFailing ? 1 : 0]),
    'max',
  );
  families.gauge(
    'headgate_job_overdue_seconds',
    'How long a success of the job is due; 0 if none is.',
    jobs.map(({ name, overdueMs }) => [{ name }, overdueMs / 1_000]),
    'max',
  );
  families.gauge(
    'headgate_job_done_seconds',
    'Unix time at which the job last succeeded.',
    jobs.flatMap(({ name, doneAtMs }) => (doneAtMs === null ? [] : [[{ name }, doneAtMs / 1_000] as const])),
    'max',
  );
}
