import { errors } from 'undici';
import type { UpstreamFailureKind } from './call.ts';
import { UnwritableRequest } from './fast/request-text.ts';
import { BadAnswer } from './fast/upstream-connection.ts';
import { RefusedAddress } from './guarded-lookup.ts';

/** Translates an error of a client or the socket into a kind and a sentence without addresses, names or secrets. */
export function explainError(
  error: Error,
  progress: { readonly started: boolean },
): { readonly kind: UpstreamFailureKind; readonly message: string } {
  if (error instanceof RefusedAddress) return { kind: 'refused_address', message: "the provider's address is not allowed" };
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG' || error instanceof UnwritableRequest)
    return { kind: 'protocol', message: 'the request cannot be expressed in HTTP/1.1' };
  if (!progress.started)
    return { kind: 'not_connected', message: `the provider could not be reached (${code ?? 'unknown error'})` };
  if (error instanceof BadAnswer) return { kind: 'protocol', message: "the provider's answer is not valid HTTP" };
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError) return explainBadHttp(error);
  // Errors of sockets and undici carry a code. One without a code was thrown by the code that reads the answer.
  if (code === null) return { kind: 'protocol', message: "the gateway failed to read the provider's answer" };
  return { kind: 'reset', message: BROKEN_OFF };
}

const BROKEN_OFF = 'the provider closed the connection before its answer was complete';

// To the parser a cut connection is an unexpected end. All its other errors mean bad HTTP.
function explainBadHttp(error: Error): ReturnType<typeof explainError> {
  if (/EOF/.test(error.message)) return { kind: 'reset', message: BROKEN_OFF };
  return { kind: 'protocol', message: "the provider's answer is not valid HTTP" };
}

function codeOf(error: Error): string | null {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0]);
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : null;
}
