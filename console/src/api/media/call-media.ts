import { heardError, type Json, type JsonObject } from '../dialects/dialect.ts';
import { headOf, merged, type PlaygroundEnd, type PlaygroundHead, UNREACHABLE, type WireRequest } from '../playground.ts';
import { type Draft, uploadsOf } from './fields.ts';
import { bodyOf, type Kind } from './kinds.ts';

/** Sends a call that is no conversation with one of the keys, and reads its answer. */

export interface MediaCall {
  readonly keyId: string;
  readonly kind: Kind;
  readonly model: string;
  readonly draft: Draft;
  /** Fields of the body beside those of the kind. */
  readonly more: JsonObject;
  readonly tags: readonly string[];
}

/** An answer as it came. */
export interface MediaResult {
  readonly kind: Kind;
  readonly contentType: string;
  readonly body: Blob;
  /** The answer's object; null if it is no JSON. */
  readonly json: Json;
  /** The answer's text; null if it is none. */
  readonly text: string | null;
}

export interface MediaAnswer {
  readonly end: PlaygroundEnd;
  readonly head: PlaygroundHead | null;
  readonly result: MediaResult | null;
  /** The answer's body as a text to read. */
  readonly received: string;
}

/** Returns the request that a call sends. */
export function mediaRequestOf({ kind, model, draft, more, tags }: MediaCall): WireRequest {
  const tagged = tags.length === 0 ? [] : [['x-headgate-tags', tags.join(',')] as const];
  const body = merged(bodyOf(kind, model, draft), more);
  const headers = [['content-type', kind.isForm ? 'multipart/form-data' : 'application/json'] as const, ...tagged];
  return { method: 'POST', path: kind.path, headers, body, ...(kind.isForm ? { files: uploadsOf(kind.fields, draft) } : {}) };
}

/** Never rejects: every failure is an end. */
export async function callMedia(call: MediaCall, signal: AbortSignal): Promise<MediaAnswer> {
  try {
    const { path, body, files } = mediaRequestOf(call);
    const uploads = files?.map(({ field, name, type, data }) => ({ field, name, content_type: type, data }));
    const tags = call.tags.length === 0 ? undefined : call.tags;
    const response = await fetch('/api/v1/playground', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key_id: call.keyId, path, body, files: uploads, tags }),
      signal,
    });
    return await read(response, call.kind);
  } catch {
    const end: PlaygroundEnd = signal.aborted ? { is: 'stopped' } : UNREACHABLE;
    return { end, head: null, result: null, received: '' };
  }
}

/** The types of answers that are no text. Subtitles have types of their own. */
const IS_BINARY = /^(?:audio|image|video)\/|octet-stream/;

async function read(response: Response, kind: Kind): Promise<MediaAnswer> {
  const head = headOf(response);
  const contentType = response.headers.get('content-type') ?? '';
  const body = await response.blob();
  const text = IS_BINARY.test(contentType) ? null : await body.text();
  const json = text === null ? null : objectIn(text);
  const received = text === null ? null : readable(json, text);
  const end = endOf(response.status, json);
  const result = end.is === 'answered' ? { kind, contentType, body, json, text } : null;
  return { end, head, result, received: received ?? `(${body.size} bytes of ${contentType || 'no type'})` };
}

function endOf(status: number, json: Json): PlaygroundEnd {
  const { error } = heardError(json?.error, json?.error?.code ?? json?.error?.type);
  if (status < 400 && error === undefined) return { is: 'answered', isCut: false };
  // `detail` is there if the control plane refused the call before it reached the data plane.
  const message = error?.message ?? json?.detail ?? `The gateway answered with status ${status}.`;
  return { is: 'failed', status, code: error?.code ?? null, message };
}

function objectIn(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

const STRING_CHARS_MAX = 2_000;
const NUMBERS_MAX = 16;

/** Returns an answer without what nobody reads: pictures and vectors are cut. */
function readable(json: Json, text: string): string {
  if (json === null) return text;
  return JSON.stringify(json, (_, value: unknown) => {
    if (typeof value === 'string' && value.length > STRING_CHARS_MAX)
      return `${value.slice(0, 60)}… (${value.length} characters)`;
    const isVector = Array.isArray(value) && value.length > NUMBERS_MAX && value.every((one) => typeof one === 'number');
    return isVector ? [...value.slice(0, NUMBERS_MAX), `… (${value.length} numbers)`] : value;
  });
}
