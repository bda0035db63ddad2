/** Server-sent events as a client reads them: by a parser that is not ours. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Returns the events of a stream. As the standard says, an event without its blank line is none. */
export function eventsIn(text: string): readonly EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(text);
  return events;
}

/** Returns the JSON of every event, without the `[DONE]` that ends a chat's stream. */
export function jsonEventsIn<T = Record<string, unknown>>(text: string): T[] {
  return eventsIn(text).flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data) as T]));
}
