import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { ProviderError } from '../provider.ts';
import { readAnthropicError } from '../read-anthropic-error.ts';
import { readGeminiError } from '../read-gemini-error.ts';

/** Reads an error of Vertex AI. Anthropic's models answer in Anthropic's envelope, everything else in Google's. Never throws. */
export function readVertexError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  const read = isAnthropics(body) ? readAnthropicError : readGeminiError;
  return read(status, headers, body, credential);
}

/** Reports whether an error has Anthropic's envelope: `{"type":"error","error":{…}}`, with any spaces. */
function isAnthropics(body: Buffer): boolean {
  return /^\s*\{\s*"type"\s*:\s*"error"/.test(body.subarray(0, 200).toString('latin1'));
}
