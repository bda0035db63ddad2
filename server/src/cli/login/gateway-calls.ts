/** Calls of a login to its gateway. Every answer is bounded in time and size, and checked before it is used. */
import { CommandFailed, GatewayAway } from '../outcome.ts';

/** An answer of the gateway that is a JSON object. */
export interface GatewayReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly msMax?: number;
}

const ANSWER_MS_MAX = 15_000;
const BYTES_MAX = 4_000_000;

/** Sends a form and returns the answer. Throws GatewayAway, or CommandFailed if the answer is no JSON object. */
export function postForm(
  url: string,
  path: string,
  form: Readonly<Record<string, string>>,
  msMax?: number,
): Promise<GatewayReply> {
  return call(url, path, { method: 'POST', form, ...(msMax === undefined ? {} : { msMax }) });
}

/** Calls a path with an access token. Throws as postForm does. */
export function getWithToken(url: string, path: string, token: string): Promise<GatewayReply> {
  return call(url, path, { method: 'GET', headers: { authorization: `Bearer ${token}` } });
}

async function call(
  url: string,
  path: string,
  { method, headers = {}, form, msMax = ANSWER_MS_MAX }: Call,
): Promise<GatewayReply> {
  let text: string;
  let status: number;
  try {
    const response = await fetch(url + path, {
      method,
      headers: { accept: 'application/json', ...headers },
      body: form === undefined ? null : new URLSearchParams(form),
      // Following a redirect could send the token to another address.
      redirect: 'error',
      signal: AbortSignal.timeout(msMax),
    });
    status = response.status;
    text = await boundedText(response);
  } catch (error) {
    throw new GatewayAway(url, reasonOf(error));
  }
  const body = objectIn(text);
  if (body === null && status >= 500) throw new GatewayAway(url, `it answered with status ${status}`);
  if (body === null)
    throw new CommandFailed(
      `${url}${path} answered with status ${status}, but not as a Headgate gateway does. Check the address (--url, HEADGATE_URL) and that the gateway is of this version.`,
    );
  return { status, body };
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > BYTES_MAX) throw new Error(`its answer is longer than ${BYTES_MAX} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'it did not answer in time';
  const { cause, message } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return code ?? (inner || message);
}

/** Returns the sentence of a refusal: of an OAuth error, an error of the data plane, or none. Without control characters. */
export function wordsOf({ status, body }: GatewayReply): string {
  const { error_description, error, message } = body;
  const inner = typeof error === 'object' && error !== null ? (error as { message?: unknown }).message : error;
  const text = [error_description, inner, message].find((one): one is string => typeof one === 'string' && one !== '');
  return plain(text ?? `The gateway answered with status ${status}.`);
}

/** Returns a text of the gateway for a terminal: at most 500 characters, and none that a terminal obeys. */
export function plain(text: string): string {
  return text.slice(0, 500).replaceAll(/\p{C}/gu, '?');
}
