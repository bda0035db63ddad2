import { EventFramer, EventTooLarge } from '../../lib/sse.ts';
import type { AnswerStream, Wire } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';
import type { Growing } from '../growing-facts.ts';
import { ENDED_EARLY, EVENT_BYTES_MAX } from '../stream-bounds.ts';

const EMPTY = Buffer.alloc(0);

/** Reads whole events and returns the bytes to forward: the same buffer unless something is left out. */
export interface EventReader {
  read(events: Buffer): Buffer;
  /** Returns the events that end a stream with a failure, if the dialect numbers its events. */
  failure?(message: string): Buffer;
  /** Called after the last event, if nothing in the stream marks its end. */
  ended?(): void;
  readonly facts: Growing;
}

/**
 * Returns a stream within one dialect. It forwards only whole events: usually the upstream's chunk unchanged. The first part of a
 * split event is held back. If the stream breaks in the middle of an event, the client gets a clean error event and not half a
 * line.
 */
export function passingStream(client: Wire, reader: EventReader): AnswerStream {
  const framer = new EventFramer({ eventBytesMax: EVENT_BYTES_MAX });
  const { facts } = reader;
  let failed = false;

  function fail(message: string): Buffer {
    failed = true;
    facts.error = message;
    return reader.failure?.(message) ?? errorEvent(client, message);
  }

  return {
    push(chunk) {
      if (failed) return EMPTY;
      try {
        const events = framer.push(chunk);
        return events.length === 0 ? events : reader.read(events);
      } catch (error) {
        if (!(error instanceof EventTooLarge)) throw error;
        return fail(error.message);
      }
    },
    end(how) {
      if (failed) return EMPTY;
      // A last event may lack its blank line; anything else that is unfinished is dropped.
      const rest = how.clean ? framer.rest() : EMPTY;
      const last = rest.length === 0 ? EMPTY : reader.read(rest);
      if (how.clean) reader.ended?.();
      if (facts.complete || facts.error !== null) return last;
      return fail(how.clean ? ENDED_EARLY : how.message);
    },
    facts: () => facts,
  };
}
