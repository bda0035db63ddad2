import { inputBound } from '../../domain/limits/hold.ts';
import { affordableOutputTokens } from '../../domain/money/price.ts';
import type { UnreportedOutput } from '../../domain/usage/hang-up.ts';
import { outputTokens, totalTokens, type Usage } from '../../domain/usage/usage.ts';
import { type Candidate, holdCandidateOf } from '../deployments/candidate.ts';
import { outputHistoryOf } from '../entitlement.ts';
import type { Admission } from '../walk.ts';

/** What is known of an answer whose usage was not reported, or not to its end. */
export interface SeenOfAnswer {
  /** Bytes of text, reasoning and tool arguments. */
  readonly outputBytes: number;
  /** As far as the provider reported it; null: not at all. */
  readonly usage: Usage | null;
  /** The tier that answered, as AnswerFacts says it. */
  readonly serviceTier?: string | null;
  /** It reported what cannot be. */
  readonly usageImplausible?: boolean;
}

const BYTES_PER_TOKEN = 4;

/** Tokens that so many bytes of output are taken for. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** What there is to estimate the output of an attempt by. `possible`: what can have been made by then, where time bounds it. */
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

/** Usage with so much output in all, at least what was reported: what is beyond that counts as visible. Where nothing was reported the input is ours. */
export function usageWith(output: number, reported: Usage | null, inputTokens: number): Usage {
  if (reported === null) return { input: inputTokens, output };
  return { ...reported, output: (reported.output ?? 0) + Math.max(0, output - outputTokens(reported)) };
}

/** The most input tokens that money was held for, should this candidate have served. */
export function inputHeldFor({ question }: Admission, candidate: Candidate): number {
  return inputBound(question, holdCandidateOf(candidate));
}

/** All choices together: what the cap and the model allow, and what is held for the attempt pays for beside its input. */
function outputHeldFor(admission: Admission, candidate: Candidate, usage: Usage | null): number {
  const { price } = candidate;
  const allowed = admission.outputMax(candidate);
  if (price === null) return allowed;
  const input = usage === null ? inputHeldFor(admission, candidate) : totalTokens(usage) - outputTokens(usage);
  return Math.min(allowed, affordableOutputTokens(admission.heldNanoUsd, input, price));
}
