import { fieldSpans, type Span } from '../lib/json/json-fields.ts';
import type { BodyProblem, JsonObject, RequestFacts, Wire } from './dialect.ts';
import { estimateTokens } from './estimate.ts';
import { readBodyOnce } from './read-body.ts';
import { readFacts } from './read-facts.ts';
import { readTags } from './read-tags.ts';
import { type Translation, translatedRequest } from './translated-exchange.ts';

/** The headers that say something of a body. */
export interface LargeBodyHeaders {
  readonly betas: string | undefined;
  readonly tags: string | undefined;
}

/** All that anybody needs to know of a body, so that what is large of it is in memory once: as the bytes that came. */
export type LargeReading =
  | {
      readonly ok: true;
      /** Without the tags that it names. In the place of a value that was left in its bytes stands null. */
      readonly body: JsonObject;
      /** Where those values stand; or as what they are to be written, where they are not what came. */
      readonly left: ReadonlyMap<string, Span | Uint8Array<ArrayBuffer>>;
      readonly facts: RequestFacts;
      /** Null: it names none. */
      readonly tags: readonly string[] | null;
      /** Our own estimate of its tokens, for an endpoint that may be answered with it; else null. */
      readonly tokens: number | null;
    }
  | { readonly ok: false; readonly problem: BodyProblem };

/** A value that is not longer goes from the thread that reads it to the one that asked. */
const TAKEN_BYTES_MAX = 65_536;

/** For a thread of its own: reads a body and what it asks for, and leaves in its bytes whatever is long. */
export function readLargeBody(raw: Buffer, wire: Wire, headers: LargeBodyHeaders): LargeReading {
  const reading = readBodyOnce(raw);
  if (!reading.ok) return reading;
  const facts = readFacts(wire, reading.body, headers.betas);
  if (!facts.ok) return facts;
  const named = readTags(headers.tags, reading.body) ?? { ok: true, tags: null, body: reading.body };
  if (!named.ok) return named;
  const body = { ...named.body };
  const left = new Map<string, Span | Uint8Array<ArrayBuffer>>();
  for (const [name, span] of fieldSpans(raw)) {
    if (span[1] - span[0] <= TAKEN_BYTES_MAX || !(name in body)) continue;
    // Its own answer is asked for by an edit of it.
    if (name === 'stream_options') return { ok: false, problem: { message: 'stream_options is too long', param: name } };
    const isAsItCame = body[name] === reading.body[name];
    left.set(name, isAsItCame ? span : new Uint8Array(Buffer.from(JSON.stringify(body[name]))));
    body[name] = null;
  }
  const tokens = wire === 'anthropic-count-tokens' ? estimateTokens(named.body) : null;
  return { ok: true, body, left, facts: facts.facts, tags: named.tags, tokens };
}

/** For a thread of its own: a body that was read before, in the words of another dialect. Throws Untranslatable. */
export function translateLargeBody(raw: Buffer, translation: Translation): Buffer {
  const reading = readBodyOnce(raw);
  if (!reading.ok) throw new Error(reading.problem.message);
  const named = readTags(undefined, reading.body);
  return translatedRequest({ ...translation, body: named?.ok ? named.body : reading.body });
}
