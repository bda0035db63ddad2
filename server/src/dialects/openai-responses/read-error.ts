import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { objectOr, stringOr } from '../json.ts';

/**
 * Returns the error of an event in one form. OpenAI nests it in `error`, or in the response that failed; the open specification
 * writes it flat.
 */
export function errorObject(event: JsonObject): JsonObject {
  const nested = event.error ?? objectOr(event.response).error;
  if (nested !== undefined && nested !== null) return { error: nested };
  const { code = null, message, param = null } = event;
  return { error: { message: stringOr(message, 'the provider failed'), type: 'server_error', code, param } };
}

export function errorMessage(event: JsonObject): string {
  return inBandError(errorObject(event)) ?? 'the provider failed';
}
