import type { Asked, Dialect, Json, JsonObject } from './dialects/dialect.ts';
import type { Upload } from './media/fields.ts';

/** Sends a conversation to a callable target with one of the keys, and reads the data plane's own answer as it arrives. */

export interface PlaygroundCall {
  readonly keyId: string;
  readonly dialect: Dialect;
  readonly asked: Asked;
  /** Fields of the body beside those of the dialect. Objects are merged with those that are there. */
  readonly more?: JsonObject;
  /** Tags as in the header `x-headgate-tags`. */
  readonly tags: readonly string[];
}

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A request as the data plane gets it, without the key's secret. */
export interface WireRequest {
  readonly method: 'POST';
  /** With the query. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: JsonObject;
  /** The files of a form. Absent: the body is JSON. */
  readonly files?: readonly (Upload & { readonly field: string })[];
}

/** Facts from an answer's head, before its text. */
export interface PlaygroundHead {
  readonly status: number;
  readonly headers: HeaderList;
  readonly requestId: string | null;
  /** The fields of the request that the provider's dialect lacks, and that were therefore not sent. */
  readonly dropped: readonly string[];
}

/** The end of a call. `failed`: the gateway refused it or the answer broke off, in the gateway's words. */
export type PlaygroundEnd =
  | { readonly is: 'answered'; readonly isCut: boolean }
  | { readonly is: 'stopped' }
  | { readonly is: 'failed'; readonly status: number; readonly code: string | null; readonly message: string };

export interface Listener {
  readonly signal: AbortSignal;
  readonly onHead?: (head: PlaygroundHead) => void;
  /** Called with each further part of the answer as it came. */
  readonly onReceived?: (part: string) => void;
  /** Called with each further part of the answer's text. */
  readonly onText?: (text: string) => void;
}

/** Returns the request that a call sends. */
export function wireRequestOf({ dialect, asked, more = {}, tags }: PlaygroundCall): WireRequest {
  const tagged: HeaderList = tags.length === 0 ? [] : [['x-headgate-tags', tags.join(',')]];
  return {
    method: 'POST',
    path: dialect.path(asked),
    headers: [['content-type', 'application/json'], ...tagged],
    body: merged(dialect.body(asked), more),
  };
}

/** Returns a body with further fields. Objects are merged with those that are there. */
export function merged(body: JsonObject, more: JsonObject): JsonObject {
  const both = Object.entries(more).map(([name, value]) => {
    const there = body[name];
    return [name, isObject(there) && isObject(value) ? merged(there, value) : value];
  });
  return { ...body, ...Object.fromEntries(both) };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sends a call and reports its answer piece by piece. Never rejects: every failure is an end. */
export async function callPlayground(call: PlaygroundCall, listener: Listener): Promise<PlaygroundEnd> {
  try {
    const { path, body } = wireRequestOf(call);
    const tags = call.tags.length === 0 ? {} : { tags: call.tags };
    const response = await fetch('/api/v1/playground', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key_id: call.keyId, path, body, ...tags }),
      signal: listener.signal,
    });
    listener.onHead?.(headOf(response));
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return isStream
      ? await readStream(response, call.dialect, listener)
      : readWhole(response.status, await response.text(), call.dialect, listener);
  } catch {
    if (listener.signal.aborted) return { is: 'stopped' };
    return UNREACHABLE;
  }
}

/** The end of a call that got no answer. */
export const UNREACHABLE: PlaygroundEnd = {
  is: 'failed',
  status: 0,
  code: null,
  message: 'The gateway cannot be reached, or the connection was lost. Send the message again.',
};

export function headOf({ status, headers }: Response): PlaygroundHead {
  return {
    status,
    headers: [...headers],
    requestId: headers.get('x-request-id'),
    dropped: headers.get('x-headgate-dropped')?.split(',') ?? [],
  };
}

function readWhole(status: number, text: string, { read }: Dialect, listener: Listener): PlaygroundEnd {
  listener.onReceived?.(text);
  const body = jsonOf(text);
  const heard = body === null ? {} : read(body);
  if (status < 400 && heard.error === undefined) {
    listener.onText?.(heard.text ?? '');
    return { is: 'answered', isCut: heard.isCut === true };
  }
  // `detail` is there if the control plane refused the call before it reached the data plane.
  const message = heard.error?.message ?? body?.detail ?? `The gateway answered with status ${status}.`;
  return { is: 'failed', status, code: heard.error?.code ?? null, message };
}

/** Returns the object in a text; null if it is none. A proxy in between may answer with an HTML page. */
function jsonOf(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

async function readStream(response: Response, dialect: Dialect, listener: Listener): Promise<PlaygroundEnd> {
  let rest = '';
  let end: PlaygroundEnd = { is: 'answered', isCut: false };
  const reader = (response.body ?? new Blob().stream()).pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return end;
    listener.onReceived?.(value);
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) end = readLine(line.trim(), end, dialect, listener);
  }
}

/** Reads one line of the stream. The first failure during the answer remains the end. */
function readLine(line: string, end: PlaygroundEnd, { read }: Dialect, { onText }: Listener): PlaygroundEnd {
  // Google writes an error without `data:`.
  const event = line.startsWith('data:') ? jsonOf(line.slice('data:'.length)) : jsonOf(line);
  if (event === null || end.is !== 'answered') return end;
  const { text = '', isCut = false, error } = read(event);
  if (text !== '') onText?.(text);
  if (error !== undefined) return { is: 'failed', status: 200, ...error };
  return isCut ? { is: 'answered', isCut } : end;
}
