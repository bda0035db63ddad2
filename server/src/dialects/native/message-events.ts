import { eventAround } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { noFacts, noteReport } from '../growing-facts.ts';
import { isObject, objectOr, stringOr } from '../json.ts';
import { anthropicUsage, mergeReports, tierOf } from '../usage.ts';
import { eventOf } from './event-of.ts';
import type { EventReader } from './passing-stream.ts';
import { stringLengths } from './scan.ts';

const OUTPUT_KEYS = ['"text"', '"thinking"', '"partial_json"'] as const;
/** Matches the events that matter. The many deltas between them match nothing and are not parsed. */
const MARK = /"(?:usage|message_stop|error)"/g;

/** Reads Anthropic message events alongside their bytes, which all pass unchanged. */
export function messageEventReader(): EventReader {
  const facts = noFacts();
  let reported: JsonObject | null = null;

  function read(events: Buffer): Buffer {
    const text = events.toString('latin1');
    for (const key of OUTPUT_KEYS) facts.outputBytes += stringLengths(text, key);
    MARK.lastIndex = 0;
    for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
      const { start, end } = eventAround(text, mark.index);
      const event = eventOf(text.slice(start, end));
      if (event !== null) note(event);
      MARK.lastIndex = end;
    }
    return events;
  }

  function note(event: JsonObject): void {
    switch (event.type) {
      case 'message_start':
        facts.complete = false;
        facts.finishes = 0;
        facts.usageIsFinal = false;
        reported = null;
        report(objectOr(event.message).usage);
        return;
      case 'message_delta':
        report(event.usage);
        facts.usageIsFinal = facts.usage !== null;
        facts.finishReason = stringOr(objectOr(event.delta).stop_reason, facts.finishReason);
        if (typeof objectOr(event.delta).stop_reason === 'string') facts.finishes = 1;
        return;
      case 'message_stop':
        facts.complete = facts.error === null;
        return;
      case 'error':
        facts.error = inBandError(event) ?? 'the provider failed';
    }
  }

  function report(usage: unknown): void {
    if (!isObject(usage)) return;
    reported = mergeReports(reported, usage);
    noteReport(facts, anthropicUsage(reported));
    facts.serviceTier = tierOf('anthropic-messages', { usage: reported });
  }

  return { read, facts };
}
