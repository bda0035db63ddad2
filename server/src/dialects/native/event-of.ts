import { parseEvents } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { isObject, parseJson } from '../json.ts';

/** Returns the data of one event, whose bytes were read as latin1; null if it is no JSON object. */
export function eventOf(latin1: string): JsonObject | null {
  const data = parseEvents(Buffer.from(latin1, 'latin1').toString('utf8'))[0]?.data;
  const json = typeof data === 'string' ? parseJson(data) : undefined;
  return isObject(json) ? json : null;
}
