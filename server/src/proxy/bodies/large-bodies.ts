import { Worker } from 'node:worker_threads';
import { type BodyProblem, type JsonObject, LEFT_IN_BYTES, type LeftFields, type Wire } from '../../dialects/dialect.ts';
import type { LargeBodyHeaders, LargeReading, Translation } from '../../dialects/exchange.ts';
import { JsonAssembly } from '../../lib/json/json-pieces.ts';
import { serviceUnavailable } from '../refusal.ts';
import type { FromThread, ToThread } from './large-body-thread.ts';

/** What came of a body, and its bytes: those that were given are gone. */
interface Given<T> {
  readonly raw: Buffer;
  readonly result: T | { readonly ok: false; readonly problem: BodyProblem };
}

/** As the thread reads it; `LEFT_IN_BYTES` stands where a value was left in the bytes. */
export type LargeBody = Extract<LargeReading, { ok: true }>;

/** A body in another dialect's words. */
interface Translated {
  readonly ok: true;
  readonly written: Buffer;
}

type Task = DistributiveOmit<Extract<ToThread, { is: 'read' | 'translate' }>, 'bytes'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** The last that the thread says of a body. */
type Last = Exclude<FromThread, { is: 'piece' }>;

interface Waiting {
  readonly raw: Buffer;
  readonly task: Task;
  readonly done: (said: Last, whole: unknown) => void;
  readonly failed: (why: Error) => void;
}

/** Beyond this the thread gives up, and not the process. */
const HEAP_MB_MAX = 512;
/** A thread that nobody needs gives its memory back. */
const IDLE_MS_MAX = 30_000;

/**
 * Reads bodies that are more work than a turn of the event loop may be, and says them in other dialects: one after the other in a thread of its
 * own, which is begun when it is first needed. What it read comes in pieces, each a short turn here.
 */
export class LargeBodies {
  readonly #waiting: Waiting[] = [];
  #thread: Worker | null = null;
  #current: Waiting | null = null;
  #assembly = new JsonAssembly();
  #idle: NodeJS.Timeout | null = null;

  /**
   * Takes the bytes away while it reads them, since a copy would be a long turn by itself, and gives them back. Rejects with
   * `service_unavailable` where the thread ends over it.
   */
  async read(raw: Buffer, wire: Wire, headers: LargeBodyHeaders): Promise<Given<LargeBody>> {
    const { said, whole } = await this.#ask(raw, { is: 'read', wire, headers });
    if (said.is !== 'whole') return { raw: givenBack(said.bytes), result: { ok: false, problem: problemIn(said) } };
    const { bytes, left, facts, tags, tokens } = said;
    const body = whole as JsonObject;
    for (const name of left.keys()) body[name] = LEFT_IN_BYTES;
    return { raw: givenBack(bytes), result: { ok: true, body, left, facts, tags, tokens } };
  }

  /** The same for a body that was read before and goes to an upstream of another dialect. A problem: there are no words for it. */
  async translate(raw: Buffer, translation: Translation): Promise<Given<Translated>> {
    const { said } = await this.#ask(raw, { is: 'translate', translation });
    if (said.is === 'translated') return { raw: givenBack(said.bytes), result: { ok: true, written: givenBack(said.written) } };
    return { raw: givenBack(said.bytes), result: { ok: false, problem: problemIn(said) } };
  }

  /** Ends the thread. What waits is refused. */
  async close(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    await this.#thread?.terminate();
  }

  #ask(raw: Buffer, task: Task): Promise<{ readonly said: Last; readonly whole: unknown }> {
    return new Promise((resolve, failed) => {
      this.#waiting.push({ raw, task, failed, done: (said, whole) => resolve({ said, whole }) });
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#current !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#idle = setTimeout(() => void this.close(), IDLE_MS_MAX).unref();
      return;
    }
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#current = next;
    this.#assembly = new JsonAssembly();
    this.#thread ??= this.#started();
    const bytes = ownBytes(next.raw);
    this.#thread.postMessage({ ...next.task, bytes } satisfies ToThread, [bytes.buffer]);
  }

  #started(): Worker {
    const thread = new Worker(new URL('./large-body-thread.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    thread.unref();
    thread.on('message', (message: FromThread) => this.#heard(message));
    thread.on('error', () => {}); // 'exit' follows.
    thread.on('exit', () => this.#ended());
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

  /** It ran out of memory, or was told to end: whoever waits for what it was reading is told, and the next body begins another. */
  #ended(): void {
    this.#thread = null;
    const current = this.#current;
    if (current === null) return;
    this.#over();
    current.failed(serviceUnavailable('The body could not be read. Try again.'));
  }
}

/** What was left in the bytes of a body, as it stands there. */
export function leftIn(raw: Buffer, left: LargeBody['left']): LeftFields {
  const fields = new Map<string, Buffer>();
  for (const [name, where] of left)
    fields.set(name, where instanceof Uint8Array ? Buffer.from(where.buffer) : raw.subarray(...where));
  return fields;
}

/** The bytes as memory that can be handed over: their own where they have it, else a copy. */
function ownBytes(raw: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = raw;
  const isOwn = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
  return isOwn ? new Uint8Array(buffer) : new Uint8Array(raw);
}

function givenBack(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer);
}

/** Of what is not what was asked for. */
function problemIn(said: Last): BodyProblem {
  if (said.is === 'problem') return said.problem;
  throw new Error(`the thread of large bodies said ${said.is}`);
}
