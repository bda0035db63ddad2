import { eventAround, parseEvents } from '../../lib/sse.ts';
import type { AnswerFacts, JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectOr, parseJson } from '../json.ts';
import { anthropicUsage, mergeReports } from '../usage.ts';
import type { EventReader } from './passing-stream.ts';
import { stringLengths } from './scan.ts';

const OUTPUT_KEYS = ['"text"', '"thinking"', '"partial_json"'] as const;
/** Events that matter carry one of these; the many deltas between carry none and are not parsed. */
const MARKS = ['"usage"', '"message_stop"', '"error"'] as const;

/** Reads Anthropic message events beside their bytes, which all pass as they came. */
export function messageEventReader(): EventReader {
  let reported: JsonObject | null = null;
  let facts: AnswerFacts = { usage: null, usageIsFinal: false, outputBytes: 0, finishReason: null, complete: false, error: null };
  let outputBytes = 0;

  function read(events: Buffer): Buffer {
    const text = events.toString('latin1');
    for (const key of OUTPUT_KEYS) outputBytes += stringLengths(text, key);
    for (const mark of MARKS) eachEventWith(text, mark, note);
    return events;
  }

  function note(event: JsonObject): void {
    if (event.type === 'message_stop') facts = { ...facts, complete: true };
    if (event.type === 'error') facts = { ...facts, error: inBandError(event) };
    if (event.type === 'message_start') {
      reported = null;
      report(objectOr(event.message).usage);
    }
    if (event.type === 'message_delta') {
      report(event.usage);
      facts = { ...facts, usageIsFinal: facts.usage !== null };
      const reason = objectOr(event.delta).stop_reason;
      if (typeof reason === 'string') facts = { ...facts, finishReason: reason };
    }
  }

  function report(usage: unknown): void {
    if (!isObject(usage)) return;
    reported = mergeReports(reported, usage);
    facts = { ...facts, usage: anthropicUsage(reported) };
  }

  return { read, facts: () => ({ ...facts, outputBytes }) };
}

function eachEventWith(text: string, mark: string, visit: (event: JsonObject) => void): void {
  for (let at = text.indexOf(mark); at !== -1; ) {
    const { start, end } = eventAround(text, at);
    const data = parseEvents(Buffer.from(text.slice(start, end), 'latin1').toString('utf8'))[0]?.data;
    const json = typeof data === 'string' ? parseJson(data) : undefined;
    if (isObject(json)) visit(json);
    at = text.indexOf(mark, end);
  }
}
