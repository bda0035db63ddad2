/** The beginning and the end of a response in the background, as steps of its request. */
import type { Reply } from '../../http/request-reply.ts';
import { answerHeaders } from '../answer-headers.ts';
import { callerOf } from '../authenticate.ts';
import type { Gateway } from '../gateway.ts';
import { CLIENT_CLOSED } from '../refusal.ts';
import type { Admission } from '../walk.ts';
import type { Run, RunEnd } from './background-runs.ts';
import type { StoredSide } from './continued.ts';
import { queuedResponse } from './queued-response.ts';

/** The part of a request's end that its response tells. */
export interface SettledAs {
  readonly httpStatus: number;
  readonly code: string | null;
  /** The refusal's message, if there was one. */
  readonly words?: string;
}

/**
 * Takes an admitted request into the background: stores it as in progress, and answers its client, unless it wants the events. From then
 * on the request goes on without its client. Throws the refusals of `BackgroundRuns.begin`.
 */
export async function toBackground(admission: Admission, side: StoredSide, gateway: Gateway): Promise<void> {
  const { walk, asked, key } = admission;
  const response = queuedResponse(side, asked, gateway.clock.nowMs());
  const kept = { id: response.id, previousId: side.previousId, model: asked.facts.model, input: side.input };
  const bytes = walk.request.body.length + side.historyBytes;
  const run = await gateway.responses.background.begin(callerOf(key), { ...kept, status: 'in_progress', response }, bytes);
  side.run = run;
  const client = walk.reply;
  const reply = new BackgroundReply(asked.facts.stream ? client : null);
  walk.reply = reply;
  run.cut = () => reply.leave(() => admission.cutShort?.());
  if (asked.facts.stream) return;
  const body = Buffer.from(JSON.stringify(response));
  const headers = answerHeaders(admission, null, 'unknown', gateway);
  client.head(200, [...headers, 'content-type', 'application/json', 'content-length', String(body.length)]);
  client.end(body);
}

/** Stores the end of a settled request in the background. */
export function endInBackground(run: Run, side: StoredSide, ending: SettledAs, gateway: Gateway): void {
  gateway.responses.background.end(run, endOf(side, ending));
}

function endOf({ response }: StoredSide, { httpStatus, code, words }: SettledAs): RunEnd {
  if (response !== null) return { status: response.status === 'incomplete' ? 'incomplete' : 'completed', response, message: '' };
  // In the background only a cancellation counts as a client that left.
  if (httpStatus === CLIENT_CLOSED) return { status: 'cancelled', response: null, message: '' };
  return { status: 'failed', response: null, message: words ?? `The response ended early: ${code ?? 'provider_error'}.` };
}

/**
 * The reply of a request in the background. It is gone only once the response was cancelled. A client that reads the events gets them
 * while it keeps up; it may leave at any time.
 */
class BackgroundReply implements Reply {
  gone = false;
  #client: Reply | null;
  #isAnswering = false;
  #whenGone: (() => void) | null = null;

  constructor(client: Reply | null) {
    this.#client = client;
  }

  head(status: number, headers: string[]): void {
    this.#isAnswering = true;
    this.#client?.head(status, headers);
  }

  chunk(bytes: Buffer): boolean {
    // Bytes for a client that does not read would pile up here. It can ask for the response later.
    if (this.#client?.chunk(bytes) === false) this.#drop();
    return true;
  }

  end(bytes: Buffer | null): void {
    this.#client?.end(bytes);
    this.#client = null;
  }

  destroy(): void {
    this.#drop();
  }

  onGone(callback: () => void): void {
    this.#whenGone = callback;
  }

  onDrained(): void {}

  /**
   * Ends the request as if its client had left. An answer that is awaited is ended at once, and is not read on for its usage; one that has
   * begun is told first that nobody reads it.
   */
  leave(cutShort: () => void): void {
    if (this.gone) return;
    this.gone = true;
    if (this.#isAnswering) this.#whenGone?.();
    cutShort();
    if (!this.#isAnswering) this.#whenGone?.();
    this.#drop();
  }

  #drop(): void {
    this.#client?.destroy();
    this.#client = null;
  }
}
