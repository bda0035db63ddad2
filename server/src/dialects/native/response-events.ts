import { eventAround } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { noFacts, noteReport } from '../growing-facts.ts';
import { objectOr, stringOr } from '../json.ts';
import { finishWord } from '../openai-responses/decode-answer.ts';
import { itemBytes } from '../openai-responses/item-bytes.ts';
import { errorMessage } from '../openai-responses/read-error.ts';
import { failureEvents } from '../openai-responses/write-events.ts';
import { tierOf, usageOf } from '../usage.ts';
import { eventOf } from './event-of.ts';
import type { EventReader } from './passing-stream.ts';
import { stringLengths, valueStart } from './scan.ts';

/** Matches the events that matter: errors, the beginning, the end, and the ends of items. The deltas between them are not parsed. */
const MARK = /"type": ?"(?:error|response\.(?:created|completed|incomplete|failed|output_item\.done))"/g;
const SEQUENCE = '"sequence_number"';

/** Reads the events of a response alongside their bytes, which all pass unchanged. */
export function responseEventReader(): EventReader {
  const facts = noFacts();
  /** The bytes of deltas since the last item ended. Some servers write an item's text only at its end. */
  let deltaBytes = 0;
  let id = 'resp_';
  let model = '';
  let sequence = -1;

  function read(events: Buffer): Buffer {
    const text = events.toString('latin1');
    const bytes = stringLengths(text, '"delta"');
    deltaBytes += bytes;
    facts.outputBytes += bytes;
    noteSequence(text);
    MARK.lastIndex = 0;
    for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
      const { start, end } = eventAround(text, mark.index);
      const event = eventOf(text.slice(start, end));
      if (event !== null) note(event);
      MARK.lastIndex = end;
    }
    return events;
  }

  function noteSequence(text: string): void {
    const at = text.lastIndexOf(SEQUENCE);
    const value = at === -1 ? -1 : valueStart(text, SEQUENCE, at);
    if (value !== -1) sequence = Math.max(sequence, Number.parseInt(text.slice(value, value + 12), 10) || 0);
  }

  function note(event: JsonObject): void {
    const response = objectOr(event.response);
    switch (event.type) {
      case 'response.created':
        id = stringOr(response.id, id);
        model = stringOr(response.model, model);
        return;
      case 'response.output_item.done':
        facts.outputBytes += Math.max(0, itemBytes([event.item]) - deltaBytes);
        deltaBytes = 0;
        return;
      case 'response.completed':
      case 'response.incomplete':
        report(response);
        facts.finishReason = finishWord(response) ?? 'completed';
        facts.finishes = 1;
        // An answer that carried an error is not complete.
        facts.complete = facts.error === null;
        return;
      case 'response.failed':
        report(response);
        facts.error ??= errorMessage(event);
        return;
      case 'error':
        facts.error ??= errorMessage(event);
    }
  }

  function report(response: JsonObject): void {
    const reported = usageOf('openai-responses', response);
    if (reported === null) return;
    noteReport(facts, reported);
    facts.usageIsFinal = facts.usage !== null;
    facts.serviceTier = tierOf('openai-responses', response) ?? facts.serviceTier;
  }

  function failure(message: string): Buffer {
    const state = { id, model, status: 'failed', output: [], usage: null, incomplete: null } as const;
    return Buffer.from(failureEvents(message, sequence + 1, { ...state, error: null }, { created_at: null }));
  }

  return { read, failure, facts };
}
