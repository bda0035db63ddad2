import { eventAround, parseEvents } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { noFacts, noteReport } from '../growing-facts.ts';
import { isObject, parseJson } from '../json.ts';
import { tierOf, usageOf } from '../usage.ts';
import type { EventReader } from './passing-stream.ts';
import { stringAt, stringLengths, valueStart } from './scan.ts';

const EMPTY = Buffer.alloc(0);
const OTHER_OUTPUT_KEYS = ['"arguments"', '"reasoning_content"', '"reasoning"'] as const;

interface Event {
  readonly start: number;
  readonly end: number;
  readonly json: JsonObject;
}

/**
 * Reads OpenAI chat events alongside their bytes. It takes a few searches per chunk, and parses only events that carry usage or
 * an error. The upstream is always asked for usage. If the client did not ask, a usage event is dropped, or only its usage field
 * if the event has choices.
 */
export function chatEventReader(options: { readonly wantsUsage: boolean }): EventReader {
  const facts = noFacts();

  function read(events: Buffer): Buffer {
    const text = events.toString('latin1');
    facts.outputBytes += outputLength(text);
    noteFinishes(text);
    for (const { json } of eventsWith(text, '"error"')) facts.error = inBandError(json) ?? facts.error;
    // An answer that carried an error is not complete, although some servers end it as if it were.
    if (hasDone(text)) facts.complete = facts.error === null;
    const reports = eventsWith(text, '"usage"').filter(({ json }) => usageOf('openai-chat', json) !== null);
    const last = reports.at(-1);
    if (last === undefined) return events;
    noteReport(facts, usageOf('openai-chat', last.json));
    facts.usageIsFinal = facts.usage !== null;
    facts.serviceTier = tierOf('openai-chat', last.json) ?? facts.serviceTier;
    return options.wantsUsage ? events : withoutUsage(events, reports);
  }

  function noteFinishes(text: string): void {
    for (let at = valueStart(text, FINISH, 0); at !== -1; at = valueStart(text, FINISH, at)) {
      const word = stringAt(text, at);
      if (word === '') continue;
      facts.finishReason = word;
      facts.finishes += 1;
    }
  }

  return { read, facts };
}

const FINISH = '"finish_reason"';

/** Returns the bytes of output in the events. A chunk rarely holds both text and other output, so most need only one search. */
function outputLength(text: string): number {
  const words = stringLengths(text, '"content"');
  if (words > 0) return words;
  let length = 0;
  for (const key of OTHER_OUTPUT_KEYS) length += stringLengths(text, key);
  return length;
}

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
    const json = parseData(text.slice(start, end));
    if (json !== null) found.push({ start, end, json });
    from = end;
  }
  return found;
}

function parseData(latin1: string): JsonObject | null {
  const data = parseEvents(Buffer.from(latin1, 'latin1').toString('utf8'))[0]?.data;
  const json = typeof data === 'string' ? parseJson(data) : undefined;
  return isObject(json) ? json : null;
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
