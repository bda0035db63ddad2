/** Generations that failed although their status is 200: Cohere says so in the finish reason. */
import type { JsonObject } from '../dialect.ts';
import { objectOr } from '../json.ts';

const MESSAGE_CHARS_MAX = 2000;

/** The words for a failure, with the type of error that has the right status. */
const FAILURES: ReadonlyMap<unknown, { readonly message: string; readonly type: string }> = new Map([
  ['ERROR', { message: 'the provider failed while it wrote the answer', type: 'server_error' }],
  ['TIMEOUT', { message: 'the provider did not finish the answer in time', type: 'timeout_error' }],
]);

/** Returns the error of an answer, or of the end of a stream (`message-end`), in the usual envelope. Null if it did not fail. */
export function failureOf(json: JsonObject): JsonObject | null {
  const { finish_reason: word, error } = json.type === 'message-end' ? objectOr(json.delta) : json;
  const failure = FAILURES.get(word);
  const said = typeof error === 'string' && error !== '' ? error.slice(0, MESSAGE_CHARS_MAX) : null;
  if (failure === undefined && said === null) return null;
  return { error: { message: said ?? failure?.message, type: failure?.type ?? 'server_error' } };
}
