import { expect, test } from 'vitest';
import { stopOfStopReason } from './anthropic-messages/stop-words.ts';
import { stopOfFinishReason } from './openai-chat/stop-words.ts';

test.each(['constructor', 'toString', '__proto__', 'something_new', ''])(
  'an unknown word for the end of an answer, %j, is an ordinary end',
  (word) => {
    expect([stopOfFinishReason(word), stopOfStopReason(word)]).toEqual(['end', 'end']);
  },
);

test('known words keep their meaning', () => {
  expect([stopOfFinishReason('model_length'), stopOfStopReason('tool_use')]).toEqual(['length', 'tool_call']);
});
