import { EventFramer, EventTooLarge } from '../../lib/sse.ts';
import type { AnswerFacts, AnswerStream, Wire } from '../dialect.ts';
import { errorEvent } from '../error-event.ts';

/** One event may hold a whole image or a large document; more than this is a fault of the provider. */
export const EVENT_BYTES_MAX = 16 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/** Looks at whole events and returns what of them to forward: the same buffer unless something is left out. */
export interface EventReader {
  read(events: Buffer): Buffer;
  facts(): AnswerFacts;
}

/**
 * A stream within one dialect. Only whole events are forwarded: usually the upstream's chunk as it came, and where an event is split over chunks
 * its first part waits, so that a break in its middle leaves the client with a clean error event and not with half a line.
 */
export function passingStream(client: Wire, reader: EventReader): AnswerStream {
  const framer = new EventFramer({ eventBytesMax: EVENT_BYTES_MAX });
  let failure: string | null = null;

  function fail(message: string): Buffer {
    failure = message;
    return errorEvent(client, message);
  }

  return {
    push(chunk) {
      if (failure !== null) return EMPTY;
      try {
        const events = framer.push(chunk);
        return events.length === 0 ? events : reader.read(events);
      } catch (error) {
        if (!(error instanceof EventTooLarge)) throw error;
        return fail(error.message);
      }
    },
    end(how) {
      if (failure !== null) return EMPTY;
      // A last event may lack its blank line; anything else that is unfinished is dropped.
      const rest = how.clean ? framer.rest() : EMPTY;
      const last = rest.length === 0 ? EMPTY : reader.read(rest);
      const { complete, error } = reader.facts();
      if (complete || error !== null) return last;
      return fail(how.clean ? 'the provider ended the stream before the answer was complete' : how.message);
    },
    facts: () => ({ ...reader.facts(), ...(failure === null ? {} : { error: failure }) }),
  };
}
