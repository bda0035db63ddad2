import { parseEvents } from '../../lib/sse.ts';
import type { AnswerFacts, JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { contentBytes, finishWord } from '../gemini/answer-parts.ts';
import { billedTierOf, contentUsage, searchesIn } from '../gemini/usage.ts';
import { type Growing, noFacts, noteReport } from '../growing-facts.ts';
import { isObject, numberOr, objectsIn, parseJson } from '../json.ts';
import { reportOf } from '../plausible.ts';
import { answeredTier } from '../service-tier.ts';
import type { EventReader } from './passing-stream.ts';

/**
 * Reads the chunks of Gemini's streams alongside their bytes, which all pass unchanged. Nothing marks a stream's end: an answer is
 * complete once each of its candidates has a finish reason. The last report counts, because earlier ones are provisional.
 */
export function contentEventReader(answers: number): EventReader {
  const facts = noFacts();
  const finished = new Set<number>();
  let searches = 0;

  function read(events: Buffer): Buffer {
    for (const { data } of parseEvents(events.toString('utf8'))) {
      const json = data === null ? undefined : parseJson(data);
      if (isObject(json)) note(json);
    }
    return events;
  }

  function note(json: JsonObject): void {
    facts.error = inBandError(json) ?? facts.error;
    facts.outputBytes += contentBytes(json);
    searches = Math.max(searches, searchesIn(json));
    noteUsage(facts, json, searches);
    const word = finishWord(json);
    if (word !== null) facts.finishReason = word;
    for (const [position, candidate] of objectsIn(json.candidates).entries())
      if (typeof candidate.finishReason === 'string') finished.add(numberOr(candidate.index, position));
    facts.finishes = word !== null && finished.size === 0 ? answers : Math.min(finished.size, answers);
    if (facts.finishes >= answers) facts.complete = facts.error === null;
  }

  return {
    read,
    facts,
    ended: () => {
      // A provider may make fewer candidates than were asked for.
      if (facts.finishes > 0) facts.complete = facts.error === null;
    },
  };
}

function noteUsage(facts: Growing, json: JsonObject, searches: number): void {
  const reported = contentUsage(json);
  if (reported === null) return;
  noteReport(facts, reported === 'implausible' || searches === 0 ? reported : { ...reported, search: searches });
  facts.usageIsFinal = facts.usage !== null;
  facts.serviceTier = answeredTier(billedTierOf(json)) ?? facts.serviceTier;
}

/** Returns the facts of a whole answer in Gemini's format. Throws UnreadableAnswer if the body is empty or not a JSON object. */
export function wholeContentFacts(bytes: Buffer): AnswerFacts {
  if (bytes.length === 0) throw new UnreadableAnswer('the provider answered with an empty body');
  const json = parseJson(bytes.toString('utf8'));
  if (!isObject(json)) throw new UnreadableAnswer('the provider did not answer with a JSON object');
  return {
    ...reportOf(contentUsage(json)),
    serviceTier: answeredTier(billedTierOf(json)),
    outputBytes: contentBytes(json),
    finishReason: finishWord(json),
    finishes: 1,
    complete: true,
    error: inBandError(json),
  };
}
