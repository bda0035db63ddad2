/**
 * The two columns of a routing strategy. Versions before 0033 read `strategy` alone, know two of them, and answer 500 to a list
 * that has another. So a newer one is in `newer_strategy`, and `strategy` says `weighted` beside it, which is how those versions
 * route then. If such a version changes `strategy` to `priority`, that counts.
 */
import { type AnyColumn, sql } from 'drizzle-orm';
import { check, text } from 'drizzle-orm/pg-core';
import { ROUTING_STRATEGIES, type RoutingStrategy } from '../../domain/routing/catalogue.ts';

const OLDER_STRATEGIES = ['weighted', 'priority'] as const;
type OlderStrategy = (typeof OLDER_STRATEGIES)[number];

export function strategyColumns() {
  return {
    strategy: text('strategy', { enum: OLDER_STRATEGIES }).notNull().default('weighted'),
    newerStrategy: text('newer_strategy'),
  };
}

/** Returns the checks of both columns: each lists its strategies. */
export function strategyChecks(table: string, columns: { readonly strategy: AnyColumn; readonly newerStrategy: AnyColumn }) {
  return [
    check(`${table}_strategy`, sql`${columns.strategy} in ('weighted', 'priority')`),
    check(`${table}_newer_strategy`, sql`${columns.newerStrategy} in ('least_busy', 'latency', 'cheapest', 'usage', 'headroom')`),
  ];
}

interface StoredStrategy {
  readonly strategy: OlderStrategy;
  readonly newerStrategy: string | null;
}

/** Returns a row with its strategy as one field. One of a later version, which this version does not know, counts as `weighted`. */
export function withStrategy<Row extends StoredStrategy>(row: Row): Omit<Row, keyof StoredStrategy> & WithStrategy {
  const { strategy, newerStrategy, ...rest } = row;
  const newer = strategy === 'weighted' ? ROUTING_STRATEGIES.find((one) => one === newerStrategy) : undefined;
  return { ...rest, strategy: newer ?? strategy };
}

interface WithStrategy {
  readonly strategy: RoutingStrategy;
}

/** Returns the two columns of a strategy, in place of the field; neither if the field is absent. */
export function storedStrategy<Row extends Partial<WithStrategy>>(row: Row): Omit<Row, 'strategy'> & Partial<StoredStrategy> {
  const { strategy, ...rest } = row;
  if (strategy === undefined) return rest;
  const older = OLDER_STRATEGIES.find((one) => one === strategy);
  return { ...rest, strategy: older ?? 'weighted', newerStrategy: older === undefined ? strategy : null };
}
