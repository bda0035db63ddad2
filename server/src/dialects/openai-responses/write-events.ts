import type { JsonObject } from '../dialect.ts';
import { type ResponseState, responseObject } from './response-object.ts';

const MESSAGE_CHARS_MAX = 2000;

/** Returns one event of a response. Its name is its type. */
export function responseEvent(type: string, fields: JsonObject, sequence: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: sequence })}\n\n`;
}

/**
 * Returns the events that end a response with a failure, as OpenAI writes them: the error, then the failed response. `sequence`:
 * the number of the first.
 */
export function failureEvents(message: string, sequence: number, state: ResponseState, repeated: JsonObject): string {
  const error = { code: 'server_error', message: message.slice(0, MESSAGE_CHARS_MAX) };
  const response = responseObject({ ...state, status: 'failed', error }, repeated);
  return (
    responseEvent('error', { error: { type: 'server_error', ...error, param: null } }, sequence) +
    responseEvent('response.failed', { response }, sequence + 1)
  );
}
