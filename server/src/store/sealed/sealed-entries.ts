/**
 * The ledger entries that a seal covers, in an order that does not depend on the table that stores them: by time, request, attempt
 * and kind. A later version may move entries and make the same hash of them.
 */
import { createHash } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { csvLine } from '../archive/csv-cells.ts';
import type { Database } from '../database.ts';
import { ledger, type sealedMonths } from '../schema.ts';

/** One organization's month, and the time in which its entries were stored: `from` is included, `through` is not. */
export interface SealedSpan {
  readonly organizationId: string;
  /** The first day of the month, `2026-08-01`. */
  readonly month: string;
  readonly seal: number;
  readonly from: Date | null;
  readonly through: Date;
}

export type SealedSums = Pick<
  typeof sealedMonths.$inferSelect,
  'entries' | 'totalTokens' | 'inputTokens' | 'outputTokens' | 'nanoUsd' | 'hash'
>;

const text = (name: string) => ({ name, form: 'text' }) as const;
const plain = (name: string) => ({ name, form: 'plain' }) as const;

const LINE = sql.raw(
  csvLine('ledger_entries', [
    { name: 'admitted_at', form: 'time' },
    ...['request_id'].map(text),
    plain('attempt'),
    ...['kind', 'team_id', 'key_id', 'member_id', 'service_account_id', 'called_name', 'deployment_id'].map(text),
    ...['provider', 'upstream_model', 'price_id'].map(text),
    ...['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'].map(plain),
    ...['total_tokens', 'nano_usd'].map(plain),
    { name: 'other_usage', form: 'json' },
    ...['service_tier', 'unpriced_units'].map(text),
    { name: 'created_at', form: 'time' },
  ]),
);
const ROWS_AT_ONCE = 5_000;

interface Entry extends Record<string, unknown> {
  readonly at: string | Date;
  readonly id: string;
  readonly attempt: number;
  readonly kind: string;
  readonly line: string;
  readonly total: string;
  readonly input: string;
  readonly output: string;
  readonly nano: string;
}

/** Adds up the entries of a span, some thousand at a time. Calls `goOn` before each piece; it may throw to stop. */
export async function addUp(db: Database, span: SealedSpan, goOn: () => void): Promise<SealedSums> {
  const hash = createHash('sha256').update(`v1 ${span.organizationId} ${span.month} ${span.seal}\n`);
  const sums = { entries: 0n, totalTokens: 0n, inputTokens: 0n, outputTokens: 0n, nanoUsd: 0n };
  for (let after: Entry | null = null; ; ) {
    goOn();
    const { rows } = await db.execute<Entry>(pageOf(span, after));
    for (const { line, total, input, output, nano } of rows) {
      hash.update(line);
      sums.entries += 1n;
      sums.totalTokens += BigInt(total);
      sums.inputTokens += BigInt(input);
      sums.outputTokens += BigInt(output);
      sums.nanoUsd += BigInt(nano);
    }
    if (rows.length < ROWS_AT_ONCE) return { ...sums, hash: hash.digest() };
    after = rows.at(-1) as Entry;
  }
}

/** Returns the next entries of both forms, each read in the order of its table's index. */
function pageOf({ organizationId, month, from, through }: SealedSpan, after: Entry | null): SQL {
  const later =
    after === null
      ? sql`true`
      : sql`(admitted_at, request_id collate "C", attempt, kind) > (${new Date(after.at)}::timestamptz, ${after.id}, ${after.attempt}, ${after.kind})`;
  const order = sql`order by admitted_at, request_id collate "C", attempt, kind limit ${ROWS_AT_ONCE}`;
  const half = (isItsForm: SQL, isItsOrganization: SQL) => sql`(select admitted_at, request_id, attempt, kind, ${LINE} as line,
      total_tokens::text as total, input_tokens::text as input, output_tokens::text as output, coalesce(nano_usd, 0)::text as nano
    from ${ledger} where ${isItsForm} and ${isItsOrganization}
      and admitted_at >= ${startOf(month)} and admitted_at < ${startOf(monthAfter(month))}
      and created_at >= ${from ?? new Date(0)} and created_at < ${through} and ${later} ${order})`;
  return sql`select admitted_at as at, request_id as id, attempt, kind, line, total, input, output, nano from (
    ${half(sql`is_short`, sql`short_organization_id = short_id('org', ${organizationId})`)} union all
    ${half(sql`not is_short`, sql`organization_id = ${organizationId}`)}) as either ${order}`;
}

/** Returns the first instant of a month. */
export function startOf(month: string): Date {
  return new Date(`${month}T00:00:00Z`);
}

/** Returns the first day of the next month. */
export function monthAfter(month: string, months = 1): string {
  const at = startOf(month);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months)).toISOString().slice(0, 10);
}
