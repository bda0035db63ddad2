import { inputBound } from '../../domain/limits/hold.ts';
import { affordableOutputTokens } from '../../domain/money/price.ts';
import type { UnreportedOutput } from '../../domain/usage/hang-up.ts';
import { outputTokens, totalTokens, type Usage } from '../../domain/usage/usage.ts';
import { type Candidate, holdCandidateOf } from '../deployments/candidate.ts';
import { outputHistoryOf } from '../entitlement.ts';
import type { Admission } from '../walk.ts';

/** The known facts of an answer whose usage was not reported, or not completely. */
export interface SeenOfAnswer {
  /** The bytes of text, reasoning and tool arguments. */
  readonly outputBytes: number;
  /** The usage as far as the provider reported it; null if it reported none. */
  readonly usage: Usage | null;
  /** The tier that answered, as in AnswerFacts. */
  readonly serviceTier?: string | null;
  /** True if the reported usage is implausible. */
  readonly usageImplausible?: boolean;
}

const BYTES_PER_TOKEN = 4;

/** Estimates the tokens in this many bytes of output: one for each four bytes. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** Returns the facts for an estimate of an attempt's output. `possible`: the most tokens that can have been made in the time. */
export function unreportedOutput(
  admission: Admission,
  candidate: Candidate,
  { outputBytes, usage }: SeenOfAnswer,
  possible = Number.POSITIVE_INFINITY,
): UnreportedOutput {
  const { asked, key, charged, estimate } = admission;
  const reported = usage === null ? 0 : outputTokens(usage);
  return {
    delivered: Math.max(reported, tokensOfBytes(outputBytes)),
    usualHidden: outputHistoryOf(key, charged.calledName).usualHidden() * asked.facts.answers,
    possible,
    held: outputHeldFor(admission, candidate, usage),
    isBounded: estimate.money === 'upper_bound',
  };
}

/** Returns usage with at least `output` output tokens: unreported ones count as visible. `reported` null: the input is ours. */
export function usageWith(output: number, reported: Usage | null, inputTokens: number): Usage {
  if (reported === null) return { input: inputTokens, output };
  return { ...reported, output: (reported.output ?? 0) + Math.max(0, output - outputTokens(reported)) };
}

/** Returns the most input tokens for which money was held, if this candidate served. */
export function inputHeldFor({ question }: Admission, candidate: Candidate): number {
  return inputBound(question, holdCandidateOf(candidate));
}

/** Returns the most output tokens, all choices together: within the cap, the model's maximum, and the money left after input. */
function outputHeldFor(admission: Admission, candidate: Candidate, usage: Usage | null): number {
  const { price } = candidate;
  const allowed = admission.outputMax(candidate);
  if (price === null) return allowed;
  const input = usage === null ? inputHeldFor(admission, candidate) : totalTokens(usage) - outputTokens(usage);
  return Math.min(allowed, affordableOutputTokens(admission.heldNanoUsd, input, price));
}
