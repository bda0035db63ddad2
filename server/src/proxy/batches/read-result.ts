/** Reads one line of a provider's results. Nothing that it says is trusted. */
import { type InboundWire, UnreadableAnswer } from '../../dialects/dialect.ts';
import { wholeAnswerFacts } from '../../dialects/exchange.ts';
import type { LineHold } from '../../domain/batches/line-plan.ts';
import { toCounterNanoUsd } from '../../domain/money/money.ts';
import { costNanoUsd, type Price, unpricedIn, withRequestFee } from '../../domain/money/price.ts';
import type { EstimateReason } from '../../domain/usage/estimate-reason.ts';
import { totalTokens, type Usage } from '../../domain/usage/usage.ts';

/** A result of a line, by its number. */
export interface LineResult {
  readonly line: number;
  readonly httpStatus: number;
  /** The body of the answer. */
  readonly body: Record<string, unknown> | null;
  /** True if the provider answered the request. */
  readonly isAnswer: boolean;
}

/** Returns a result; null for a line that is none, or names no line of ours. */
export function readResult(bytes: Buffer): LineResult | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
  const { custom_id: id, response, error } = objectIn(parsed);
  if (typeof id !== 'string' || !LINE_NUMBER.test(id)) return null;
  const { status_code: status, body } = objectIn(response);
  const httpStatus = Number.isInteger(status) && (status as number) >= 100 && (status as number) <= 599 ? (status as number) : 0;
  const isAnswer = httpStatus >= 200 && httpStatus < 300 && isObject(body);
  const said = isObject(body) ? body : isObject(error) ? { error } : null;
  return { line: Number(id), httpStatus, body: said, isAnswer };
}

const LINE_NUMBER = /^(?:0|[1-9][0-9]{0,5})$/;

/** The charge for a line that was answered. */
export interface LineCharge {
  readonly usage: Usage;
  readonly tokens: number;
  /** Null: unpriced. */
  readonly nanoUsd: number | null;
  readonly why: 'reported' | EstimateReason;
  readonly unpricedUnits: string | null;
  readonly finishReason: string | null;
}

/** Returns the charge for an answer: by its own report, or by what the line was estimated to use if the report is missing or impossible. */
export function chargeOf(body: Record<string, unknown>, held: LineHold, wire: InboundWire, price: Price | null): LineCharge {
  const facts = factsOf(body, wire);
  const isReported = facts !== null && facts.usage !== null;
  const reported: Usage = isReported ? facts.usage : { input: held.inputTokens, output: held.outputTokens };
  const usage = price === null ? reported : withRequestFee(reported, price);
  const names = price === null ? [] : unpricedIn(usage, price, null);
  return {
    usage,
    tokens: totalTokens(usage),
    nanoUsd: price === null ? null : toCounterNanoUsd(costNanoUsd(usage, price)),
    why: isReported ? 'reported' : facts?.usageImplausible === true ? 'implausible' : 'no_usage',
    unpricedUnits: names.length === 0 ? null : names.join(','),
    finishReason: facts?.finishReason?.slice(0, 256) ?? null,
  };
}

function factsOf(body: Record<string, unknown>, wire: InboundWire) {
  try {
    return wholeAnswerFacts(wire, Buffer.from(JSON.stringify(body)));
  } catch (error) {
    if (error instanceof UnreadableAnswer) return null;
    throw error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
