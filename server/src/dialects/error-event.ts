import type { Wire } from './dialect.ts';

const MESSAGE_CHARS_MAX = 2000;

/** The in-band event that tells a client its stream failed after it began, in the client's dialect. */
export function errorEvent(client: Wire, message: string): Buffer {
  const bounded = message.slice(0, MESSAGE_CHARS_MAX);
  if (client === 'anthropic-messages') {
    return Buffer.from(
      `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'api_error', message: bounded } })}\n\n`,
    );
  }
  return Buffer.from(
    `data: ${JSON.stringify({ error: { message: bounded, type: 'api_error', param: null, code: 'provider_error' } })}\n\n`,
  );
}

/** The words of an error a provider put into a 200 answer, as `{"error": {"message"}}` or `{"error": "…"}`; null when there is none. */
export function inBandError(answer: Readonly<Record<string, unknown>>): string | null {
  const { error } = answer;
  if (error === undefined || error === null || error === false) return null;
  const message = typeof error === 'object' ? (error as { message?: unknown }).message : error;
  return (typeof message === 'string' ? message : written(error)).slice(0, MESSAGE_CHARS_MAX);
}

/** JSON that was read can be too deep to be written again. */
function written(error: unknown): string {
  try {
    return JSON.stringify(error);
  } catch {
    return 'the provider failed';
  }
}
