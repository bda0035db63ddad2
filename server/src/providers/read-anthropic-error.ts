import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { UpstreamHeaders } from '../upstream/call.ts';
import type { ProviderError } from './provider.ts';
import { type ErrorSigns, readErrorAnswer } from './read-error.ts';

const SIGNS: ErrorSigns = {
  contextCodes: new Set(),
  contextWords: /prompt is too long|exceed(?:s)? (?:the )?context (?:limit|window)|context window/i,
  // The second is OpenAI's; servers that speak only Anthropic's messages send it too.
  quotaCodes: new Set(['billing_error', 'insufficient_quota']),
  quotaWords: /credit balance is too low|usage limits? .{0,40}reached|reached your specified .{0,20}usage limits/i,
};

/** Reads an error answer in Anthropic's envelope. Never throws, whatever the body is. */
export function readAnthropicError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  return readErrorAnswer({ status, headers, body, credential, signs: SIGNS });
}
