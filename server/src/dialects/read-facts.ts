import { type Beyond, NOTHING_BEYOND } from '../domain/money/beyond.ts';
import { type BodyProblem, type Called, type JsonObject, type RequestFacts, Untranslatable, type Wire } from './dialect.ts';
import { contentFacts, countFacts } from './gemini/facts.ts';
import { arrayOr, isObject, objectOr } from './json.ts';
import { isMedia, mediaFacts } from './media/facts.ts';
import { BadField } from './media/fields.ts';
import { promptsIn } from './openai-completions/prompts.ts';
import { foreignIdIn } from './openai-responses/foreign-ids.ts';
import { beyondIn, beyondInBetas } from './read-beyond.ts';
import { countInputs, countMessages, countParts, type Media, noMedia } from './read-parts.ts';

const ANSWERS_MAX = 128;
const OUTPUT_CAP_MAX = 2 ** 31;

export type FactsReading =
  | { readonly ok: true; readonly facts: RequestFacts }
  | { readonly ok: false; readonly problem: BodyProblem };

class Refused extends Error {
  readonly param: string;
  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}

/**
 * Reads the facts that admission needs about a request, or the reason why it cannot be served. All other fields are left to the
 * provider. `betas` is the `anthropic-beta` header, `called` what the path says for wires whose bodies do not.
 */
export function readFacts(wire: Wire, body: JsonObject, betas?: string, called?: Called): FactsReading {
  try {
    return { ok: true, facts: factsOf(wire, body, betas, called ?? NOTHING_CALLED) };
  } catch (error) {
    if (!(error instanceof Refused || error instanceof BadField || error instanceof Untranslatable)) throw error;
    return { ok: false, problem: { message: error.message, param: error.param } };
  }
}

const NOTHING_CALLED: Called = { model: '', stream: false, framing: 'events' };

function factsOf(wire: Wire, body: JsonObject, betas: string | undefined, called: Called): RequestFacts {
  if (wire === 'gemini') return contentFacts(body, called);
  if (wire === 'gemini-count-tokens') return countFacts(body, called);
  const plain = {
    model: modelOf(body),
    stream: false,
    outputCap: null,
    answers: 1,
    mediaParts: 0,
    mediaBytes: 0,
    wantsUsage: true,
    beyond: NOTHING_BEYOND,
  };
  if (wire === 'openai-embeddings') {
    const inputs = inputsOf(body);
    const { mediaParts, mediaBytes } = countInputs(body);
    return { ...plain, inputs, mediaParts, mediaBytes };
  }
  if (isMedia(wire)) return { ...plain, ...mediaFacts(wire, body) };
  if (wire === 'openai-responses') return { ...plain, ...responsesFacts(body, betas) };
  if (wire === 'cursor-responses') return { ...plain, ...responsesFacts(body, betas), wantsUsage: wantsUsage(body) };
  if (wire === 'openai-completions') return { ...plain, ...completionsFacts(body) };
  if (wire === 'openai-compact' || wire === 'openai-input-tokens') return { ...plain, ...unstreamedFacts(body, betas) };
  const media = noMedia();
  countMessages(messagesOf(body), media);
  countParts(arrayOr(body.system), media);
  const beyond = beyondOf(wire, body, media, betas);
  const facts = { ...plain, mediaParts: media.mediaParts, mediaBytes: media.mediaBytes, beyond };
  if (wire === 'anthropic-count-tokens') return facts;
  if (body.extra_body !== undefined) refuseStoredContent(body.extra_body);
  const stream = booleanOf(body.stream, 'stream');
  if (wire === 'anthropic-messages') return { ...facts, stream, outputCap: capOf(body, 'max_tokens') };
  return { ...facts, stream, outputCap: chatCapOf(body), answers: answersOf(body), wantsUsage: wantsUsage(body) };
}

/**
 * Refuses the name of content that is stored at Google, as Gemini's own format does. Tenants share an account there, so that it
 * could be another tenant's.
 */
function refuseStoredContent(extra: unknown): void {
  const google = objectOr(objectOr(extra).google);
  for (const name of ['cached_content', 'cachedContent']) {
    if (google[name] === undefined || google[name] === null || google[name] === '') continue;
    const param = `extra_body.google.${name}`;
    throw new Refused(param, `${param} names content that is stored at the provider, which this gateway does not serve`);
  }
}

function responsesFacts(body: JsonObject, betas: string | undefined) {
  const items = itemsOf(body);
  if (body.tools !== undefined && body.tools !== null && !Array.isArray(body.tools))
    throw new Refused('tools', 'tools must be an array');
  const foreign = foreignIdIn(body);
  if (foreign !== null) throw new Refused(foreign.param ?? 'input', foreign.message);
  const media = noMedia();
  countMessages(items, media);
  return {
    stream: booleanOf(body.stream, 'stream'),
    outputCap: capOf(body, 'max_output_tokens'),
    mediaParts: media.mediaParts,
    mediaBytes: media.mediaBytes,
    beyond: beyondOf('openai-responses', body, media, betas),
  };
}

/** Returns the facts of a text completion. Of each prompt the model writes as many texts as it picks the best from. */
function completionsFacts(body: JsonObject) {
  const prompts = promptsIn(body);
  if (prompts === null)
    throw new Refused(
      'prompt',
      'prompt must be a text, a list of texts, a list of tokens, or a list of such lists; at most 2,048',
    );
  const stream = booleanOf(body.stream, 'stream');
  const returned = answersOf(body);
  const made = Math.max(returned, wholeOf(body.best_of, 'best_of', 0, ANSWERS_MAX) ?? 0);
  if (stream && made > returned)
    throw new Refused('best_of', 'best_of must not be greater than n in a stream: the best texts are known only at the end');
  return {
    stream,
    outputCap: wholeOf(body.max_tokens, 'max_tokens', 0, OUTPUT_CAP_MAX),
    answers: made * prompts,
    wantsUsage: wantsUsage(body),
    beyond: beyondIn('openai-completions', body, noMedia()),
  };
}

/** Returns the facts of a compaction or a count of tokens: a whole answer, without an output cap of the caller. */
function unstreamedFacts(body: JsonObject, betas: string | undefined) {
  const { input = [], ...more } = body;
  const facts = responsesFacts({ ...more, input: input ?? [] }, betas);
  if (facts.stream) throw new Refused('stream', 'stream must be false: this answer is not streamed');
  return { ...facts, outputCap: null };
}

/** Returns the items of a Responses request; none if its input is a text. */
function itemsOf(body: JsonObject): readonly unknown[] {
  if (typeof body.input === 'string') return [];
  if (!Array.isArray(body.input)) throw new Refused('input', 'input must be a string or an array');
  body.input.forEach((item, index) => {
    if (!isObject(item)) throw new Refused(`input[${index}]`, `input[${index}] must be an object`);
  });
  return body.input;
}

function beyondOf(wire: Wire, body: JsonObject, media: Media, betas: string | undefined): readonly Beyond[] {
  const inBody = beyondIn(wire, body, media);
  if (betas === undefined) return inBody;
  const inHeader = beyondInBetas(betas);
  if (inBody.length === 0) return inHeader;
  return inHeader.length === 0 ? inBody : [...inBody, ...inHeader];
}

function modelOf(body: JsonObject): string {
  if (body.model === undefined) throw new Refused('model', 'model is required: name the model to call');
  if (typeof body.model !== 'string' || body.model === '') throw new Refused('model', 'model must be a non-empty string');
  return body.model;
}

function messagesOf(body: JsonObject): readonly unknown[] {
  if (!Array.isArray(body.messages)) throw new Refused('messages', 'messages must be an array');
  body.messages.forEach((message, index) => {
    if (!isObject(message)) throw new Refused(`messages[${index}]`, `messages[${index}] must be an object`);
  });
  return body.messages;
}

/** Returns the number of inputs for embeddings: texts, or lists of tokens. */
function inputsOf({ input }: JsonObject): number {
  if (typeof input === 'string') return 1;
  if (!Array.isArray(input)) throw new Refused('input', 'input must be a string or an array');
  return typeof input[0] === 'number' ? 1 : input.length;
}

function booleanOf(value: unknown, param: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw new Refused(param, `${param} must be a boolean`);
  return value;
}

function wantsUsage(body: JsonObject): boolean {
  const options = body.stream_options;
  if (options === undefined || options === null) return false;
  if (!isObject(options)) throw new Refused('stream_options', 'stream_options must be an object');
  return booleanOf(options.include_usage, 'stream_options.include_usage');
}

/** Returns the output cap. If both names are given, the larger one counts: a hold must cover the one that the provider obeys. */
function chatCapOf(body: JsonObject): number | null {
  const caps = [capOf(body, 'max_tokens'), capOf(body, 'max_completion_tokens')].filter((cap) => cap !== null);
  return caps.length === 0 ? null : Math.max(...caps);
}

function capOf(body: JsonObject, param: string): number | null {
  return wholeOf(body[param], param, 1, OUTPUT_CAP_MAX);
}

function wholeOf(value: unknown, param: string, min: number, max: number): number | null {
  if (value === undefined || value === null) return null;
  if (!isWhole(value, min, max)) throw new Refused(param, `${param} must be a whole number from ${min} to ${max}`);
  return value;
}

function answersOf(body: JsonObject): number {
  return wholeOf(body.n, 'n', 1, ANSWERS_MAX) ?? 1;
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
