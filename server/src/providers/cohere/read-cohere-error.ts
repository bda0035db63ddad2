import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { ProviderError } from '../provider.ts';
import { type ErrorSigns, readErrorAnswer } from '../read-error.ts';

/** Cohere's errors have no codes: `{"message": "…"}`. */
const SIGNS: ErrorSigns = {
  contextCodes: new Set(),
  contextWords: /too many tokens/i,
  quotaCodes: new Set(),
  // A trial key is limited by the minute, which passes, and by the month.
  quotaWords: /API calls ?\/ ?month|calls per month|monthly limit/i,
};

/** Reads an error of Cohere's. Never throws, whatever the body is. */
export function readCohereError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  return readErrorAnswer({ status, headers, body, credential, signs: SIGNS });
}
