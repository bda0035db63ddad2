import { eventAround } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { noFacts, noteReport } from '../growing-facts.ts';
import { closingQuote, numberOr, objectsIn, stringOr } from '../json.ts';
import { tierOf, type UsageAt, usageOf } from '../usage.ts';
import { eventOf } from './event-of.ts';
import type { EventReader } from './passing-stream.ts';
import { lastStringOf, stringLengths, valueStart } from './scan.ts';

const EMPTY = Buffer.alloc(0);

interface Event {
  readonly start: number;
  readonly end: number;
  readonly json: JsonObject;
}

export interface ChatEventOptions {
  /** The places of the usage in an event; absent: those that are known. */
  readonly usageAt?: UsageAt | undefined;
  /** True if the client asked for usage. */
  readonly wantsUsage: boolean;
  /** The number of answers that the client asked for. */
  readonly choices: number;
}

/**
 * Reads OpenAI chat events alongside their bytes. It takes a few searches per chunk, and parses only events that carry usage or
 * an error. The upstream is always asked for usage. If the client did not ask, a usage event is dropped, or only its usage field
 * if the event has choices.
 */
export function chatEventReader({ wantsUsage, choices, usageAt }: ChatEventOptions): EventReader {
  const facts = noFacts();
  /** The choices with a finish reason. Null for one choice, which has finished once any reason arrives. */
  const finished = choices > 1 ? new Set<number>() : null;

  function read(events: Buffer): Buffer {
    const text = events.toString('latin1');
    facts.outputBytes += outputLength(text);
    noteFinishes(text);
    if (text.includes('rror"'))
      for (const { json } of eventsWith(text, '"error"')) facts.error = inBandError(json) ?? facts.error;
    // An answer that carried an error is not complete, although some servers end it as if it were.
    if (hasDone(text)) facts.complete = facts.error === null;
    const reports = eventsWith(text, '"usage"').filter(({ json }) => usageOf('openai-chat', json, usageAt) !== null);
    const last = reports.at(-1);
    if (last === undefined) return events;
    noteReport(facts, usageOf('openai-chat', last.json, usageAt));
    facts.usageIsFinal = facts.usage !== null;
    facts.serviceTier = tierOf('openai-chat', last.json) ?? facts.serviceTier;
    return wantsUsage ? events : withoutUsage(events, reports);
  }

  function noteFinishes(text: string): void {
    const word = lastStringOf(text, FINISH);
    if (word === null) return;
    facts.finishReason = word;
    if (finished !== null) noteChoices(text, finished);
    facts.finishes = finished?.size ?? 1;
  }

  /** Adds the choices that finish in these events. Some servers repeat a choice's finish reason in a later event. */
  function noteChoices(text: string, into: Set<number>): void {
    for (const { json } of eventsWith(text, FINISH)) {
      for (const [position, choice] of objectsIn(json.choices).entries()) {
        const hasReason = stringOr(choice.finish_reason, '') !== '';
        if (hasReason && into.size < choices) into.add(numberOr(choice.index, position));
      }
    }
  }

  return { read, facts };
}

const FINISH = '"finish_reason"';

/**
 * Returns the bytes of output in the events: text, refusals, reasoning, and the arguments of calls. Most events hold only text. So
 * the other keys are searched for only if a part of their names is found: short, and without a quote, it is found fast.
 */
function outputLength(text: string): number {
  let length = textLength(text);
  if (text.includes('fusal')) length += stringLengths(text, '"refusal"');
  // Some servers write the same reasoning under both names.
  if (text.includes('soning')) length += Math.max(stringLengths(text, '"reasoning_content"'), stringLengths(text, '"reasoning"'));
  if (text.includes('_call')) length += stringLengths(text, '"arguments"') + stringLengths(text, '"input"');
  return length;
}

/** Returns the bytes of content. Mistral's models write theirs, thinking included, as parts. */
function textLength(text: string): number {
  let length = 0;
  let hasParts = false;
  for (let at = valueStart(text, CONTENT, 0); at !== -1; at = valueStart(text, CONTENT, at)) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) length += closingQuote(text, at) - at - 1;
    else if (code === OPEN_ARRAY) hasParts = true;
  }
  return hasParts ? length + stringLengths(text, '"text"') + stringLengths(text, '"thinking"') : length;
}

const CONTENT = '"content"';
const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;

/** Reports whether a `[DONE]` line ends the answer. (The same words inside an answer are inside a JSON string.) */
function hasDone(text: string): boolean {
  let at = text.indexOf('[DONE]');
  while (at !== -1) {
    const line = text.slice(Math.max(text.lastIndexOf('\n', at), text.lastIndexOf('\r', at)) + 1, at);
    if (line === 'data: ' || line === 'data:') return true;
    at = text.indexOf('[DONE]', at + 1);
  }
  return false;
}

/** Returns the events in which `quotedKey` has an object or a string, parsed. */
function eventsWith(text: string, quotedKey: string): Event[] {
  const found: Event[] = [];
  let from = 0;
  for (let at = valueStart(text, quotedKey, from); at !== -1; at = valueStart(text, quotedKey, from)) {
    from = at;
    if (text[at] !== '{' && text[at] !== '"') continue;
    const { start, end } = eventAround(text, at);
    const json = eventOf(text.slice(start, end));
    if (json !== null) found.push({ start, end, json });
    from = end;
  }
  return found;
}

function withoutUsage(events: Buffer, reports: readonly Event[]): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (const { start, end, json } of reports) {
    if (start > from) kept.push(events.subarray(from, start));
    from = end;
    if (Array.isArray(json.choices) && json.choices.length > 0) {
      const { usage: _usage, ...rest } = json;
      kept.push(Buffer.from(`data: ${JSON.stringify(rest)}\n\n`));
    }
  }
  if (from < events.length) kept.push(events.subarray(from));
  return kept.length === 0 ? EMPTY : Buffer.concat(kept);
}
