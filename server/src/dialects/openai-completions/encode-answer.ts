import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import { type AnswerOptions, type NeutralAnswer, type StopReason, textOf } from '../neutral.ts';
import { chatUsage } from '../openai-chat/usage.ts';
import { reportOf } from '../plausible.ts';

/** Encodes a neutral answer as a text completion. Thinking is left out: it is no part of the text. */
export function encodeCompletionsAnswer(answer: NeutralAnswer, options: AnswerOptions): JsonObject {
  const { usage } = reportOf(answer.usage);
  return defined({
    id: answer.id,
    object: 'text_completion',
    created: Math.floor(options.createdAtMs / 1000),
    model: answer.model ?? options.model,
    choices: [{ text: textOf(answer.parts), index: 0, logprobs: null, finish_reason: finishWordOf(answer.stop) }],
    usage: usage === null ? undefined : chatUsage(usage),
  });
}

/** Returns the word for the end of a text. A model without tools calls none. */
export function finishWordOf(stop: StopReason): string {
  if (stop === 'length') return 'length';
  return stop === 'refusal' ? 'content_filter' : 'stop';
}
