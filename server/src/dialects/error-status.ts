import { isObject } from './json.ts';

/** The statuses for the error codes and types of OpenAI, Anthropic and Google. */
const STATUS_BY_WORD: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ invalid_request_error: 400, invalid_argument: 400, failed_precondition: 400, context_length_exceeded: 400 },
    ...{ authentication_error: 401, invalid_api_key: 401, unauthenticated: 401, billing_error: 402, insufficient_balance: 402 },
    ...{ permission_error: 403, permission_denied: 403, not_found_error: 404, not_found: 404, model_not_found: 404 },
    ...{ request_too_large: 413, rate_limit_error: 429, rate_limit_exceeded: 429, insufficient_quota: 429 },
    ...{ resource_exhausted: 429, api_error: 500, server_error: 500, internal: 500, unavailable: 503, timeout_error: 504 },
    ...{ deadline_exceeded: 504, overloaded_error: 529 },
  }),
);
/** The status of an error that does not state its kind. */
const STATUS_UNSAID = 502;

/**
 * Returns the status that an error inside a 200 answer should have had. Its code, status and type are read in this order, as a
 * number or a word. 502 if none is known.
 */
export function statusOfError(answer: Readonly<Record<string, unknown>>): number {
  const error = isObject(answer.error) ? answer.error : answer;
  for (const word of [error.code, error.status, error.type]) {
    const status = typeof word === 'string' ? (STATUS_BY_WORD.get(word.toLowerCase()) ?? Number(word)) : word;
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return STATUS_UNSAID;
}
