import { EventFramer, EventTooLarge, parseEvents } from '../lib/sse.ts';
import type { AnswerFacts, AnswerStream } from './dialect.ts';
import { type Growing, noFacts, noteReport } from './growing-facts.ts';
import type { AnswerEvent, Part, StreamDecoder, StreamEncoder } from './neutral.ts';
import { ENDED_EARLY, EVENT_BYTES_MAX } from './stream-bounds.ts';

const EMPTY = Buffer.alloc(0);

/** A stream that is translated from one dialect to another, event by event. After its end or an error it writes nothing more. */
export class TranslatingStream implements AnswerStream {
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #framer = new EventFramer({ eventBytesMax: EVENT_BYTES_MAX });
  readonly #facts = noFacts();

  constructor(decoder: StreamDecoder, encoder: StreamEncoder) {
    this.#decoder = decoder;
    this.#encoder = encoder;
  }

  push(chunk: Buffer): Buffer {
    try {
      const events = this.#framer.push(chunk);
      return events.length === 0 ? EMPTY : this.#translate(events.toString('utf8'));
    } catch (error) {
      if (!(error instanceof EventTooLarge)) throw error;
      return this.#isOver() ? EMPTY : this.#fail(error.message);
    }
  }

  end(how: { readonly clean: true } | { readonly clean: false; readonly message: string }): Buffer {
    const whole = how.clean ? this.#lastEvents() : EMPTY;
    const ending = this.#isOver() ? '' : this.#written(this.#decoder.ended?.() ?? []);
    const last = ending === '' ? whole : Buffer.concat([whole, Buffer.from(ending)]);
    if (this.#isOver()) return last;
    return Buffer.concat([last, this.#fail(how.clean ? ENDED_EARLY : how.message)]);
  }

  facts(): AnswerFacts {
    return this.#facts;
  }

  #translate(events: string): Buffer {
    let out = '';
    for (const event of parseEvents(events)) out += this.#written(this.#decoder.read(event));
    return out === '' ? EMPTY : Buffer.from(out);
  }

  #written(events: readonly AnswerEvent[]): string {
    let out = '';
    for (const said of events) {
      const over = this.#isOver();
      // Some servers report usage after an error. It is charged all the same.
      if (!over || said.is === 'usage') note(this.#facts, said);
      if (!over) out += this.#encoder.write(said);
    }
    return out;
  }

  /** Translates the last event, which may lack its blank line. Half an event is dropped. */
  #lastEvents(): Buffer {
    const rest = this.#framer.rest().toString('utf8').trimEnd();
    return rest.endsWith('}') || rest.endsWith('[DONE]') ? this.#translate(rest) : EMPTY;
  }

  #isOver(): boolean {
    return this.#facts.complete || this.#facts.error !== null;
  }

  #fail(message: string): Buffer {
    this.#facts.error = message;
    return Buffer.from(this.#encoder.write({ is: 'error', message }));
  }
}

function note(facts: Growing, event: AnswerEvent): void {
  switch (event.is) {
    case 'start':
      facts.usage = event.usage;
      break;
    case 'text':
    case 'refusal':
    case 'thinking':
      facts.outputBytes += Buffer.byteLength(event.text);
      break;
    case 'arguments':
      facts.outputBytes += Buffer.byteLength(event.json);
      break;
    case 'usage':
      noteReport(facts, event.usage);
      facts.usageIsFinal = facts.usage !== null;
      facts.serviceTier = event.billedTier ?? facts.serviceTier;
      break;
    case 'stop':
      facts.finishReason = event.word;
      facts.finishes = 1;
      break;
    case 'error':
      facts.error = event.message;
      break;
    case 'end':
      facts.complete = true;
  }
}

/** Returns the bytes of text, thinking and arguments in a whole answer. */
export function answerBytes(parts: readonly Part[]): number {
  let bytes = 0;
  for (const part of parts) {
    if (part.is === 'text' || part.is === 'refusal' || part.is === 'thinking') bytes += Buffer.byteLength(part.text);
    if (part.is === 'tool_call') bytes += Buffer.byteLength(part.arguments);
  }
  return bytes;
}
