/**
 * Usage folded into days and months of the organization's own time zone, from which counters read their past. The fold job writes
 * it from the quarters of an hour in `rollups`. The ledger writer adds only late rows. Reports read other tables.
 */
import { sql } from 'drizzle-orm';
import { bigint, date, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

const sum = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** The scope and the called name whose usage a row adds up. */
const scopeColumns = () => ({
  organizationId: text('organization_id').notNull(),
  /** The number of the fold that wrote the row. Rows of an earlier fold are not read, and a job deletes them. */
  fold: integer('fold').notNull(),
  /** `o` organization, `t` team, `u` user (a membership), `k` key. */
  scope: text('scope').notNull(),
  /** Empty for the organization itself. */
  scopeId: text('scope_id').notNull(),
  /** Empty for all names together. */
  calledName: text('called_name').notNull(),
});

/** The sums that counters need: admitted requests, tokens, nano-dollars. */
const scopeSums = () => ({
  requests: sum('requests'),
  tokens: sum('tokens'),
  nanoUsd: sum('nano_usd'),
});

/** One day of the organization's time zone. A day of 23 or 25 hours is one row like any other. */
export const scopeDays = pgTable(
  'scope_days',
  { ...scopeColumns(), day: date('day', { mode: 'string' }).notNull(), ...scopeSums() },
  (table) => [
    primaryKey({
      name: 'scope_days_pk',
      columns: [table.organizationId, table.fold, table.scope, table.scopeId, table.calledName, table.day],
    }),
  ],
);

/** One month of the organization's time zone, named by its first day. Written together with the days. */
export const scopeMonths = pgTable(
  'scope_months',
  { ...scopeColumns(), month: date('month', { mode: 'string' }).notNull(), ...scopeSums() },
  (table) => [
    primaryKey({
      name: 'scope_months_pk',
      columns: [table.organizationId, table.fold, table.scope, table.scopeId, table.calledName, table.month],
    }),
  ],
);

/**
 * The mark of each organization. Its days hold exactly the usage admitted from `since` up to, not including, `until`. The days of
 * organizations and teams reach only to the last whole hour before `until`. Code that moves usage between days and quarters locks
 * the mark.
 */
export const scopeMarks = pgTable(
  'scope_marks',
  {
    organizationId: text('organization_id').primaryKey(),
    /** 0 until the first fold. A change of the time zone begins the next one. */
    fold: integer('fold').notNull().default(0),
    /** The time zone of the days. After a change it stays the organization's previous zone until the fold job sees the change. */
    timeZone: text('time_zone').notNull().default('UTC'),
    /** 1970 if the fold reaches back to the organization's first request. */
    since: instant('since').notNull().default(sql`'1970-01-01 00:00:00+00'`),
    until: instant('until').notNull().default(sql`'1970-01-01 00:00:00+00'`),
  },
  (table) => [index('scope_marks_unfilled').on(table.since).where(sql`${table.since} > '1970-01-01 00:00:00+00'`)],
);
