import { Worker } from 'node:worker_threads';
import type { JsonObject } from '../dialects/dialect.ts';
import type { LargeReading } from '../dialects/exchange.ts';
import { JsonAssembly } from '../lib/json-pieces.ts';
import type { FromThread, ToThread } from './large-body-thread.ts';
import { serviceUnavailable } from './refusal.ts';

/** What was read, and the bytes it was read from: those that were given are gone. */
interface Read {
  readonly raw: Buffer;
  readonly reading: LargeReading;
}

interface Waiting {
  readonly raw: Buffer;
  readonly done: (read: Read) => void;
  readonly failed: (why: Error) => void;
}

/** Beyond this the thread gives up, and not the process. */
const HEAP_MB_MAX = 512;
/** A thread that nobody needs gives its memory back. */
const IDLE_MS_MAX = 30_000;

/**
 * Reads bodies that are more work than a turn of the event loop may be, one after the other in a thread of its own, which is begun when it is
 * first needed. What it read comes in pieces, each a short turn here.
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
  read(raw: Buffer): Promise<Read> {
    return new Promise((done, failed) => {
      this.#waiting.push({ raw, done, failed });
      this.#begin();
    });
  }

  /** Ends the thread. What waits is refused. */
  async close(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    await this.#thread?.terminate();
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
    this.#tell({ is: 'read', bytes: ownBytes(next.raw) });
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

  #tell(message: ToThread): void {
    this.#thread?.postMessage(message, message.is === 'read' ? [message.bytes.buffer] : []);
  }

  #heard(message: FromThread): void {
    const current = this.#current;
    if (current === null) return;
    switch (message.is) {
      case 'piece':
        this.#assembly.add(message.piece);
        this.#tell({ is: 'next' });
        return;
      case 'whole': {
        const { written, spans } = message;
        const body = this.#assembly.whole as JsonObject;
        this.#over();
        const reading = { ok: true, body, written: written === null ? null : Buffer.from(written.buffer), spans } as const;
        current.done({ raw: givenBack(message.bytes), reading });
        return;
      }
      case 'problem':
        this.#over();
        current.done({ raw: givenBack(message.bytes), reading: { ok: false, problem: message.problem } });
    }
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

/** The bytes as memory that can be handed over: their own where they have it, else a copy. */
function ownBytes(raw: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = raw;
  const isOwn = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
  return isOwn ? new Uint8Array(buffer) : new Uint8Array(raw);
}

function givenBack(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer);
}
