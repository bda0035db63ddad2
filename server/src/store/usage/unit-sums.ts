/**
 * Usage in units without a column in the rollups: tokens of rarer buckets, and pieces such as searches and images. Like other
 * usage, it is read from whole quarters of an hour, and from single ledger rows at the ends of a span. So sums are exact for any
 * span.
 */
import { and, gte, inArray, lt, type SQL, type SQLChunk, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { hasAnyId, ledger, unitRollups } from '../schema.ts';
import { HAS_UNITS, UNITS_OF_ROW, USES } from './units-of-row.ts';
import { type Condition, cover, instantOf, ofEveryOrganization, QUARTER_MS, type Span, type Whose } from './usage-rows.ts';

/** The usage of one unit, in whole numbers. */
export interface UnitSum {
  /**
   * A bucket of tokens without a column (`cache_write_1h`), a piece (`search`), or something else without a price
   * (`service_tier:flex`).
   */
  readonly unit: string;
  /** Attempts that used it. */
  readonly uses: number;
  readonly quantity: number;
  /** The part of `quantity` that had no price. */
  readonly unpricedQuantity: number;
}

/**
 * Returns a subquery with `at`, the dimensions of the rollups (empty if absent), `unit`, `uses`, `quantity` and
 * `unpriced_quantity`.
 */
export function unitRows(span: Span, whose: Whose, conditions: readonly Condition[] = []): SQL {
  const parts = cover(span, [QUARTER_MS]).map(({ stepMs, ...part }) =>
    stepMs === null ? ofLedger(part, whose, conditions) : ofQuarters(part, whose, conditions),
  );
  return sql`(${sql.join(parts.length === 0 ? [ofQuarters(span, whose, conditions)] : parts, sql` union all `)})`;
}

/** The lines of a report, their key columns, and their unit rows. */
export interface LinesAndUnits {
  /** A statement with the columns `total_mark` and `keys`. */
  readonly lines: SQL;
  readonly keys: readonly SQLChunk[];
  /** A subquery with the columns `keys` and those of unitRows. */
  readonly units: SQL;
  /** The order of the lines, by their columns. */
  readonly order: SQL;
}

/** Returns the same lines in the same order with a column `units`, for unitSumsFrom. */
export function linesWithUnits({ lines, keys, units, order }: LinesAndUnits): SQL {
  const list = (parts: readonly SQLChunk[]) => sql.join([...parts], sql`, `);
  const mark = keys.length === 0 ? sql`1` : sql`grouping(${list(keys)})`;
  // Compare as text, empty for a total, so that PostgreSQL can use a hash join.
  const same = keys.map((key) => sql`coalesce(lines.${key}::text, '') = coalesce(used.${key}::text, '')`);
  return sql`select lines.*, used.units from (${lines}) as lines left join (
      select ${list([sql`total_mark`, ...keys])}, jsonb_agg(jsonb_build_array(unit, uses, quantity, unpriced) order by unit) as units
      from (
        select ${list([sql`${mark} as total_mark`, ...keys, sql`unit`])}, sum(uses) as uses, sum(quantity) as quantity, sum(unpriced_quantity) as unpriced
        from ${units} as slotted group by grouping sets (${keys.length === 0 ? sql`` : sql`(${list([...keys, sql`unit`])}), `}(unit))
      ) as summed
      group by ${list([sql`total_mark`, ...keys])}
    ) as used on ${sql.join([sql`lines.total_mark = used.total_mark`, ...same], sql` and `)}
    order by ${order}`;
}

/** Returns the unit sums of a row's column `units`. Null means none. */
export function unitSumsFrom(column: unknown): readonly UnitSum[] {
  const rows = (column ?? []) as readonly (readonly [string, number, number, number])[];
  // If every request has tags, the sums of requests without tags are 0.
  const used = rows.filter(([, ...sums]) => sums.some((sum) => sum !== 0));
  return used.map(([unit, uses, quantity, unpricedQuantity]) => ({ unit, uses, quantity, unpricedQuantity }));
}

const DIMENSIONS = 'called_name, deployment_id, provider';

function ofQuarters(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose.condition(unitRollups) ?? ofEveryOrganization(unitRollups.organizationId),
    within(unitRollups.bucketStart, span),
    ...conditions.map(({ column, values }) =>
      inArray(column === 'provider' ? unitRollups.provider : unitRollups.deploymentId, [...values]),
    ),
  );
  return sql`select ${unitRollups.bucketStart} as at, organization_id, team_id, key_id, member_id, service_account_id, ${sql.raw(DIMENSIONS)},
    unit, uses, quantity, unpriced_quantity from ${unitRollups} where ${wanted}`;
}

function ofLedger(span: Span, whose: Whose, conditions: readonly Condition[]): SQL {
  const wanted = and(
    whose.condition(ledger),
    within(ledger.admittedAt, span),
    sql.raw(HAS_UNITS),
    ...conditions.map(({ column, values }) =>
      column === 'provider' ? inArray(ledger.provider, [...values]) : hasAnyId(ledger.deploymentId, values),
    ),
  );
  return sql`select admitted_at as at, organization_id, team_id, key_id, coalesce(member_id, '') as member_id,
    coalesce(service_account_id, '') as service_account_id, ${sql.raw(DIMENSIONS)}, unit, ${sql.raw(USES)} as uses, amount as quantity,
    unpriced as unpriced_quantity from ${ledger}, ${sql.raw(UNITS_OF_ROW)} where ${wanted}`;
}

function within(column: PgColumn, span: Span): SQL | undefined {
  return and(gte(column, instantOf(span.fromMs)), lt(column, instantOf(span.toMs)));
}
