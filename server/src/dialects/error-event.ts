import type { Wire } from './dialect.ts';

const MESSAGE_CHARS_MAX = 2000;

/** Returns the event that tells a client, in its own dialect, that its stream failed after it began. */
export function errorEvent(client: Wire, message: string): Buffer {
  const bounded = message.slice(0, MESSAGE_CHARS_MAX);
  if (client === 'anthropic-messages') {
    return Buffer.from(
      `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'api_error', message: bounded } })}\n\n`,
    );
  }
  // Google writes the error without `data:`, and its SDKs recognize only that.
  if (client === 'gemini')
    return Buffer.from(`${JSON.stringify({ error: { code: 502, message: bounded, status: 'UNAVAILABLE' } })}\n\n`);
  return Buffer.from(
    `data: ${JSON.stringify({ error: { message: bounded, type: 'api_error', param: null, code: 'provider_error' } })}\n\n`,
  );
}

/**
 * Returns the message of an error inside a 200 answer, as `{"error": {"message"}}` or `{"error": "…"}`; null if there is none. At
 * most 2,000 characters.
 */
export function inBandError(answer: Readonly<Record<string, unknown>>): string | null {
  const { error } = answer;
  if (error === undefined || error === null || error === false) return null;
  const message = typeof error === 'object' ? (error as { message?: unknown }).message : error;
  return (typeof message === 'string' ? message : written(error)).slice(0, MESSAGE_CHARS_MAX);
}

/** Serializes an error. Parsed JSON can be too deep to be serialized again. */
function written(error: unknown): string {
  try {
    return JSON.stringify(error);
  } catch {
    return 'the provider failed';
  }
}
