import type { JsonObject } from '../dialect.ts';
import { arrayOr } from '../json.ts';
import type { AnswerOptions, NeutralAnswer, TextPart } from '../neutral.ts';
import { text } from '../neutral.ts';
import { reportOf } from '../plausible.ts';
import { callItem, type ItemStatus, messageItem, reasoningItem, textContent, urlCitation } from './output-items.ts';
import { incompleteReason, repeatedOf, responseId, responseObject } from './response-object.ts';
import { sealedThinking } from './sealed-thinking.ts';
import { calledTools } from './tool-names.ts';

/** Encodes a neutral answer as a response. */
export function encodeResponsesAnswer(answer: NeutralAnswer, options: AnswerOptions): JsonObject {
  const incomplete = incompleteReason(answer.stop);
  return responseObject(
    {
      id: responseId(answer.id),
      model: answer.model ?? options.model,
      status: incomplete === null ? 'completed' : 'incomplete',
      output: itemsOf(answer, options, incomplete === null ? 'completed' : 'incomplete'),
      usage: reportOf(answer.usage).usage,
      incomplete,
      error: null,
    },
    repeatedOf(options),
  );
}

function itemsOf(answer: NeutralAnswer, options: AnswerOptions, lastStatus: ItemStatus): JsonObject[] {
  const tools = calledTools(options.asked);
  const seals = returnsThinking(options);
  const items: JsonObject[] = [];
  let words: TextPart[] = [];
  const number = () => `${answer.id}_${items.length}`;
  const flush = (status: ItemStatus) => {
    if (words.length > 0) items.push(messageItem(number(), status, [joined(words)]));
    words = [];
  };
  for (const part of answer.parts) {
    if (part.is === 'text' || part.is === 'refusal') {
      words.push(part.is === 'text' ? part : text(part.text));
      continue;
    }
    flush('completed');
    if (part.is === 'thinking' || part.is === 'redacted_thinking')
      items.push(reasoningItem(number(), part.is === 'thinking' ? part.text : '', seals ? sealedThinking(part) : null));
    else if (part.is === 'tool_call')
      items.push(callItem(number(), 'completed', { ...part, callId: part.id }, tools.get(part.name)));
  }
  flush(lastStatus);
  return items;
}

/** Reports whether the client asked for the thinking that it returns with its next request. */
export function returnsThinking({ asked }: AnswerOptions): boolean {
  return arrayOr(asked.include).includes('reasoning.encrypted_content');
}

function joined(parts: readonly TextPart[]): JsonObject {
  let text = '';
  const annotations: JsonObject[] = [];
  for (const part of parts) {
    const start = text.length;
    text += part.text;
    for (const citation of part.citations) annotations.push(urlCitation(citation, start, text.length));
  }
  return textContent(text, annotations);
}
