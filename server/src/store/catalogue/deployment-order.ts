/** The orders of the list of deployments: by time, by name, and by the attempts of the last hour. */
import { type SQL, sql } from 'drizzle-orm';
import { type AttemptCounts, type DeploymentState, deploymentState } from '../../domain/routing/deployment-state.ts';
import { type ListSort, listOrder } from '../named-list.ts';
import type { Keyset, KeysetValue } from '../paging.ts';
import { deployments } from '../schema.ts';

export const DEPLOYMENT_SORTS = [
  'created_at',
  '-created_at',
  'model',
  '-model',
  'error_rate',
  '-error_rate',
  'state',
  '-state',
] as const;
export type DeploymentSort = (typeof DEPLOYMENT_SORTS)[number];

/** The attempts of each deployment that had some, by id. */
export type CountsById = ReadonlyMap<string, AttemptCounts>;

/** An order of the list. `last` is selected with each row, and `keyOf` makes the row's cursor of it. */
export interface DeploymentOrder {
  readonly keyset: Keyset;
  readonly last: SQL<string | number>;
  /** The figures that the order needs beside the table, as `scored(of, score)`. */
  readonly scored: SQL;
  keyOf(last: string | number, id: string): readonly KeysetValue[];
}

const PPM = 1_000_000;
/** From the best to the worst, so that descending order begins with what needs attention. */
const SEVERITY: Readonly<Record<DeploymentState, number>> = { unused: 0, in_service: 1, degraded: 2, failing: 3 };

/** Reports whether an order needs the attempts. */
export function needsCounts(sort: DeploymentSort): boolean {
  return sort.endsWith('error_rate') || sort.endsWith('state');
}

/** Returns the order. An order by attempts is that of the moment: a deployment whose rate changes may move between two pages. */
export function deploymentOrder(sort: DeploymentSort, counts: CountsById): DeploymentOrder {
  const columns = { id: deployments.id, name: deployments.model };
  if (!needsCounts(sort)) {
    const order = listOrder('deployments', sort.replace('model', 'name') as ListSort, columns);
    return {
      ...order,
      last: order.lowerName,
      scored: scoredBy(new Map(), () => 0),
      keyOf: (last, id) => order.keyOf({ id, lowerName: String(last) }),
    };
  }
  const name = sort.replace('-', '');
  const score = sql<number>`coalesce(scored.score, ${name === 'state' ? 0 : -1})`;
  return {
    keyset: { name: `deployments.${name}`, direction: sort.startsWith('-') ? 'desc' : 'asc', columns: [score, deployments.id] },
    last: score,
    scored: scoredBy(counts, name === 'state' ? severityOf : rateOf),
    keyOf: (last, id) => [Number(last), id],
  };
}

function scoredBy(counts: CountsById, scoreOf: (counts: AttemptCounts) => number): SQL {
  const scores = [...counts.values()].map(scoreOf);
  return sql`unnest(${sql.param([...counts.keys()])}::text[], ${sql.param(scores)}::integer[]) as scored(of, score)`;
}

/** Returns the share of failed attempts in millionths. */
export function rateOf({ attempts, errors }: AttemptCounts): number {
  return attempts <= 0 ? -1 : Math.round((errors / attempts) * PPM);
}

/** Returns the state and, within one state, the share of failed attempts as one number. */
function severityOf(counts: AttemptCounts): number {
  return SEVERITY[deploymentState(counts)] * 2 * PPM + Math.max(0, rateOf(counts));
}

/** The part of a filter that depends on attempts. */
export interface AttemptFilter {
  readonly state?: DeploymentState | undefined;
  /** The least share of failed attempts, from 0 to 1. Deployments without attempts have none. */
  readonly errorRateMin?: number | undefined;
}

/** Returns the condition for deployments in a state, and with at least a rate of errors. Undefined if neither is asked. */
export function attemptCondition({ state, errorRateMin }: AttemptFilter, counts: CountsById): SQL | undefined {
  if (state === undefined && errorRateMin === undefined) return undefined;
  const matches = (one: AttemptCounts) =>
    (state === undefined || deploymentState(one) === state) && (errorRateMin === undefined || rateOf(one) >= errorRateMin * PPM);
  if (state !== 'unused' || errorRateMin !== undefined) {
    const ids = [...counts].filter(([, one]) => matches(one)).map(([id]) => id);
    return sql`${deployments.id} = any(${sql.param(ids)}::text[])`;
  }
  const used = [...counts].filter(([, one]) => !matches(one)).map(([id]) => id);
  return sql`${deployments.id} <> all(${sql.param(used)}::text[])`;
}
