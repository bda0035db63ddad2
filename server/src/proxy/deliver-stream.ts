import type { AnswerStream } from '../dialects/dialect.ts';
import type { EstimateReason } from '../domain/usage/estimate-reason.ts';
import { afterHangUp } from '../domain/usage/hang-up.ts';
import type { UpstreamFailure, UpstreamFailureKind } from '../upstream/call.ts';
import { addDropped, answerHeaders } from './answer-headers.ts';
import { endOfStream, noteStream } from './attempts/tried.ts';
import { keepAnswer } from './cache/cached-answer.ts';
import type { Answer } from './call-provider.ts';
import type { Gateway } from './gateway.ts';
import { CLIENT_CLOSED, REFUSALS } from './refusal.ts';
import { answerPlainly, tellDefect } from './refuse.ts';
import { oweForAnswer, settle } from './settle.ts';
import { learnPace } from './settlement/learn-pace.ts';
import { oweForHangUp } from './settlement/owe-unanswered.ts';
import type { Admission } from './walk.ts';

const SERVICE_UNAVAILABLE = REFUSALS.service_unavailable;

/** The longest wait for the upstream's end after a stream is complete. Then the client's answer ends. */
const END_MS_MAX = 250;
/** Bounds on reading on for the usage of a stream whose client hung up after the finish reason. */
const USAGE_MS_MAX = 5_000;
const USAGE_BYTES_MAX = 256 * 1024;
const NOTHING = Buffer.alloc(0);
/** No client reads this: the answer is complete by then, and only its form may still have to be closed. */
const NEVER_ENDED = 'the provider did not end its answer';

/**
 * The delivery of one streamed answer. Chunks are forwarded as they arrive; the last one waits until the row is in the journal.
 * When the client hangs up, the call is ended, or read on for its usage without sending or pausing.
 */
export class StreamDelivery {
  readonly #answer: Extract<Answer, { is: 'stream' }>;
  readonly #admission: Admission;
  readonly #gateway: Gateway;
  readonly #said: AnswerStream;
  #done = false;
  #isGone = false;
  /** True if only the upstream's end is still awaited. */
  #endsSoon = false;
  /** The number of bytes that may still be read after the client hung up. */
  #unseenBytesLeft = Number.POSITIVE_INFINITY;
  /** True if the client slowed the upstream down, so that its time does not show its pace. */
  #wasPaused = false;
  /** The time at which the answer was complete, in monotonic milliseconds. */
  #completeMs: number | null = null;
  #cancelStall: (() => void) | null = null;
  #held: Buffer | null = null;
  /** The way in which the upstream's connection broke; null if it did not. */
  #broke: UpstreamFailureKind | null = null;
  #cancelWait: (() => void) | null = null;
  #kept: Buffer[] | null;
  #keptBytes = 0;

  constructor(answer: Extract<Answer, { is: 'stream' }>, admission: Admission, gateway: Gateway) {
    this.#answer = answer;
    this.#admission = admission;
    this.#gateway = gateway;
    this.#said = answer.exchange.stream(answer.source.contentType);
    const isCached = admission.cache !== null && admission.cache.name !== null;
    // Pictures and sound are not kept: they are no text, and most are larger than what is kept of an answer.
    const isKept = (isCached || admission.entitlement.organization.auditContent !== 'off') && this.#said.isBare !== true;
    this.#kept = isKept ? [] : null;
  }

  begin(): void {
    const { reply } = this.#admission.walk;
    if (!this.#sayHead()) return;
    this.#admission.walk.timing.streamingSinceMs = this.#gateway.clock.monotonicMs();
    reply.onDrained(() => this.#drained());
    this.#admission.cutShort = () => this.#guarded(() => this.#cutShort());
    this.#answer.source.attach({
      data: (chunk) => this.#data(chunk),
      end: () => this.#upstreamEnded(null),
      failed: (failure) => this.#upstreamEnded(failure),
    });
    // After `attach`, so that the bytes already received count even if the client is already gone.
    reply.onGone(() => this.#guarded(() => this.#hangUp('client')));
  }

  /** Sends the head. If that throws, settles the request as failed, answers with a plain error, and returns false. */
  #sayHead(): boolean {
    try {
      const headers = answerHeaders(this.#admission, this.#answer.candidate.deployment.id, 'unknown', this.#gateway);
      addDropped(headers, this.#answer.exchange.dropped);
      // nginx would otherwise collect chunks, and send them together.
      headers.push('content-type', this.#contentType, 'cache-control', 'no-cache', 'x-accel-buffering', 'no');
      this.#admission.walk.reply.head(200, headers);
      return true;
    } catch (error) {
      this.#answer.source.abort();
      this.#oweForAnswer('broken');
      this.#settle('failed', SERVICE_UNAVAILABLE, 'service_unavailable');
      this.#whenWritten(() => answerPlainly(this.#admission.walk, error, this.#gateway));
      return false;
    }
  }

  #data(chunk: Buffer): boolean {
    if (this.#done) return true;
    try {
      const bytes = this.#said.push(chunk);
      if (!this.#isGone) return this.#forward(bytes);
      this.#unseen(chunk.length);
    } catch (error) {
      this.#breakOff(error);
    }
    return true;
  }

  #forward(bytes: Buffer): boolean {
    this.#keep(bytes);
    if (this.#said.facts().complete) {
      this.#hold(bytes);
      return true;
    }
    if (bytes.length === 0 || this.#admission.walk.reply.chunk(bytes)) return true;
    this.#stalled();
    return false;
  }

  /**
   * Holds back the last bytes of a complete answer until the upstream ends, because some streams carry several messages. The end
   * mostly arrives in the same turn. For an upstream that stays open, the wait is bounded.
   */
  #hold(bytes: Buffer): void {
    if (this.#held !== null) this.#admission.walk.reply.chunk(this.#held);
    this.#held = bytes;
    this.#awaitEnd(END_MS_MAX);
  }

  /** Waits at most `ms` for the upstream to end. A wait that already runs goes on unchanged. */
  #awaitEnd(ms: number): void {
    this.#completeMs ??= this.#said.facts().complete ? this.#gateway.clock.monotonicMs() : null;
    this.#cancelWait ??= this.#gateway.after(ms, () => this.#guarded(() => this.#endUnasked()));
  }

  #stopWaiting(): void {
    this.#cancelWait?.();
    this.#cancelWait = null;
  }

  /** Ends the delivery when the wait times out, too many bytes arrive, or this process stops. */
  #endUnasked(): void {
    this.#answer.source.abort();
    if (this.#isGone) this.#settleGone();
    else this.#finish(Buffer.concat([this.#held ?? NOTHING, this.#lastWords(NEVER_ENDED)]), false);
  }

  /** Runs `act` for a timer, a socket or the end of the process, which cannot handle errors. A defect breaks the answer off. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#breakOff(error);
    }
  }

  /**
   * Ends the answer after a defect of ours: charges the usage so far, and breaks off the client's transfer. Settles even if the
   * charge cannot be computed.
   */
  #breakOff(defect: unknown): void {
    const { walk } = this.#admission;
    tellDefect(defect, walk.id, this.#gateway);
    if (this.#done) return;
    this.#answer.source.abort();
    try {
      if (this.#isGone) this.#oweGone();
      else this.#oweForAnswer('broken');
    } catch (error) {
      tellDefect(error, walk.id, this.#gateway);
    }
    if (this.#isGone) this.#settle('cancelled', CLIENT_CLOSED, null);
    else {
      this.#settle('failed', 200, 'service_unavailable');
      this.#whenWritten(() => walk.reply.destroy());
    }
  }

  /** Handles the upstream's end. `failure` says how the connection broke; null: it ended normally. */
  #upstreamEnded(failure: UpstreamFailure | null): void {
    if (this.#done) return;
    this.#broke = failure?.kind ?? null;
    try {
      this.#ended(failure?.message ?? null);
    } catch (error) {
      this.#breakOff(error);
    }
  }

  #ended(failure: string | null): void {
    const isRefused = this.#isRefused();
    if (this.#isGone && failure !== null) {
      this.#settleGone();
      return;
    }
    const last = this.#said.end(failure === null ? { clean: true } : { clean: false, message: failure });
    if (this.#isGone) {
      if (!isRefused) this.#oweForAnswer(this.#isThrough() ? 'no_usage' : 'broken');
      this.#settle('cancelled', CLIENT_CLOSED, null);
      return;
    }
    this.#keep(last);
    this.#finish(this.#held === null ? last : last.length === 0 ? this.#held : Buffer.concat([this.#held, last]), isRefused);
  }

  #finish(last: Buffer, isRefused: boolean): void {
    const isComplete = this.#said.facts().complete;
    if (!isRefused) this.#oweForAnswer(isComplete ? 'no_usage' : 'broken');
    this.#settle(isComplete ? 'succeeded' : 'failed', 200, isComplete ? null : 'provider_error');
    this.#end(last);
  }

  #end(last: Buffer): void {
    const { reply } = this.#admission.walk;
    const isCut = this.#said.isBare === true && !this.#said.facts().complete;
    this.#whenWritten(() => (isCut ? reply.destroy() : reply.end(last.length === 0 ? null : last)));
  }

  /**
   * Ends the stream because this process stops. Tells the client in the stream, and charges the part it was sent. A complete answer,
   * of which only the upstream's end is awaited, is delivered.
   */
  #cutShort(): void {
    if (this.#done) return;
    if (this.#isGone || this.#said.facts().complete) {
      this.#endUnasked();
      return;
    }
    this.#answer.source.abort();
    this.#gateway.traffic.streamCut('drain');
    const last = this.#lastWords('The gateway is restarting. Send the request again.');
    this.#oweForAnswer('drain');
    this.#settle('cancelled', 200, 'service_unavailable');
    this.#end(last);
  }

  #lastWords(message: string): Buffer {
    try {
      const last = this.#said.end({ clean: false, message });
      this.#keep(last);
      return last;
    } catch (error) {
      tellDefect(error, this.#admission.walk.id, this.#gateway);
      return NOTHING;
    }
  }

  /** Handles a hang-up. Reads on for the usage after a finish reason; before one, only if the deployment is set to finish. */
  #hangUp(by: 'client' | 'unread'): void {
    if (this.#done || this.#isGone) return;
    this.#isGone = true;
    this.#gateway.traffic.streamCut(by);
    this.#cancelStall?.();
    const { source, candidate } = this.#answer;
    if (this.#isThrough()) {
      // A wait for a complete answer's end goes on. It is extended only if the usage is still to come.
      if (!this.#said.facts().usageIsFinal) this.#stopWaiting();
      this.#awaitEnd(USAGE_MS_MAX);
      this.#unseenBytesLeft = USAGE_BYTES_MAX;
      source.resume();
      return;
    }
    const call = { isStreamed: this.#said.isBare !== true, isBudgeted: this.#admission.entitlement.needsPrice };
    if (afterHangUp(candidate.deployment.onHangup ?? null, call) === 'finish') {
      source.resume();
      return;
    }
    source.abort();
    this.#settleGone();
  }

  /** Counts bytes that arrived after the client hung up, and bounds the rest of the read. */
  #unseen(bytes: number): void {
    this.#unseenBytesLeft -= bytes;
    const { complete, usageIsFinal } = this.#said.facts();
    if (this.#unseenBytesLeft < 0) this.#endUnasked();
    else if (complete && usageIsFinal && !this.#endsSoon) {
      this.#endsSoon = true;
      this.#stopWaiting();
      this.#awaitEnd(END_MS_MAX);
    } else if (complete) this.#awaitEnd(USAGE_MS_MAX);
  }

  /** Reports whether every choice has its finish reason, so that at most the usage is missing. */
  #isThrough(): boolean {
    const { complete, finishes } = this.#said.facts();
    return complete || finishes >= this.#admission.asked.facts.answers;
  }

  /** Reports whether the stream contained only an error, too late to try another candidate. */
  #isRefused(): boolean {
    const { error, usage, outputBytes, finishes } = this.#said.facts();
    return !this.#answer.isOpened && error !== null && usage === null && outputBytes === 0 && finishes === 0;
  }

  /** Charges the answer. `unlessReported`: the reason to record if its usage is missing. */
  #oweForAnswer(unlessReported: EstimateReason): void {
    oweForAnswer(this.#admission, this.#answer.candidate, this.#said.facts(), unlessReported, this.#gateway);
  }

  /** Charges and settles the request of a client that hung up. No more is read. */
  #settleGone(): void {
    this.#oweGone();
    this.#settle('cancelled', CLIENT_CLOSED, null);
  }

  #oweGone(): void {
    const { candidate, sentMs } = this.#answer;
    const facts = this.#said.facts();
    if (this.#isThrough() || facts.error !== null) {
      if (!this.#isRefused()) this.#oweForAnswer('hang_up');
    } else oweForHangUp(this.#admission, candidate, facts, this.#gateway.clock.monotonicMs() - sentMs, this.#gateway);
  }

  #whenWritten(say: () => void): void {
    this.#gateway.journal.whenWritten(say, this.#admission.walk.id);
  }

  /** Settles the request. Call it after the charge was added. */
  #settle(status: 'succeeded' | 'failed' | 'cancelled', httpStatus: number, code: string | null): void {
    this.#done = true;
    this.#cancelStall?.();
    this.#cancelWait?.();
    const { candidate, sentMs } = this.#answer;
    const facts = this.#said.facts();
    if (facts.complete && !this.#wasPaused) {
      const tookMs = (this.#completeMs ?? this.#gateway.clock.monotonicMs()) - sentMs;
      learnPace(this.#admission, candidate, facts, tookMs, this.#gateway);
    }
    if (code === 'provider_error') {
      this.#gateway.traffic.streamCut('provider');
      this.#gateway.health.failed(candidate.deployment.id, null);
    }
    noteStream(this.#admission, this.#answer, endOfStream({ status, httpStatus, code }, facts, this.#broke), this.#gateway);
    const answer = this.#kept === null ? null : Buffer.concat(this.#kept);
    const { finishReason } = facts;
    settle(this.#admission, { status, httpStatus, code, param: null, candidate, finishReason, answer }, this.#gateway);
    if (answer !== null && status === 'succeeded' && this.#admission.cache !== null) this.#keepForOthers(answer, finishReason);
  }

  /** Keeps a complete answer in the cache, if all of it was kept here. */
  #keepForOthers(bytes: Buffer, finishReason: string | null): void {
    if (this.#keptBytes >= this.#gateway.settings.contentBytesMax) return;
    const { dropped } = this.#answer.exchange;
    keepAnswer(this.#admission, { contentType: this.#contentType, finishReason, dropped, bytes }, this.#gateway);
  }

  get #contentType(): string {
    return this.#said.contentType ?? 'text/event-stream; charset=utf-8';
  }

  /** Starts the timeout for a client that leaves its stream unread. Such a client occupies memory and limits. */
  #stalled(): void {
    this.#wasPaused = true;
    if (this.#cancelStall !== null) return;
    this.#cancelStall = this.#gateway.after(this.#gateway.settings.stallMsMax, () => {
      this.#guarded(() => this.#hangUp('unread'));
      this.#admission.walk.reply.destroy();
    });
  }

  #drained(): void {
    this.#cancelStall?.();
    this.#cancelStall = null;
    if (!this.#done) this.#answer.source.resume();
  }

  #keep(bytes: Buffer): void {
    if (this.#kept === null || this.#keptBytes >= this.#gateway.settings.contentBytesMax) return;
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
  }
}
