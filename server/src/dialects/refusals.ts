/**
 * Detection of refusals: answers that a provider's filter or the model itself ended before any output. Reasoning of a whole answer
 * is no output, because nothing of it was sent to the client yet; in a stream it is.
 */
import { parseEvents } from '../lib/sse.ts';
import { stopOfStopReason } from './anthropic-messages/stop-words.ts';
import { stopOfConverse } from './bedrock-converse/stop-words.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { blockReason, finishWord, partsOf } from './gemini/answer-parts.ts';
import { stopOf } from './gemini/stop-words.ts';
import { isObject, objectOr, objectsIn, parseJson } from './json.ts';
import { stopOfFinishReason } from './openai-chat/stop-words.ts';

/** The meaning of a stream's first events, or of a whole answer: undecided, output, or a refusal. */
type Saying = 'unsaid' | 'output' | 'refused';

/** A longer answer has output. */
const REFUSAL_BYTES_MAX = 64 * 1024;

/** Reports whether a whole answer is a refusal and has no output. */
export function isRefusedWhole(wire: Wire, bytes: Buffer): boolean {
  if (bytes.length > REFUSAL_BYTES_MAX) return false;
  const json = parseJson(bytes.toString('utf8'));
  return isObject(json) && (WHOLE[wire]?.(json) ?? 'output') === 'refused';
}

/** Reads a stream's events until one is output or a refusal. Each event is read once. */
export class RefusalReader {
  readonly #wire: Wire;
  #from = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Reads on. `bytes`: everything received so far. `isAll`: nothing more will arrive. */
  read(bytes: Buffer, isAll: boolean): Saying {
    const end = isAll ? bytes.length : wholeEventsEnd(bytes);
    if (end <= this.#from) return 'unsaid';
    const events = parseEvents(bytes.toString('utf8', this.#from, end));
    this.#from = end;
    for (const { name, data } of events) {
      const said = data === null ? 'unsaid' : sayingOf(this.#wire, name, data);
      if (said !== 'unsaid') return said;
    }
    return 'unsaid';
  }
}

/** Returns the offset after the last blank line. */
function wholeEventsEnd(bytes: Buffer): number {
  let end = 0;
  for (const blank of BLANK_LINES) {
    const at = bytes.lastIndexOf(blank);
    if (at !== -1) end = Math.max(end, at + blank.length);
  }
  return end;
}

const BLANK_LINES = ['\n\n', '\r\n\r\n', '\r\r'];

function sayingOf(wire: Wire, name: string | null, data: string): Saying {
  if (name === 'ping') return 'unsaid';
  const json = parseJson(data);
  return isObject(json) ? (EVENT[wire]?.(json, name) ?? 'output') : 'output';
}

/** Returns the saying of something that ended for a reason: `isRefused` of it, unless it has output. */
function ended(hasOutput: boolean, isRefused: boolean): Saying {
  return !hasOutput && isRefused ? 'refused' : 'output';
}

const WHOLE: Readonly<Partial<Record<Wire, (answer: JsonObject) => Saying>>> = {
  'openai-chat': ({ choices }) => oneOf(objectsIn(choices), (choice) => chatChoice(choice, objectOr(choice.message))),
  'openai-completions': ({ choices }) => oneOf(objectsIn(choices), (choice) => chatChoice(choice, { content: choice.text })),
  'anthropic-messages': ({ content, stop_reason }) =>
    ended(objectsIn(content).some(isMessageOutput), stopOfStopReason(String(stop_reason)) === 'refusal'),
  'openai-responses': ({ output, incomplete_details }) => {
    const items = objectsIn(output).filter(({ type }) => type !== 'reasoning');
    const parts = items.flatMap(({ content }) => objectsIn(content));
    const isOutput =
      items.some(({ type }) => type !== 'message') || parts.some((part) => part.type !== 'refusal' && isText(part.text));
    return ended(isOutput, isFiltered(incomplete_details) || parts.some(({ type }) => type === 'refusal'));
  },
  gemini: (answer) => {
    const candidates = objectsIn(answer.candidates);
    const isOutput = candidates.some((candidate) =>
      partsOf(candidate).some((part) => part.thought !== true && isContentPart(part)),
    );
    return ended(isOutput, isGeminiRefusal(answer));
  },
  // The text of a guardrail is the operator's own, and not the model's.
  'bedrock-converse': ({ output, stopReason }) => {
    const blocks = objectsIn(objectOr(objectOr(output).message).content);
    const isOutput =
      stopReason !== 'guardrail_intervened' && blocks.some(({ text, toolUse }) => isText(text) || isObject(toolUse));
    return ended(isOutput, stopOfConverse(String(stopReason)) === 'refusal');
  },
};

const EVENT: Readonly<Partial<Record<Wire, (event: JsonObject, name: string | null) => Saying>>> = {
  'openai-chat': (chunk) => (isObject(chunk.error) ? 'output' : oneOf(objectsIn(chunk.choices), chunkChoice)),
  'openai-completions': ({ choices }) =>
    oneOf(objectsIn(choices), (choice) => chunkChoice({ ...choice, delta: { content: choice.text } })),
  'anthropic-messages': (event) => {
    switch (event.type) {
      case 'message_start':
      case 'ping':
      case 'content_block_stop':
        return 'unsaid';
      case 'content_block_start': {
        const block = objectOr(event.content_block);
        return block.type === 'thinking' || (block.type === 'text' && !isText(block.text)) ? 'unsaid' : 'output';
      }
      case 'message_delta': {
        const { stop_reason } = objectOr(event.delta);
        if (typeof stop_reason !== 'string') return 'unsaid';
        return ended(false, stopOfStopReason(stop_reason) === 'refusal');
      }
      default:
        return 'output';
    }
  },
  'openai-responses': ({ type, item, part, response }) => {
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return 'unsaid';
      case 'response.output_item.added':
        return objectOr(item).type === 'message' || objectOr(item).type === 'reasoning' ? 'unsaid' : 'output';
      case 'response.output_item.done':
        return objectOr(item).type === 'reasoning' ? 'unsaid' : 'output';
      case 'response.content_part.added':
        return objectOr(part).type === 'refusal' ? 'refused' : isText(objectOr(part).text) ? 'output' : 'unsaid';
      case 'response.refusal.delta':
      case 'response.refusal.done':
        return 'refused';
      case 'response.incomplete':
        return ended(false, isFiltered(objectOr(response).incomplete_details));
      default:
        return 'output';
    }
  },
  gemini: (chunk) => {
    if (objectsIn(chunk.candidates).some((candidate) => partsOf(candidate).some(isContentPart))) return 'output';
    if (isObject(chunk.error)) return 'output';
    return finishWord(chunk) === null ? 'unsaid' : ended(false, isGeminiRefusal(chunk));
  },
  'bedrock-converse': (event, name) => {
    switch (name) {
      case 'messageStart':
      case 'contentBlockStop':
        return 'unsaid';
      case 'messageStop':
        return ended(false, stopOfConverse(String(event.stopReason)) === 'refusal');
      default:
        return 'output';
    }
  },
};

/** Returns the saying of choices: the first that is decided. Several answers are not watched. */
function oneOf(choices: readonly JsonObject[], of: (choice: JsonObject) => Saying): Saying {
  for (const choice of choices) {
    const said = of(choice);
    if (said !== 'unsaid') return said;
  }
  return 'unsaid';
}

/** Returns the saying of a choice of a whole answer. */
function chatChoice({ finish_reason }: JsonObject, message: JsonObject): Saying {
  const isOutput = isText(message.content) || objectsIn(message.tool_calls).length > 0 || isObject(message.function_call);
  return ended(
    isOutput || isObject(message.audio),
    isText(message.refusal) || stopOfFinishReason(String(finish_reason)) === 'refusal',
  );
}

function chunkChoice(choice: JsonObject): Saying {
  const delta = objectOr(choice.delta);
  const { content, reasoning_content, reasoning, tool_calls, function_call, audio, refusal } = delta;
  const isOutput = [content, reasoning_content, reasoning].some(isText) || objectsIn(tool_calls).length > 0;
  if (isOutput || isObject(function_call) || isObject(audio)) return 'output';
  if (isText(refusal)) return 'refused';
  if (typeof choice.finish_reason !== 'string') return 'unsaid';
  return ended(false, stopOfFinishReason(choice.finish_reason) === 'refusal');
}

function isMessageOutput({ type, text }: JsonObject): boolean {
  if (type === 'text') return isText(text);
  return type !== 'thinking' && type !== 'redacted_thinking';
}

function isContentPart(part: JsonObject): boolean {
  const { text, thoughtSignature, thought, ...rest } = part;
  return isText(text) || Object.keys(rest).length > 0;
}

function isGeminiRefusal(answer: JsonObject): boolean {
  if (blockReason(answer) !== null && objectsIn(answer.candidates).length === 0) return true;
  const word = finishWord(answer);
  return word !== null && stopOf(word, false) === 'refusal';
}

function isFiltered(details: unknown): boolean {
  return objectOr(details).reason === 'content_filter';
}

function isText(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || (Array.isArray(value) && value.length > 0);
}
