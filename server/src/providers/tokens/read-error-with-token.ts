import type { Provider } from '../provider.ts';
import type { Tokens } from './tokens.ts';

type ReadError = Provider['readError'];

/**
 * Returns a reader of errors that removes the token of a call from the provider's message. A token that the provider refused is
 * fetched again by the next call.
 */
export function readErrorWithToken(tokens: Tokens, read: ReadError): ReadError {
  return (status, headers, body, credential = null) => {
    if (credential === null) return read(status, headers, body, null);
    const shown = tokens.withTokenAsKey(credential);
    if (status === 401) tokens.of(credential)?.refused(shown.apiKey);
    return read(status, headers, body, shown);
  };
}
