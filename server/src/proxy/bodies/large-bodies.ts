import { Worker } from 'node:worker_threads';
import {
  type BodyProblem,
  type JsonObject,
  LEFT_IN_BYTES,
  type LeftFields,
  type TranslatedRequest,
  type Wire,
} from '../../dialects/dialect.ts';
import type { LargeBodyHeaders, LargeReading, Translation } from '../../dialects/exchange.ts';
import { JsonAssembly } from '../../lib/json/json-pieces.ts';
import { type Bytes, Pieces } from '../../lib/pieces.ts';
import { type Refusal, serviceUnavailable } from '../refusal.ts';
import type { FromThread, ToThread } from './large-body-thread.ts';

/** The result for a body, and its bytes. `raw` replaces the buffer that the caller passed in, which is unusable now. */
interface Given<T> {
  readonly raw: Buffer;
  readonly result: T | { readonly ok: false; readonly problem: BodyProblem };
}

/** A body as the thread reads it. `LEFT_IN_BYTES` replaces each value that was left in the bytes. */
export type LargeBody = Extract<LargeReading, { ok: true }>;

/** A body in another dialect. */
interface Translated extends TranslatedRequest {
  readonly ok: true;
}

type Task = DistributiveOmit<Extract<ToThread, { is: 'read' | 'translate' }>, 'pieces'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** The thread's last message about a body. */
type Last = Exclude<FromThread, { is: 'piece' }>;

interface Waiting {
  readonly raw: Bytes;
  readonly task: Task;
  readonly done: (said: Last, whole: unknown) => void;
  readonly failed: (why: Error) => void;
}

/** The bound on the thread's heap. Beyond it only the thread ends, not the process. */
const HEAP_MB_MAX = 512;
/** Most of what a body becomes is kept until it is sent on, so a larger young heap would only stand empty afterwards. */
const YOUNG_MB_MAX = 16;
/** The idle time after which the thread ends, to free its memory. */
const IDLE_MS_MAX = 30_000;

/**
 * Reads and translates bodies that would block the event loop for too long. A separate thread, started on first use, handles them
 * one after the other. It returns a body in pieces, each of which takes a short turn here.
 */
export class LargeBodies {
  readonly #waiting: Waiting[] = [];
  #thread: Worker | null = null;
  #current: Waiting | null = null;
  #assembly = new JsonAssembly();
  #idle: NodeJS.Timeout | null = null;
  #isClosed = false;

  /**
   * Reads a body. Moves its bytes to the thread, because a copy would take a long turn, and returns them. Rejects with
   * `service_unavailable` if the thread ends before the result.
   */
  async read(raw: Bytes, wire: Wire, headers: LargeBodyHeaders): Promise<Given<LargeBody>> {
    const { said, whole } = await this.#ask(raw, { is: 'read', wire, headers });
    if (said.is !== 'whole') return { raw: givenBack(said.bytes), result: { ok: false, problem: problemIn(said) } };
    const { bytes, left, facts, tags, tokens } = said;
    const body = whole as JsonObject;
    for (const name of left.keys()) body[name] = LEFT_IN_BYTES;
    return { raw: givenBack(bytes), result: { ok: true, body, left, facts, tags, tokens } };
  }

  /** Translates a body that was read before. The result is a problem if the upstream's dialect cannot express it. */
  async translate(raw: Bytes, translation: Translation): Promise<Given<Translated>> {
    const { said } = await this.#ask(raw, { is: 'translate', translation });
    if (said.is === 'translated') {
      const { dropped } = said;
      return { raw: givenBack(said.bytes), result: { ok: true, upstreamBody: givenBack(said.written), dropped } };
    }
    return { raw: givenBack(said.bytes), result: { ok: false, problem: problemIn(said) } };
  }

  /** Ends the thread for good. The body that it is reading, the queued ones and all later ones are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#idle !== null) clearTimeout(this.#idle);
    for (const { failed } of this.#waiting.splice(0)) failed(notRead());
    await this.#thread?.terminate();
  }

  #ask(raw: Bytes, task: Task): Promise<{ readonly said: Last; readonly whole: unknown }> {
    return new Promise((resolve, failed) => {
      if (this.#isClosed) return failed(notRead());
      this.#waiting.push({ raw, task, failed, done: (said, whole) => resolve({ said, whole }) });
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#current !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      if (!this.#isClosed) this.#idle = setTimeout(() => this.#endIdle(), IDLE_MS_MAX).unref();
      return;
    }
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#current = next;
    this.#assembly = new JsonAssembly();
    this.#thread ??= this.#started();
    const pieces = next.raw instanceof Pieces ? next.raw.buffers.map(ownBytes) : [ownBytes(next.raw)];
    const moved = pieces.map(({ buffer }) => buffer);
    this.#thread.postMessage({ ...next.task, pieces } satisfies ToThread, moved);
  }

  /** Ends the idle thread. It takes a while to end; a body that arrives meanwhile starts a new one. */
  #endIdle(): void {
    const thread = this.#thread;
    this.#thread = null;
    void thread?.terminate();
  }

  #started(): Worker {
    const thread = new Worker(new URL('./large-body-thread.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX, maxYoungGenerationSizeMb: YOUNG_MB_MAX },
    });
    thread.unref();
    thread.on('message', (message: FromThread) => this.#heard(message));
    thread.on('error', () => {}); // 'exit' follows.
    thread.on('exit', () => {
      if (thread === this.#thread) this.#ended();
    });
    return thread;
  }

  #heard(message: FromThread): void {
    const current = this.#current;
    if (current === null) return;
    if (message.is === 'piece') {
      this.#assembly.add(message.piece);
      this.#thread?.postMessage({ is: 'next' } satisfies ToThread);
      return;
    }
    const { whole } = this.#assembly;
    this.#over();
    current.done(message, whole);
  }

  #over(): void {
    this.#current = null;
    this.#assembly = new JsonAssembly();
    this.#begin();
  }

  /** Handles that the thread ended while in use. Rejects the current body; a queued one starts a new thread. */
  #ended(): void {
    this.#thread = null;
    const current = this.#current;
    if (current === null) return;
    this.#over();
    current.failed(notRead());
  }
}

function notRead(): Refusal {
  return serviceUnavailable('The gateway could not read this large body. Try again.');
}

/** Returns the fields that were left in the bytes of a body, as raw bytes. */
export function leftIn(raw: Buffer, left: LargeBody['left']): LeftFields {
  const fields = new Map<string, Buffer>();
  for (const [name, where] of left)
    fields.set(name, where instanceof Uint8Array ? Buffer.from(where.buffer) : raw.subarray(...where));
  return fields;
}

/** Returns the bytes in a buffer that can be moved to a thread: their own if no other bytes share it, else a copy. */
function ownBytes(raw: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = raw;
  const isOwn = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
  return isOwn ? new Uint8Array(buffer) : new Uint8Array(raw);
}

function givenBack(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer);
}

/** Returns the problem in a message that is not the expected result. Throws if the message is neither. */
function problemIn(said: Last): BodyProblem {
  if (said.is === 'problem') return said.problem;
  throw new Error(`the thread for large bodies sent an unexpected message: ${said.is}`);
}
