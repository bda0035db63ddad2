import { askedTier, type Beyond, isUnbounded, lookupBounds } from '../money/beyond.ts';
import { toCounterNanoUsd } from '../money/money.ts';
import { affordableOutputTokens, type BeyondTokens, type Price, upperBoundNanoUsd } from '../money/price.ts';
import { OutputHistory } from '../usage/output-history.ts';

export { OutputHistory };

/** What is known of a request before it is sent. All numbers whole and ≥ 0. */
export interface HoldQuestion {
  /** The whole body as it came. */
  readonly bodyBytes: number;
  /** Image, audio and file parts, and how many of the body's bytes they take. */
  readonly mediaParts: number;
  readonly mediaBytes: number;
  /** The caller's own output cap (`max_tokens`), for one choice; null when there is none. 0 for embeddings, which put nothing out. */
  readonly outputTokensMax: number | null;
  /** `n`: how many answers are asked for, at least 1. */
  readonly choices: number;
  /** Everything that may serve the attempt; never empty. */
  readonly candidates: readonly HoldCandidate[];
  readonly history: OutputHistory | null;
  /** `clamp`: a budget of the plan may lower the output cap to what is affordable, so the cap is ours to set. */
  readonly outputCap: 'as_asked' | 'clamp';
  /** The tightest token limit of the plan (`tightestTokenLimit`); Infinity when there is none. */
  readonly tokensMax: number;
  /** What is billed beyond ordinary tokens; empty for nearly all. */
  readonly beyond: readonly Beyond[];
}

export interface HoldCandidate {
  /** The price in force; null when unpriced: it then holds no money (a `block` budget refuses such a request before). */
  readonly price: Price | null;
  readonly maxOutputTokens: number | null;
  /** The most input tokens that one image, audio or file part can be, or what one search brings; null: undeclared. */
  readonly partTokensMax?: number | null;
  /** The most searches that one request can make; null: undeclared. */
  readonly searchesMax?: number | null;
}

/** What to hold. `tokens`, `nanoUsd` and `nanoUsdMin` are what the counters call Wanted. */
export interface HoldEstimate {
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly nanoUsdMin: number;
  /** The part of `tokens` that is input. */
  readonly inputTokens: number;
  /** Output tokens usual for such a request, all choices together, whatever the limits leave: what a lost answer settles at. */
  readonly outputTokens: number;
  /** Whether the money held is a true upper bound. An estimate counts as unbounded: its budget may be exceeded by actual − held. */
  readonly money: 'upper_bound' | 'estimate';
}

/** Without history and without a cap of their own, requests are expected to put out this much. */
const NO_HISTORY_OUTPUT_TOKENS = 4_096;
/** Room for what a provider adds around the text: roles, separators, tool preambles. */
const INPUT_OVERHEAD_TOKENS = 512;
/** Held for an image, audio or file part whose model declares no maximum. Above the dearest image known (36,835 tokens). */
const PART_TOKENS_ASSUMED = 40_000;
/** What a tool of the provider's own, described by it to the model, adds to the input; 1,700 were recorded for Anthropic's web search. */
const DESCRIBED_TOOL_TOKENS = 4_096;
/** A clamped answer shorter than this is not worth its input; some providers refuse a lower cap. Per choice. */
const CLAMPED_OUTPUT_TOKENS_MIN = 16;

/** What a request should hold of token limits and of budgets, before anything is sent. */
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
 * The tokens to hold under a limit of `tokensMax`, so that the expected output never fills it: of what the limit leaves after the input at most
 * half, divided among the choices, but one token for each; never above the limit unless the input is by itself. What the limit has left
 * at the moment plays no part: a request that fits into the empty limit passes sooner or later.
 */
export function tokensWithin(tokensMax: number, inputTokens: number, outputPerChoice: number, choices: number): number {
  const room = Math.max(0, tokensMax - inputTokens);
  const perChoice = Math.min(outputPerChoice, Math.max(1, Math.floor(room / 2 / choices)));
  return inputTokens + Math.min(perChoice * choices, room);
}

/**
 * The output cap to send upstream, for one choice, when the counters granted `nanoUsd`: what every candidate can put out within it, never
 * above what was asked. Null when the request is to be sent as it came.
 */
export function outputCapFor(question: HoldQuestion, grantedNanoUsd: number): number | null {
  if (question.outputCap === 'as_asked') return question.outputTokensMax;
  let cap = Number.MAX_SAFE_INTEGER;
  for (const candidate of question.candidates) {
    cap = Math.min(cap, affordablePerChoice(question, candidate, grantedNanoUsd), outputBound(question, candidate));
  }
  return cap;
}

/** Input as token limits hold it: a quarter of the bytes, but no part above its model's maximum (a picture's base64 is not text). */
function estimatedInputTokens(question: HoldQuestion): number {
  const text = Math.ceil((question.bodyBytes - question.mediaBytes) / 4);
  if (question.mediaParts === 0) return text;
  let partTokensMax = 0;
  for (const candidate of question.candidates) partTokensMax = Math.max(partTokensMax, partTokens(candidate));
  return text + Math.min(Math.ceil(question.mediaBytes / 4), question.mediaParts * partTokensMax);
}

/**
 * Output usual for one choice: the 95th percentile of this key × model's own recent answers, within the caller's cap and the model's
 * maximum. With fewer than 20 answers 4,096 stands in for it.
 */
export function expectedOutputTokens(question: HoldQuestion): number {
  const usual = question.history?.p95() ?? NO_HISTORY_OUTPUT_TOKENS;
  let modelMax = 0;
  for (const { maxOutputTokens } of question.candidates)
    modelMax = Math.max(modelMax, maxOutputTokens ?? Number.MAX_SAFE_INTEGER);
  return Math.min(usual, question.outputTokensMax ?? Number.MAX_SAFE_INTEGER, modelMax);
}

/** At the dearest candidate's price, so that falling back cannot outspend the hold. */
function heldNanoUsd(question: HoldQuestion): number {
  const bounded = question.outputTokensMax !== null || question.outputCap === 'clamp';
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

/** The least a clamped request can be sent with. */
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
 * One token per body byte and 512 more; image, audio and file parts at their declared maximum instead of their bytes. Where the provider runs
 * tools by itself everything so far is read again in each of their rounds, what they brought included (what was put out: `BeyondTokens`). So
 * Anthropic reports and bills it: two searches after a prompt of 2,068 tokens came to 22,397.
 */
export function inputBound(question: HoldQuestion, candidate: HoldCandidate): number {
  const text = question.bodyBytes - question.mediaBytes + INPUT_OVERHEAD_TOKENS;
  const once = question.mediaParts === 0 ? text : text + question.mediaParts * partTokens(candidate);
  if (question.beyond.length === 0) return once;
  const { rounds, atOnce, described } = lookupBounds(question.beyond, candidate.searchesMax ?? null);
  const whole = once + described * DESCRIBED_TOOL_TOKENS + atOnce * partTokens(candidate);
  return whole * (rounds + 1) + (partTokens(candidate) * rounds * (rounds + 1)) / 2;
}

/** What else a request can be billed by this candidate; nothing for nearly all. */
function beyondTokens({ beyond }: HoldQuestion, candidate: HoldCandidate): BeyondTokens | undefined {
  if (beyond.length === 0) return undefined;
  const { searches, rounds } = lookupBounds(beyond, candidate.searchesMax ?? null);
  return { serviceTier: askedTier(beyond), searches, rereads: rounds };
}

/** The most one choice can put out: the caller's cap or the model's maximum; where neither is known, the cap a clamp will set. */
function outputBound(question: HoldQuestion, candidate: HoldCandidate): number {
  const { outputTokensMax } = question;
  const { maxOutputTokens } = candidate;
  if (outputTokensMax !== null) return maxOutputTokens === null ? outputTokensMax : Math.min(outputTokensMax, maxOutputTokens);
  return maxOutputTokens ?? NO_HISTORY_OUTPUT_TOKENS;
}

function affordablePerChoice(question: HoldQuestion, candidate: HoldCandidate, grantedNanoUsd: number): number {
  if (candidate.price === null) return Number.MAX_SAFE_INTEGER;
  const input = inputBound(question, candidate);
  const all = affordableOutputTokens(grantedNanoUsd, input, candidate.price, beyondTokens(question, candidate));
  return Math.floor(all / question.choices);
}

function isBounded(question: HoldQuestion): boolean {
  const { beyond, candidates } = question;
  if (question.outputTokensMax === null && question.outputCap !== 'clamp') return false;
  if (beyond.length > 0 && candidates.some(({ searchesMax = null }) => isUnbounded(beyond, searchesMax))) return false;
  const hasParts = question.mediaParts > 0 || beyond.some((asked) => asked.is === 'lookups');
  return !hasParts || candidates.every((candidate) => typeof candidate.partTokensMax === 'number');
}

function partTokens(candidate: HoldCandidate): number {
  return candidate.partTokensMax ?? PART_TOKENS_ASSUMED;
}
