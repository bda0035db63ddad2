import { EventFramer, EventTooLarge, parseEvents } from '../lib/sse.ts';
import type { AnswerFacts, AnswerStream, Wire } from './dialect.ts';
import { errorEvent } from './error-event.ts';
import { EVENT_BYTES_MAX } from './native/passing-stream.ts';
import type { AnswerEvent, Part, StreamDecoder, StreamEncoder } from './neutral.ts';

const EMPTY = Buffer.alloc(0);

/** A stream from one dialect to another, event by event. After its end or an error nothing more is said. */
export function translatingStream(client: Wire, decoder: StreamDecoder, encoder: StreamEncoder): AnswerStream {
  const framer = new EventFramer({ eventBytesMax: EVENT_BYTES_MAX });
  let facts: AnswerFacts = { usage: null, usageIsFinal: false, outputBytes: 0, finishReason: null, complete: false, error: null };

  const isOver = () => facts.complete || facts.error !== null;

  function fail(message: string): Buffer {
    facts = { ...facts, error: message };
    return errorEvent(client, message);
  }

  function translate(events: Buffer): Buffer {
    let out = '';
    for (const event of parseEvents(events.toString('utf8'))) {
      for (const said of decoder.read(event)) {
        if (isOver()) {
          if (said.is === 'usage') facts = noted(facts, said);
          continue;
        }
        facts = noted(facts, said);
        out += encoder.write(said);
      }
    }
    return out === '' ? EMPTY : Buffer.from(out);
  }

  return {
    push(chunk) {
      try {
        const events = framer.push(chunk);
        return events.length === 0 ? EMPTY : translate(events);
      } catch (error) {
        if (!(error instanceof EventTooLarge)) throw error;
        return isOver() ? EMPTY : fail(error.message);
      }
    },
    end(how) {
      const last = how.clean ? lastEvents() : EMPTY;
      if (isOver()) return last;
      const message = how.clean ? 'the provider ended the stream before the answer was complete' : how.message;
      return Buffer.concat([last, fail(message)]);
    },
    facts: () => facts,
  };

  /** A last event may lack its blank line; half an event is dropped. */
  function lastEvents(): Buffer {
    const rest = framer.rest();
    const text = rest.toString('utf8').trimEnd();
    return text === '' || !isWholeEvent(text) ? EMPTY : translate(rest);
  }
}

function isWholeEvent(text: string): boolean {
  return text.endsWith('}') || text.endsWith('[DONE]');
}

function noted(facts: AnswerFacts, event: AnswerEvent): AnswerFacts {
  switch (event.is) {
    case 'start':
      return event.usage === null ? facts : { ...facts, usage: event.usage };
    case 'text':
    case 'thinking':
      return { ...facts, outputBytes: facts.outputBytes + Buffer.byteLength(event.text) };
    case 'arguments':
      return { ...facts, outputBytes: facts.outputBytes + Buffer.byteLength(event.json) };
    case 'usage':
      return { ...facts, usage: event.usage, usageIsFinal: true };
    case 'stop':
      return { ...facts, finishReason: event.word };
    case 'error':
      return { ...facts, error: event.message };
    case 'end':
      return { ...facts, complete: true };
    default:
      return facts;
  }
}

/** Bytes of text, thinking and arguments in a whole answer. */
export function answerBytes(parts: readonly Part[]): number {
  let bytes = 0;
  for (const part of parts) {
    if (part.is === 'text' || part.is === 'thinking') bytes += Buffer.byteLength(part.text);
    if (part.is === 'tool_call') bytes += Buffer.byteLength(part.arguments);
  }
  return bytes;
}
