/** What attempts are charged that did not become a delivered answer: refused in an answer's place, failed, or left by their client. */
import type { AnswerFacts, Exchange, Wire } from '../../dialects/dialect.ts';
import { isObject, parseJson } from '../../dialects/json.ts';
import { reportOf } from '../../dialects/plausible.ts';
import { tierOf, usageOf } from '../../dialects/usage.ts';
import { askedTier, lookupBounds } from '../../domain/money/beyond.ts';
import { toCounterNanoUsd } from '../../domain/money/money.ts';
import { upperBoundNanoUsd } from '../../domain/money/price.ts';
import { estimatedOutput, outputMadeAtMost } from '../../domain/usage/hang-up.ts';
import { tokensMadeAtMost } from '../../domain/usage/pace.ts';
import type { Outcome, Said } from '../attempt-outcome.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Gateway } from '../gateway.ts';
import { tellDefect } from '../refuse.ts';
import { billedOf, owe, oweForBrokenAnswer, oweForSilence, tellImplausible } from '../settle.ts';
import type { Admission } from '../walk.ts';
import { inputHeldFor, type SeenOfAnswer, unreportedOutput, usageWith } from './unreported.ts';

/** How one attempt was made. */
export interface Made {
  readonly exchange: Exchange;
  readonly upstream: Wire;
  readonly sentMs: number;
  readonly tookMs: number;
}

/** An error is free unless it reports usage. */
export function oweForError(
  said: Said,
  { exchange, upstream }: Made,
  candidate: Candidate,
  admission: Admission,
  gateway: Gateway,
): void {
  try {
    const facts = said.isStreamed ? factsOfStream(said.bytes, exchange, 'all') : reportOfError(upstream, said.bytes);
    if (facts.usageImplausible) tellImplausible(admission, candidate, gateway);
    if (facts.usage !== null) owe(admission, candidate, facts.usage, facts.usageIsFinal ? 'reported' : 'broken', facts);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
  }
}

/** What a stream that is not delivered says of itself; of `part` a last event counts only if it is whole. */
function factsOfStream(bytes: Buffer, exchange: Exchange, bytesAre: 'all' | 'part'): AnswerFacts {
  const stream = exchange.stream();
  stream.push(bytes);
  if (bytesAre === 'all') stream.end({ clean: true });
  return stream.facts();
}

function reportOfError(upstream: Wire, bytes: Buffer) {
  const json = bytes.length === 0 ? null : parseJson(bytes.toString('utf8'));
  if (!isObject(json)) return { ...reportOf(null), serviceTier: null };
  return { ...reportOf(usageOf(upstream, json)), serviceTier: tierOf(upstream, json) };
}

/** A provider that was sent the whole request and stayed silent may have worked on it. One that reset before answering has not. */
export function oweForFailure(
  { failure, answerBytes, isWorkedOn, isStreamed }: Extract<Outcome, { is: 'failure' }>,
  { tookMs }: Made,
  candidate: Candidate,
  admission: Admission,
  gateway: Gateway,
): void {
  const { walk, entitlement } = admission;
  if (walk.reply.gone && isWorkedOn) {
    // It was being read on for what it used, and that will not be known any more.
    if (isStreamed) oweForHangUp(admission, candidate, null, tookMs, gateway);
    else if (entitlement.needsPrice) oweHold(admission, candidate);
    else oweForUnseen(admission, candidate, answerBytes);
  } else if (answerBytes > 0) oweForBrokenAnswer(admission, candidate, answerBytes);
  else if (failure.kind === 'timeout' && failure.sent) oweForSilence(admission, candidate);
}

/** The call was ended when its client hung up. */
export function oweForGone(
  { isStreamed, said }: Extract<Outcome, { is: 'gone' }>,
  { exchange, tookMs }: Made,
  candidate: Candidate,
  admission: Admission,
  gateway: Gateway,
): void {
  if (isStreamed) {
    oweForHangUp(admission, candidate, said === null ? null : seenOf(said, exchange, admission, gateway), tookMs, gateway);
  } else if (admission.entitlement.needsPrice) oweHold(admission, candidate);
  else oweForUnseen(admission, candidate, said?.bytes.length ?? 0);
}

/** What we fail to read was paid for all the same. */
function seenOf(said: Said, exchange: Exchange, admission: Admission, gateway: Gateway): SeenOfAnswer | null {
  try {
    return factsOfStream(said.bytes, exchange, 'part');
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
    return null;
  }
}

/** A whole answer broke off in the middle of its JSON. One that nobody waited for was read for its usage alone, and that is lost. */
export function oweForUnreadable(admission: Admission, candidate: Candidate, bytes: number): void {
  if (admission.walk.reply.gone && admission.entitlement.needsPrice) oweHold(admission, candidate);
  else oweForBrokenAnswer(admission, candidate, bytes);
}

/**
 * What a streamed answer is charged whose call was ended, `elapsedMs` after it was sent, because its client hung up. Under a `block` budget all
 * that can have been made by then, and the input as it was held for where it was not reported: of tokens our estimate, of money its bound.
 * Else the estimate, which is then no more than that. `seen` is null when nothing had come yet.
 */
export function oweForHangUp(
  admission: Admission,
  candidate: Candidate,
  seen: SeenOfAnswer | null,
  elapsedMs: number,
  gateway: Gateway,
): void {
  const { inputTokens, asked, entitlement } = admission;
  const { usage } = seen ?? NOTHING_SEEN;
  const billed = billedOf(seen ?? NOTHING_SEEN);
  const why = seen?.usageImplausible === true ? 'implausible' : 'hang_up';
  if (why === 'implausible') tellImplausible(admission, candidate, gateway);
  const possible = tokensMadeAtMost(elapsedMs, gateway.pace.perSecond(candidate.deployment), asked.facts.answers);
  const known = unreportedOutput(admission, candidate, seen ?? NOTHING_SEEN, possible);
  if (!entitlement.needsPrice) {
    // Before anything came the whole answer that is to be expected may be on its way.
    const expected = seen === null ? admission.ifLost(candidate).heldOutputTokens : known.usualHidden;
    const output = estimatedOutput({ ...known, usualHidden: expected });
    owe(admission, candidate, usageWith(output, usage, inputTokens), why, billed);
    return;
  }
  const output = outputMadeAtMost(known);
  const { price } = candidate;
  const { searches, rounds } = lookupBounds(asked.facts.beyond, candidate.deployment.searchesMax ?? null);
  // What is reported at a stream's beginning knows nothing of the rounds that the provider's own tools make after it.
  const isInputKnown = usage !== null && rounds === 0;
  const pieces = searches > 0 ? { search: searches } : {};
  const used = { ...usageWith(output, usage, inputTokens), ...pieces };
  if (isInputKnown || price === null) {
    owe(admission, candidate, used, why, billed);
    return;
  }
  // As it was held: nobody knows in which bucket the input was, nor at which tier it was to be answered.
  const serviceTier = billed.serviceTier ?? askedTier(asked.facts.beyond);
  const asHeld = upperBoundNanoUsd(inputHeldFor(admission, candidate), output, price, { serviceTier, searches, rereads: rounds });
  owe(admission, candidate, used, why, { ...billed, nanoUsd: toCounterNanoUsd(asHeld) });
}

const NOTHING_SEEN: SeenOfAnswer = { outputBytes: 0, usage: null };

/** A whole answer is made in full whether or not somebody waits: where it was not read to its end, what is held is charged as it stands. */
function oweHold(admission: Admission, candidate: Candidate): void {
  const { heldInputTokens, heldOutputTokens } = admission.ifLost(candidate);
  const usage = { input: heldInputTokens, output: heldOutputTokens };
  owe(admission, candidate, usage, 'hang_up', { nanoUsd: admission.heldNanoUsd });
}

/** A whole answer that nobody waited for where no `block` budget wants to know it: what is usual, or what had come of it where that is more. */
function oweForUnseen(admission: Admission, candidate: Candidate, bytes: number): void {
  const { delivered } = unreportedOutput(admission, candidate, { outputBytes: bytes, usage: null });
  const output = Math.max(delivered, admission.ifLost(candidate).heldOutputTokens);
  owe(admission, candidate, usageWith(output, null, admission.inputTokens), 'hang_up');
}
