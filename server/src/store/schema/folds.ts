/**
 * Use folded into days and months of the organization's own time zone, for counters that must read their past. The fold job writes them from the
 * quarters of an hour in `rollups`; the ledger writer adds only rows that come late. Reports read other tables.
 */
import { sql } from 'drizzle-orm';
import { bigint, date, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

const sum = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** Whose use a row adds up, and under which called name. */
const scopeColumns = () => ({
  organizationId: text('organization_id').notNull(),
  /** The organization's fold that wrote the row: rows of an earlier fold are no longer read, and are deleted in time. */
  fold: integer('fold').notNull(),
  /** `o` organization, `t` team, `u` user (a membership), `k` key. */
  scope: text('scope').notNull(),
  /** Empty for the organization itself. */
  scopeId: text('scope_id').notNull(),
  /** Empty: all names together. */
  calledName: text('called_name').notNull(),
});

/** What counters count: admitted requests, tokens, nano-dollars. */
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

/** One month of the organization's time zone, named by its first day. Moved together with the days. */
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
 * How far an organization's use is folded: its days hold everything admitted from `since` up to, not including, `until`, and nothing else. Days
 * of organization and team reach to the last whole hour before `until`. Whoever moves a row between those and the quarters locks the mark.
 */
export const scopeMarks = pgTable(
  'scope_marks',
  {
    organizationId: text('organization_id').primaryKey(),
    /** 0 until the first fold. A change of the time zone begins the next one. */
    fold: integer('fold').notNull().default(0),
    /** The zone whose days these are: the organization's own, or the one before until the fold job has seen the change. */
    timeZone: text('time_zone').notNull().default('UTC'),
    /** 1970: the fold reaches back to the organization's first request. */
    since: instant('since').notNull().default(sql`'1970-01-01 00:00:00+00'`),
    until: instant('until').notNull().default(sql`'1970-01-01 00:00:00+00'`),
  },
  (table) => [index('scope_marks_unfilled').on(table.since).where(sql`${table.since} > '1970-01-01 00:00:00+00'`)],
);
