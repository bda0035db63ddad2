import { fieldSpans, type Span } from '../lib/json/json-fields.ts';
import { hasInput, withChatTools } from './cursor/cursor-body.ts';
import type { BodyProblem, Called, JsonObject, RequestFacts, TranslatedRequest, Wire } from './dialect.ts';
import { estimateTokens } from './estimate.ts';
import { isOfResponses } from './openai-responses/family.ts';
import { ownItems } from './openai-responses/own-items.ts';
import { readBodyOnce } from './read-body.ts';
import { readFacts } from './read-facts.ts';
import { readTags } from './read-tags.ts';
import { requestToSend } from './request-to-send.ts';
import type { Translation } from './translated-exchange.ts';

/** The headers that are read together with a body, and what the path says in place of the body. */
export interface LargeBodyHeaders {
  readonly betas: string | undefined;
  readonly tags: string | undefined;
  readonly called?: Called | undefined;
  /** The wire of a body that is a request of the Responses API; absent for paths that take one format. */
  readonly forInput?: Wire | undefined;
}

/** The result of reading a large body. Its large values are in memory only once: as the received bytes. */
export type LargeReading =
  | {
      readonly ok: true;
      /** The body without the tags that it names. A value that was left in the bytes is null here. */
      readonly body: JsonObject;
      /** The position of each of those values in the bytes, or its new JSON if it changed. */
      readonly left: ReadonlyMap<string, Span | Uint8Array<ArrayBuffer>>;
      readonly facts: RequestFacts;
      /** The tags that the request names; null: none. */
      readonly tags: readonly string[] | null;
      /** Our own estimate of its tokens, for an endpoint that may answer with it; else null. */
      readonly tokens: number | null;
    }
  | { readonly ok: false; readonly problem: BodyProblem };

/** The largest value, in bytes, that is passed between threads as part of the body. A larger one is left in the bytes. */
const TAKEN_BYTES_MAX = 65_536;

/** The counts, which the gateway may answer with its own estimate. */
const COUNTS: ReadonlySet<Wire> = new Set(['anthropic-count-tokens', 'gemini-count-tokens', 'openai-input-tokens']);

/** The fields into which a clamped cap is written. */
const EDITED: ReadonlySet<string> = new Set([
  'generationConfig',
  'generation_config',
  'generateContentRequest',
  'generate_content_request',
]);

/** Reads a body and the facts about it, and leaves long values in its bytes. Runs in a worker thread. */
export function readLargeBody(raw: Buffer, plainWire: Wire, headers: LargeBodyHeaders): LargeReading {
  const reading = readBodyOnce(raw);
  if (!reading.ok) return reading;
  const { forInput } = headers;
  const wire = forInput !== undefined && hasInput(reading.body) ? forInput : plainWire;
  const asked = forInput !== undefined && wire === plainWire ? withChatTools(reading.body) : reading.body;
  const facts = readFacts(wire, asked, headers.betas, headers.called);
  if (!facts.ok) return facts;
  const named = readTags(headers.tags, asked) ?? { ok: true, tags: null, body: asked };
  if (!named.ok) return named;
  const body = { ...named.body };
  if (isOfResponses(wire)) body.input = ownItems(body.input);
  const left = new Map<string, Span | Uint8Array<ArrayBuffer>>();
  for (const [name, span] of fieldSpans(raw)) {
    if (span[1] - span[0] <= TAKEN_BYTES_MAX || !(name in body)) continue;
    if (EDITED.has(name)) continue;
    // The forced usage option edits this field, so it cannot be left in the bytes.
    if (name === 'stream_options') return { ok: false, problem: { message: 'stream_options is too large', param: name } };
    const isAsItCame = body[name] === reading.body[name];
    left.set(name, isAsItCame ? span : new Uint8Array(Buffer.from(JSON.stringify(body[name]))));
    body[name] = null;
  }
  const tokens = COUNTS.has(wire) ? estimateTokens(named.body) : null;
  return { ok: true, body, left, facts: facts.facts, tags: named.tags, tokens };
}

/** Translates a body that was read before into another dialect. Runs in a worker thread. Throws Untranslatable. */
export function translateLargeBody(raw: Buffer, translation: Translation): TranslatedRequest {
  const reading = readBodyOnce(raw);
  if (!reading.ok) throw new Error(reading.problem.message);
  const named = readTags(undefined, reading.body);
  return requestToSend({ ...translation, body: named?.ok ? named.body : reading.body });
}
