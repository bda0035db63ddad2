import { readFileSync } from 'node:fs';
import { BadUsage, CommandFailed, EXIT, GatewayAway } from './outcome.ts';

/** The admin API over HTTP. If the API refuses, every method throws CommandFailed with the API's own message. */
export interface Api {
  get(path: string, query?: Query): Promise<Json>;
  /** `version`: the version that was read. The change is refused if another one is stored by now. */
  send(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: object, version?: number): Promise<Json>;
  /** Returns an answer that is text: CSV. */
  text(path: string, query?: Query): Promise<string>;
}

export type Query = Readonly<Record<string, string | number | undefined>>;
export type Json = Readonly<Record<string, unknown>>;

export interface ApiOptions {
  readonly url: string | undefined;
  /** A file that holds the token. On a command line other users of the machine could read it. */
  readonly tokenFile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const DEFAULT_URL = 'http://127.0.0.1:4000';
const ANSWER_MS_MAX = 120_000;

/** Opens the API by flags, otherwise by HEADGATE_URL and HEADGATE_ADMIN_TOKEN. Throws BadUsage if there is no token. */
export function openApi({ url, tokenFile, env }: ApiOptions): Api {
  const base = baseOf(url ?? (env.HEADGATE_URL || DEFAULT_URL));
  const token = tokenFile === undefined ? env.HEADGATE_ADMIN_TOKEN : readToken(tokenFile);
  if (!token)
    throw new BadUsage(
      'There is no admin token. Set HEADGATE_ADMIN_TOKEN to one, or name a file that contains one with --token-file.',
    );
  const call = (method: string, path: string, query: Query = {}, body?: object, version?: number) =>
    answerOf(base, { method, path: path + search(query), token, body, version });
  return {
    get: async (path, query) => parsed((await call('GET', path, query)).text),
    send: async (method, path, body, version) => parsed((await call(method, path, {}, body, version)).text),
    text: async (path, query) => (await call('GET', path, query)).text,
  };
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body: object | undefined;
  readonly version: number | undefined;
}

async function answerOf(base: string, { method, path, token, body, version }: Asked): Promise<{ readonly text: string }> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
  };
  let response: Response | null = null;
  let text: string;
  try {
    response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      // Following a redirect could send the token to another address.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    text = await response.text();
  } catch (error) {
    if (response !== null && !isTimeout(error)) throw new CommandFailed('The answer ended before it was complete. Try again.');
    throw new GatewayAway(base, reasonOf(error));
  }
  if (!response.ok) throw refusalOf(response.status, text, base);
  return { text };
}

const NOT_ALLOWED = new Set([401, 403, 404]);

function refusalOf(status: number, text: string, base: string): CommandFailed {
  const problem = problemIn(text);
  if (problem === null)
    return new CommandFailed(
      `${base} answered with status ${status}, but is not a Headgate gateway. Check the address (--url, HEADGATE_URL).`,
    );
  return new CommandFailed(problem, NOT_ALLOWED.has(status) ? EXIT.notAllowed : EXIT.failed);
}

/** Returns a problem's detail with its messages about single fields; null if the text is not a problem. */
function problemIn(text: string): string | null {
  try {
    const { detail, errors } = JSON.parse(text) as { detail?: unknown; errors?: { pointer: string; message: string }[] };
    if (typeof detail !== 'string') return null;
    const more = (errors ?? []).filter(({ message }) => !detail.includes(message));
    return [detail, ...more.map(({ pointer, message }) => `  ${pointer}: ${message}`)].join('\n');
  } catch {
    return null;
  }
}

function parsed(text: string): Json {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new CommandFailed(
      'The answer is not JSON, so this is not a Headgate gateway. Check the address (--url, HEADGATE_URL).',
    );
  }
}

/** Returns the origin of an address. Throws BadUsage if it is none. */
export function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new BadUsage(`${JSON.stringify(text)} is not an address. It must begin with http:// or https://.`);
  return url.origin;
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new BadUsage(
      `--token-file: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Check its path and permissions.`,
    );
  }
}

/** Returns the query of a path; empty if no value is set. */
export function search(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

function isTimeout(error: unknown): boolean {
  return (error as Error).name === 'TimeoutError';
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name: string; cause?: { code?: unknown; message?: unknown } };
  if (isTimeout(error)) return `no answer within ${ANSWER_MS_MAX / 1_000} s`;
  return String(cause?.code ?? cause?.message ?? name);
}
