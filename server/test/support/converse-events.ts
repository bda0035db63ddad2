import type { JsonObject } from '../../src/dialects/dialect.ts';

/** The events of Converse as the provider writes them behind its frames. */
export function eventsOf(events: readonly (readonly [name: string, data: JsonObject])[]): Buffer {
  return Buffer.from(events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join(''));
}
