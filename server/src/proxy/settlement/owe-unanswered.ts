/** Charges for attempts that did not become a delivered answer: they were errors, they failed, or their client hung up. */
import type { AnswerFacts, Exchange, Wire } from '../../dialects/dialect.ts';
import { isObject, parseJson } from '../../dialects/json.ts';
import { reportOf } from '../../dialects/plausible.ts';
import { tierOf, usageOf } from '../../dialects/usage.ts';
import { askedTier, lookupBounds } from '../../domain/money/beyond.ts';
import { toCounterNanoUsd } from '../../domain/money/money.ts';
import { upperBoundNanoUsd } from '../../domain/money/price.ts';
import { answersInText } from '../../domain/routing/modes.ts';
import { estimatedOutput, outputMadeAtMost } from '../../domain/usage/hang-up.ts';
import { tokensMadeAtMost } from '../../domain/usage/pace.ts';
import type { Outcome, Said } from '../attempts/outcome.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Gateway } from '../gateway.ts';
import { tellDefect } from '../refuse.ts';
import { billedOf, owe, oweForBrokenAnswer, oweForSilence, tellImplausible } from '../settle.ts';
import type { Admission } from '../walk.ts';
import { inputHeldFor, type SeenOfAnswer, unreportedOutput, usageWith } from './unreported.ts';

/** The exchange and the times of one attempt. */
export interface Made {
  readonly exchange: Exchange;
  /** The fields that its request lacks. */
  readonly dropped: readonly string[];
  readonly upstream: Wire;
  readonly sentMs: number;
  readonly tookMs: number;
}

/** Charges an error only if it reports usage. An answer that is a refusal has at least read the input. */
export function oweForError(
  { said, error }: Extract<Outcome, { is: 'error' }>,
  { exchange, upstream }: Made,
  candidate: Candidate,
  admission: Admission,
  gateway: Gateway,
): void {
  try {
    const facts = said.isStreamed ? factsOfStream(said.bytes, exchange, 'all') : reportOfError(upstream, said.bytes);
    if (facts.usageImplausible) tellImplausible(admission, candidate, gateway);
    if (facts.usage !== null) owe(admission, candidate, facts.usage, facts.usageIsFinal ? 'reported' : 'broken', facts);
    else if (error.kind === 'refused' && error.status < 300)
      owe(admission, candidate, { input: admission.inputTokens }, facts.usageImplausible ? 'implausible' : 'no_usage');
  } catch (defect) {
    tellDefect(defect, admission.walk.id, gateway);
  }
}

/** Returns the facts of a stream that is not delivered. `part`: the bytes may end within an event, which then does not count. */
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

/**
 * Charges a failed attempt. A provider that got the whole request and stayed silent may have worked on it; one that reset before
 * answering did not.
 */
export function oweForFailure(
  { failure, answerBytes, isWorkedOn, isStreamed }: Extract<Outcome, { is: 'failure' }>,
  { tookMs }: Made,
  candidate: Candidate,
  admission: Admission,
  gateway: Gateway,
): void {
  const { walk, entitlement } = admission;
  if (walk.reply.gone && isWorkedOn) {
    // The answer was being read on for its usage, which now remains unknown.
    if (isStreamed) oweForHangUp(admission, candidate, null, tookMs, gateway);
    else if (entitlement.needsPrice) oweHold(admission, candidate);
    else oweForUnseen(admission, candidate, answerBytes);
  } else if (answerBytes > 0) oweForBrokenAnswer(admission, candidate, answerBytes);
  else if (failure.kind === 'timeout' && failure.sent) oweForSilence(admission, candidate);
}

/** Charges an attempt whose call was ended because its client hung up, or because this process stops. */
export function oweForGone(
  { isStreamed, said }: Extract<Outcome, { is: 'gone' | 'stopped' }>,
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

/** Returns what arrived of an answer; null if it cannot be read. The attempt is charged in both cases. */
function seenOf(said: Said, exchange: Exchange, admission: Admission, gateway: Gateway): SeenOfAnswer | null {
  try {
    return factsOfStream(said.bytes, exchange, 'part');
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
    return null;
  }
}

/**
 * Charges a whole answer that broke off in the middle of its JSON. If its client had hung up and a `block` budget covers it, its
 * usage is lost and the hold is charged.
 */
export function oweForUnreadable(admission: Admission, candidate: Candidate, bytes: number): void {
  if (admission.walk.reply.gone && admission.entitlement.needsPrice) oweHold(admission, candidate);
  else oweForBrokenAnswer(admission, candidate, bytes);
}

/**
 * Charges a streamed answer whose call was ended `elapsedMs` after it was sent, because its client hung up. Under a `block`
 * budget it charges all output that can have been made by then. If the input was not reported, it charges the estimated tokens,
 * and the upper bound of their cost. Without such a budget it charges the estimate, which is at most that. `seen` is null if
 * nothing had arrived.
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
    // If nothing has arrived, the whole expected answer may be in flight.
    const expected =
      seen === null || !answersInText(admission.walk.endpoint.mode)
        ? admission.ifLost(candidate).heldOutputTokens
        : known.usualHidden;
    const output = estimatedOutput({ ...known, usualHidden: expected });
    owe(admission, candidate, usageWith(output, usage, inputTokens), why, billed);
    return;
  }
  const output = outputMadeAtMost(known);
  const { price } = candidate;
  const { searches, rounds } = lookupBounds(asked.facts.beyond, candidate.deployment.searchesMax ?? null);
  // Usage reported at a stream's beginning does not include later rounds of the provider's own tools.
  const isInputKnown = usage !== null && rounds === 0;
  const pieces = searches > 0 ? { search: searches } : {};
  const used = { ...usageWith(output, usage, inputTokens), ...pieces };
  if (isInputKnown || price === null) {
    owe(admission, candidate, used, why, billed);
    return;
  }
  // Charge the input as it was held: its buckets are unknown, and its tier may be too.
  const serviceTier = billed.serviceTier ?? askedTier(asked.facts.beyond);
  const asHeld = upperBoundNanoUsd(inputHeldFor(admission, candidate), output, price, { serviceTier, searches, rereads: rounds });
  owe(admission, candidate, used, why, { ...billed, nanoUsd: toCounterNanoUsd(asHeld) });
}

const NOTHING_SEEN: SeenOfAnswer = { outputBytes: 0, usage: null };

/** Charges the full hold for a whole answer that was not read to its end. The provider makes it in full even if no one waits. */
function oweHold(admission: Admission, candidate: Candidate): void {
  const { heldInputTokens, heldOutputTokens } = admission.ifLost(candidate);
  const usage = { input: heldInputTokens, output: heldOutputTokens };
  owe(admission, candidate, usage, 'hang_up', { nanoUsd: admission.heldNanoUsd });
}

/** Charges an unread whole answer without a `block` budget: the expected output, or the part that had arrived if that is more. */
function oweForUnseen(admission: Admission, candidate: Candidate, bytes: number): void {
  const { delivered } = unreportedOutput(admission, candidate, { outputBytes: bytes, usage: null });
  const output = Math.max(delivered, admission.ifLost(candidate).heldOutputTokens);
  owe(admission, candidate, usageWith(output, null, admission.inputTokens), 'hang_up');
}
