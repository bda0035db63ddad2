import { RATE_LIMITS, type RateLimitName } from '../../src/domain/limits/rate-limit.ts';
import type { Scope } from '../../src/domain/tenancy/tenancy.ts';

/** One limit or budget under test. A budget's value is in nano-dollars. */
export interface Rule {
  readonly scope: Scope;
  readonly limit: RateLimitName | 'budget';
  readonly value: number;
}

/**
 * A gateway with one organization of two teams, one member and four keys. Keys 0 and 1 are in team 0, keys 2 and 3 in team 1; 0 and 2 are the
 * member's. Every scope carries every limit and a budget, so that every counter exists; all are far away but those under test. Its provider
 * holds every answer back until told.
 */
export interface LimitSite {
  /** A call of the same size every time, so that each holds the same. */
  call(key: number): Promise<LimitAnswer>;
  /** Calls the provider was sent and has not answered. */
  waiting(): number;
  /** From now on the provider answers, what it held back first. */
  letAnswer(): void;
  /** Every counter of the tree by its name: `organization rpm`, `team 0 tph`, `user budget`, `key 3 max_parallel`. */
  read(): Promise<Readings>;
  /** The same once nothing is in flight. */
  settled(): Promise<Readings>;
  /** The id behind a scope of a key, as refusals name it. */
  scopeId(scope: Scope, key: number): string;
  /** The price of one answer, worked out apart from the product. */
  nanoUsdOf(inputTokens: number, outputTokens: number): number;
  /** The sum of everything the ledger holds of the organization. */
  ledgerNanoUsd(): Promise<number>;
  /** The rule that a decision says refused; null where decisions cannot be asked for. */
  readonly decidingRule: ((url: string, key: number) => Promise<string | null>) | null;
  /** A clock that can be turned; null where it is the machine's. */
  readonly clock: { advance(ms: number): void } | null;
  /** Resolves when it is true, fails after a while. */
  until(isTrue: () => boolean): Promise<void>;
}

export interface Reading {
  readonly used: number;
  readonly held: number;
}

export type Readings = ReadonlyMap<string, Reading>;

export interface LimitAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: LimitBody;
}

/** What of a body the table reads. */
export interface LimitBody {
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
  readonly error?: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string };
  readonly headgate?: Readonly<Record<string, string | number | null>>;
}

/** Far away: no burst of a test reaches it. */
export const WIDE = 1_000_000_000;
export const WIDE_LIMITS = Object.fromEntries(RATE_LIMITS.map((limit) => [limit, WIDE])) as Readonly<
  Record<RateLimitName, number>
>;
export const WIDE_USD = 1_000_000;

const OUTPUT_TOKENS_MAX = 50;
const BODY_BYTES = 200;
/** What a provider may add around the text counts as input too when money is held. */
const OVERHEAD_TOKENS = 512;

/** What one call holds of a budget: a token for every byte, the overhead, and all the output it may ask for. */
export function holdNanoUsd(site: Pick<LimitSite, 'nanoUsdOf'>): number {
  return site.nanoUsdOf(BODY_BYTES + OVERHEAD_TOKENS, OUTPUT_TOKENS_MAX);
}

/** What one call holds of a token limit: a quarter of its bytes and its output cap, for nothing is known of this key yet. */
export const HOLD_TOKENS = BODY_BYTES / 4 + OUTPUT_TOKENS_MAX;

/** The body of the n-th call: never the same text, always the same size. */
export function bodyOf(model: string, call: number): string {
  const said = (content: string) =>
    JSON.stringify({ model, max_tokens: OUTPUT_TOKENS_MAX, messages: [{ role: 'user', content }] });
  const content = String(call).padEnd(BODY_BYTES - said('').length, '.');
  return said(content);
}

/** The keys a limit at this scope binds; at `key` each of them has its own. */
export function keysOf(scope: Scope): readonly number[] {
  return { organization: [0, 1, 2, 3], team: [0, 1], user: [0, 2], key: [0, 1] }[scope];
}

/** The keys whose calls a counter counts, by the counter's name. */
export function membersOf(counter: string): readonly number[] {
  const [scope, number] = counter.split(' ') as [Scope, string];
  if (scope === 'team') return number === '0' ? [0, 1] : [2, 3];
  return scope === 'key' ? [Number(number)] : keysOf(scope);
}
