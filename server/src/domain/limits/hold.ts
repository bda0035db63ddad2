import { askedTier, type Beyond, isUnbounded, lookupBounds, piecesIn } from '../money/beyond.ts';
import { toCounterNanoUsd } from '../money/money.ts';
import { piecesBoundNanoUsd } from '../money/pieces.ts';
import { affordableOutputTokens, type BeyondTokens, type Price, upperBoundNanoUsd } from '../money/price.ts';
import { OutputHistory } from '../usage/output-history.ts';

export { OutputHistory };

/** The facts about a request before it is sent. All numbers are whole and ≥ 0. */
export interface HoldQuestion {
  /** The size of the whole body as received. */
  readonly bodyBytes: number;
  /** The number of image, audio and file parts, and the part of the body's bytes that they take. */
  readonly mediaParts: number;
  readonly mediaBytes: number;
  /** The caller's own output cap (`max_tokens`) for one choice; null if there is none. 0 for embeddings, which have no output. */
  readonly outputTokensMax: number | null;
  /** `n`: the number of answers that the caller asks for, at least 1. */
  readonly choices: number;
  /** All deployments that may serve the attempt; never empty. */
  readonly candidates: readonly HoldCandidate[];
  readonly history: OutputHistory | null;
  /**
   * `clamp`: a budget of the plan may lower the output cap to the affordable amount. `uncapped`: it would, but the endpoint knows no
   * cap, so the most that a model writes is held.
   */
  readonly outputCap: 'as_asked' | 'clamp' | 'uncapped';
  /** The tightest token limit of the plan (`tightestTokenLimit`); Infinity when there is none. */
  readonly tokensMax: number;
  /** The things that are billed beyond ordinary tokens; empty for nearly all requests. */
  readonly beyond: readonly Beyond[];
}

export interface HoldCandidate {
  /** The price in force. Null: unpriced, and the request then holds no money here (a `block` budget refuses it earlier). */
  readonly price: Price | null;
  readonly maxOutputTokens: number | null;
  /** The most input tokens that one image, audio or file part can be, or what one search brings; null: undeclared. */
  readonly partTokensMax?: number | null;
  /** The most searches that one request can make; null: undeclared. */
  readonly searchesMax?: number | null;
}

/** The amounts to hold. `tokens`, `nanoUsd` and `nanoUsdMin` are the fields of the counters' `Wanted`. */
export interface HoldEstimate {
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly nanoUsdMin: number;
  /** The part of `tokens` that is input. */
  readonly inputTokens: number;
  /**
   * The usual output tokens of such a request, all choices together, regardless of limits. A lost answer settles at this number.
   */
  readonly outputTokens: number;
  /**
   * `upper_bound`: the request cannot cost more than is held. `estimate`: it can, and its budget may be exceeded by actual −
   * held.
   */
  readonly money: 'upper_bound' | 'estimate';
}

/** The expected output of a request without history and without its own cap. */
const NO_HISTORY_OUTPUT_TOKENS = 4_096;
/** Held as the output of an endpoint without a cap, if the model declares no maximum. No model listed writes more. */
const UNCAPPED_OUTPUT_TOKENS = 128_000;
/** Tokens that a provider may add around the text: roles, separators, tool preambles. */
const INPUT_OVERHEAD_TOKENS = 512;
/** Held for an image, audio or file part if the model declares no maximum. Above the largest image known (36,835 tokens). */
const PART_TOKENS_ASSUMED = 40_000;
/** Input tokens that one tool of the provider adds by its own description. 1,700 were recorded for Anthropic's web search. */
const DESCRIBED_TOOL_TOKENS = 4_096;
/**
 * The smallest cap of a clamped answer, per choice. A shorter answer is not worth its input, and some providers refuse a lower
 * cap.
 */
const CLAMPED_OUTPUT_TOKENS_MIN = 16;

/** Estimates the hold of a request on token limits and budgets, before it is sent. */
export function estimateHold(question: HoldQuestion): HoldEstimate {
  const usual = expectedOutputTokens(question);
  const inputTokens = estimatedInputTokens(question);
  const nanoUsd = heldNanoUsd(question);
  return {
    tokens: tokensWithin(question.tokensMax, inputTokens, usual, question.choices),
    nanoUsd,
    nanoUsdMin: question.outputCap === 'clamp' ? Math.min(nanoUsd, leastNanoUsd(question)) : nanoUsd,
    inputTokens,
    outputTokens: usual * question.choices,
    money: isBounded(question) ? 'upper_bound' : 'estimate',
  };
}

/**
 * Returns the tokens to hold under a limit of `tokensMax`. Expected output takes at most half of what the limit leaves after the
 * input, divided among the choices, but at least one token each. The hold exceeds the limit only if the input alone does. The
 * present use of the limit plays no part: a request that fits into the empty limit passes eventually.
 */
export function tokensWithin(tokensMax: number, inputTokens: number, outputPerChoice: number, choices: number): number {
  const room = Math.max(0, tokensMax - inputTokens);
  const perChoice = Math.min(outputPerChoice, Math.max(1, Math.floor(room / 2 / choices)));
  return inputTokens + Math.min(perChoice * choices, room);
}

/**
 * Returns the output cap to send upstream, for one choice. With `clamp`, every candidate can afford it with the granted
 * `nanoUsd`, and it never exceeds the caller's cap. Null: the request is sent as it came.
 */
export function outputCapFor(question: HoldQuestion, grantedNanoUsd: number): number | null {
  if (question.outputCap !== 'clamp') return question.outputTokensMax;
  let cap = Number.MAX_SAFE_INTEGER;
  for (const candidate of question.candidates) {
    cap = Math.min(cap, affordablePerChoice(question, candidate, grantedNanoUsd), outputBound(question, candidate));
  }
  return cap;
}

/**
 * Estimates the input for token limits: a quarter of the bytes, but no media part above its model's maximum, because base64 is
 * not text.
 */
function estimatedInputTokens(question: HoldQuestion): number {
  const text = Math.ceil((question.bodyBytes - question.mediaBytes) / 4);
  if (question.mediaParts === 0) return text;
  let partTokensMax = 0;
  for (const candidate of question.candidates) partTokensMax = Math.max(partTokensMax, partTokens(candidate));
  return text + Math.min(Math.ceil(question.mediaBytes / 4), question.mediaParts * partTokensMax);
}

/**
 * Returns the usual output of one choice: the 95th percentile of this key × model's own recent answers. It never exceeds the
 * caller's cap and the model's maximum. With fewer than 20 answers, 4,096 is used instead.
 */
export function expectedOutputTokens(question: HoldQuestion): number {
  const usual = question.history?.p95() ?? NO_HISTORY_OUTPUT_TOKENS;
  let modelMax = 0;
  for (const { maxOutputTokens } of question.candidates)
    modelMax = Math.max(modelMax, maxOutputTokens ?? Number.MAX_SAFE_INTEGER);
  return Math.min(usual, question.outputTokensMax ?? Number.MAX_SAFE_INTEGER, modelMax);
}

/** Returns the money to hold, at the most expensive candidate's price, so that a fallback cannot exceed the hold. */
function heldNanoUsd(question: HoldQuestion): number {
  const bounded = question.outputTokensMax !== null || question.outputCap !== 'as_asked';
  const expected = bounded ? 0 : expectedOutputTokens(question);
  let dearest = 0n;
  for (const candidate of question.candidates) {
    if (candidate.price === null) continue;
    const output = (bounded ? outputBound(question, candidate) : expected) * question.choices;
    const cost = upperBoundNanoUsd(inputBound(question, candidate), output, candidate.price, beyondTokens(question, candidate));
    if (cost > dearest) dearest = cost;
  }
  return toCounterNanoUsd(dearest);
}

/** Returns the least money with which a clamped request can be sent. */
function leastNanoUsd(question: HoldQuestion): number {
  let dearest = 0n;
  for (const candidate of question.candidates) {
    if (candidate.price === null) continue;
    const output = Math.min(CLAMPED_OUTPUT_TOKENS_MIN, outputBound(question, candidate)) * question.choices;
    const cost = upperBoundNanoUsd(inputBound(question, candidate), output, candidate.price, beyondTokens(question, candidate));
    if (cost > dearest) dearest = cost;
  }
  return toCounterNanoUsd(dearest);
}

/**
 * Returns the most input tokens that a candidate can bill: one per body byte and 512 more. Image, audio and file parts count at
 * their declared maximum instead of their bytes. If the provider runs tools, it reads everything so far again in each round,
 * including the results (for the output read again see `BeyondTokens`). Anthropic reports and bills it so: two searches after a
 * prompt of 2,068 tokens took 22,397.
 */
export function inputBound(question: HoldQuestion, candidate: HoldCandidate): number {
  const text = question.bodyBytes - question.mediaBytes + INPUT_OVERHEAD_TOKENS;
  const once = question.mediaParts === 0 ? text : text + question.mediaParts * partTokens(candidate);
  if (question.beyond.length === 0) return once;
  const { rounds, atOnce, described } = lookupBounds(question.beyond, candidate.searchesMax ?? null);
  const whole = once + described * DESCRIBED_TOOL_TOKENS + atOnce * partTokens(candidate);
  return whole * (rounds + 1) + (partTokens(candidate) * rounds * (rounds + 1)) / 2;
}

/** Returns what else this candidate can bill for the request; undefined for nearly all requests. */
function beyondTokens({ beyond }: HoldQuestion, candidate: HoldCandidate): BeyondTokens | undefined {
  if (beyond.length === 0) return undefined;
  const { searches, rounds } = lookupBounds(beyond, candidate.searchesMax ?? null);
  const piecesNanoUsd = candidate.price === null ? 0n : piecesBoundNanoUsd(candidate.price, piecesIn(beyond));
  return { serviceTier: askedTier(beyond), searches, rereads: rounds, piecesNanoUsd };
}

/**
 * Returns the most output tokens of one choice: the lower of the caller's cap and the model's maximum. If neither is known, it is
 * the cap that a clamp sets, or for an endpoint without a cap the most that any model writes.
 */
function outputBound(question: HoldQuestion, candidate: HoldCandidate): number {
  const { outputTokensMax } = question;
  const { maxOutputTokens } = candidate;
  if (outputTokensMax !== null) return maxOutputTokens === null ? outputTokensMax : Math.min(outputTokensMax, maxOutputTokens);
  return maxOutputTokens ?? (question.outputCap === 'uncapped' ? UNCAPPED_OUTPUT_TOKENS : NO_HISTORY_OUTPUT_TOKENS);
}

function affordablePerChoice(question: HoldQuestion, candidate: HoldCandidate, grantedNanoUsd: number): number {
  if (candidate.price === null) return Number.MAX_SAFE_INTEGER;
  const input = inputBound(question, candidate);
  const all = affordableOutputTokens(grantedNanoUsd, input, candidate.price, beyondTokens(question, candidate));
  return Math.floor(all / question.choices);
}

function isBounded(question: HoldQuestion): boolean {
  const { beyond, candidates } = question;
  if (question.outputTokensMax === null && question.outputCap === 'as_asked') return false;
  if (beyond.length > 0 && candidates.some(({ searchesMax = null }) => isUnbounded(beyond, searchesMax))) return false;
  const hasParts = question.mediaParts > 0 || beyond.some((asked) => asked.is === 'lookups');
  return !hasParts || candidates.every((candidate) => typeof candidate.partTokensMax === 'number');
}

function partTokens(candidate: HoldCandidate): number {
  return candidate.partTokensMax ?? PART_TOKENS_ASSUMED;
}
