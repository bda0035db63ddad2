import type { AnswerStream } from '../dialects/dialect.ts';
import { answerHeaders } from './answer-headers.ts';
import type { Answer } from './call-provider.ts';
import type { Gateway } from './gateway.ts';
import { REFUSALS } from './refusal.ts';
import { answerPlainly, tellDefect } from './refuse.ts';
import { oweForAnswer, settle } from './settle.ts';
import type { Admission } from './walk.ts';

/** How a hang-up of the client is noted in the log; no answer carries it. */
export const CLIENT_CLOSED = 499;

const SERVICE_UNAVAILABLE = REFUSALS.service_unavailable;

/** How long a complete stream's connection may stay open before its client is let go. */
const END_MS_MAX = 250;
const NOTHING = Buffer.alloc(0);

/** Sends an answer to the client and settles the request at its end, whichever end that is. */
export function deliver(answer: Answer, admission: Admission, gateway: Gateway): void {
  if (answer.is === 'whole') deliverWhole(answer, admission, gateway);
  else new StreamDelivery(answer, admission, gateway).begin();
}

/**
 * The row is in the journal before the client has the answer, so that nothing seen by a client can be missing from the ledger; and before the
 * answer is put into words, so that nothing that is wrong with these can undo what is owed.
 */
function deliverWhole(answer: Extract<Answer, { is: 'whole' }>, admission: Admission, gateway: Gateway): void {
  const { candidate, bytes, facts } = answer;
  oweForAnswer(admission, candidate, facts, gateway);
  const status = admission.walk.reply.gone ? 'cancelled' : 'succeeded';
  settle(
    admission,
    { status, httpStatus: 200, code: null, param: null, candidate, finishReason: facts.finishReason, answer: bytes },
    gateway,
  );
  gateway.journal.whenWritten(() => sayWhole(answer, admission, gateway), admission.walk.id);
}

function sayWhole({ candidate, bytes }: Extract<Answer, { is: 'whole' }>, admission: Admission, gateway: Gateway): void {
  const { reply } = admission.walk;
  try {
    const headers = answerHeaders(admission, candidate.deployment.id, candidate.price === null ? 'unknown' : 'known', gateway);
    headers.push('content-type', 'application/json', 'content-length', String(bytes.length));
    reply.head(200, headers);
    reply.end(bytes);
  } catch (error) {
    answerPlainly(admission.walk, error, gateway);
  }
}

/** One streamed answer on its way. Chunks go on as they come; the last one waits until the row is in the journal. */
class StreamDelivery {
  readonly #answer: Extract<Answer, { is: 'stream' }>;
  readonly #admission: Admission;
  readonly #gateway: Gateway;
  readonly #said: AnswerStream;
  #done = false;
  #cancelStall: (() => void) | null = null;
  #held: Buffer | null = null;
  #cancelWait: (() => void) | null = null;
  #kept: Buffer[] | null;
  #keptBytes = 0;

  constructor(answer: Extract<Answer, { is: 'stream' }>, admission: Admission, gateway: Gateway) {
    this.#answer = answer;
    this.#admission = admission;
    this.#gateway = gateway;
    this.#said = answer.exchange.stream();
    this.#kept = admission.standing.organization.auditContent === 'off' ? null : [];
  }

  begin(): void {
    const { reply } = this.#admission.walk;
    if (!this.#sayHead()) return;
    this.#admission.walk.timing.streamingSinceMs = this.#gateway.clock.monotonicMs();
    reply.onGone(() => this.#hangUp('client'));
    reply.onDrained(() => this.#drained());
    if (this.#done) return;
    this.#admission.cutShort = () => this.#cutShort();
    this.#answer.source.attach({
      data: (chunk) => this.#data(chunk),
      end: () => this.#upstreamEnded({ clean: true }),
      failed: (failure) => this.#upstreamEnded({ clean: false, message: failure.message }),
    });
  }

  /** False: what heads the answer could not be said, and the request is settled and answered without it. */
  #sayHead(): boolean {
    try {
      const headers = answerHeaders(this.#admission, this.#answer.candidate.deployment.id, 'unknown', this.#gateway);
      headers.push('content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache');
      this.#admission.walk.reply.head(200, headers);
      return true;
    } catch (error) {
      this.#answer.source.abort();
      this.#settle('failed', SERVICE_UNAVAILABLE, 'service_unavailable');
      this.#whenWritten(() => answerPlainly(this.#admission.walk, error, this.#gateway));
      return false;
    }
  }

  #data(chunk: Buffer): boolean {
    if (this.#done) return true;
    try {
      return this.#forward(this.#said.push(chunk));
    } catch (error) {
      this.#breakOff(error);
      return true;
    }
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
   * The answer is complete, and what comes last waits for the upstream to end: some streams carry several messages. Mostly the end is here
   * in the same turn; an upstream that says nothing more and stays open is not waited for.
   */
  #hold(bytes: Buffer): void {
    if (this.#held !== null) this.#admission.walk.reply.chunk(this.#held);
    this.#held = bytes;
    this.#cancelWait ??= this.#gateway.after(END_MS_MAX, () => {
      this.#answer.source.abort();
      this.#ended(NOTHING);
    });
  }

  /** A defect of ours in the middle of an answer: what was used so far is owed, and the client's transfer breaks off. */
  #breakOff(defect: unknown): void {
    tellDefect(defect, this.#admission.walk.id, this.#gateway);
    if (this.#done) return;
    this.#answer.source.abort();
    this.#settle('failed', 200, 'service_unavailable');
    const { reply } = this.#admission.walk;
    this.#whenWritten(() => reply.destroy());
  }

  /** The upstream is through without having said so in the stream, or broke. */
  #upstreamEnded(how: Parameters<AnswerStream['end']>[0]): void {
    if (this.#done) return;
    try {
      this.#ended(this.#said.end(how));
    } catch (error) {
      this.#breakOff(error);
    }
  }

  #ended(last: Buffer): void {
    if (this.#done) return;
    this.#keep(last);
    const bytes = this.#held === null ? last : last.length === 0 ? this.#held : Buffer.concat([this.#held, last]);
    this.#finish(bytes, this.#said.facts().complete ? 'succeeded' : 'failed');
  }

  #finish(last: Buffer, status: 'succeeded' | 'failed'): void {
    this.#settle(status, 200, status === 'failed' ? 'provider_error' : null);
    const { reply } = this.#admission.walk;
    this.#whenWritten(() => reply.end(last.length === 0 ? null : last));
  }

  /** This process ends before the stream does: the client is told within it, and pays for what it was sent. */
  #cutShort(): void {
    if (this.#done) return;
    this.#gateway.traffic.streamCut('drain');
    this.#answer.source.abort();
    const last = this.#lastWords('The gateway is being restarted. Send the request again.');
    this.#settle('cancelled', 200, 'service_unavailable');
    const { reply } = this.#admission.walk;
    this.#whenWritten(() => reply.end(last.length === 0 ? null : last));
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

  #hangUp(by: 'client' | 'unread'): void {
    if (this.#done) return;
    this.#gateway.traffic.streamCut(by);
    this.#answer.source.abort();
    this.#settle('cancelled', CLIENT_CLOSED, null);
  }

  #whenWritten(say: () => void): void {
    this.#gateway.journal.whenWritten(say, this.#admission.walk.id);
  }

  #settle(status: 'succeeded' | 'failed' | 'cancelled', httpStatus: number, code: string | null): void {
    this.#done = true;
    this.#cancelStall?.();
    this.#cancelWait?.();
    const { candidate } = this.#answer;
    const facts = this.#said.facts();
    oweForAnswer(this.#admission, candidate, facts, this.#gateway);
    if (code === 'provider_error') {
      this.#gateway.traffic.streamCut('provider');
      this.#gateway.health.failed(candidate.deployment.id, null);
    }
    const answer = this.#kept === null ? null : Buffer.concat(this.#kept);
    const { finishReason } = facts;
    settle(this.#admission, { status, httpStatus, code, param: null, candidate, finishReason, answer }, this.#gateway);
  }

  /** A client that leaves its stream unread holds memory and its limits: after a bounded while it counts as gone. */
  #stalled(): void {
    if (this.#cancelStall !== null) return;
    this.#cancelStall = this.#gateway.after(this.#gateway.settings.stallMsMax, () => {
      this.#admission.walk.reply.destroy();
      this.#hangUp('unread');
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
