/** Answers that are refusals before any output, in the formats of all providers. */
import { describe, expect, test } from 'vitest';
import type { JsonObject, Wire } from './dialect.ts';
import { OpeningReader } from './opening.ts';
import { isRefusedWhole } from './refusals.ts';

const chat = (message: JsonObject, finish_reason: string) => ({ choices: [{ index: 0, message, finish_reason }] });
const message = (content: readonly JsonObject[], stop_reason: string) => ({ type: 'message', content, stop_reason });
const response = (parts: readonly JsonObject[], more: JsonObject = {}) => ({
  output: [
    { type: 'reasoning', summary: [] },
    { type: 'message', content: parts },
  ],
  ...more,
});
const gemini = (parts: readonly JsonObject[], finishReason: string) => ({ candidates: [{ content: { parts }, finishReason }] });
const converse = (content: readonly JsonObject[], stopReason: string) => ({ output: { message: { content } }, stopReason });

describe('a whole answer', () => {
  test.each<[Wire, JsonObject]>([
    ['openai-chat', chat({ content: null }, 'content_filter')],
    ['openai-chat', chat({ content: '', refusal: 'I cannot help with that.' }, 'stop')],
    ['openai-chat', chat({ content: null, reasoning_content: 'Hm.' }, 'content_filter')],
    ['openai-completions', { choices: [{ text: '', finish_reason: 'content_filter' }] }],
    ['anthropic-messages', message([], 'refusal')],
    [
      'anthropic-messages',
      message(
        [
          { type: 'thinking', thinking: 'Hm.' },
          { type: 'text', text: '' },
        ],
        'refusal',
      ),
    ],
    ['openai-responses', response([{ type: 'refusal', refusal: 'No.' }])],
    ['openai-responses', response([], { status: 'incomplete', incomplete_details: { reason: 'content_filter' } })],
    ['gemini', { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }],
    ['gemini', gemini([{ text: 'Hm.', thought: true }], 'SAFETY')],
    ['gemini', { candidates: [{ finishReason: 'RECITATION' }] }],
    ['bedrock-converse', converse([], 'content_filtered')],
    ['bedrock-converse', converse([{ text: 'Sorry, the operator forbids this.' }], 'guardrail_intervened')],
  ])('of %s that is a refusal: %j', (wire, answer) => {
    expect(isRefusedWhole(wire, Buffer.from(JSON.stringify(answer)))).toBe(true);
  });

  test.each<[Wire, JsonObject | string]>([
    ['openai-chat', chat({ content: 'Hello' }, 'content_filter')],
    ['openai-chat', chat({ content: null, tool_calls: [{ id: 'c' }] }, 'content_filter')],
    ['openai-chat', chat({ content: 'Hello' }, 'stop')],
    ['openai-chat', chat({ content: null }, 'length')],
    ['openai-chat', { choices: [] }],
    ['openai-chat', { choices: [{ message: null, finish_reason: null }] }],
    ['anthropic-messages', message([{ type: 'text', text: 'Hello' }], 'refusal')],
    ['anthropic-messages', message([{ type: 'tool_use', id: 't' }], 'refusal')],
    ['anthropic-messages', message([], 'end_turn')],
    [
      'openai-responses',
      response([
        { type: 'output_text', text: 'Hello' },
        { type: 'refusal', refusal: 'No.' },
      ]),
    ],
    ['openai-responses', { output: [{ type: 'function_call' }], incomplete_details: { reason: 'content_filter' } }],
    ['openai-responses', response([], { incomplete_details: { reason: 'max_output_tokens' } })],
    ['gemini', gemini([{ text: 'Hello' }], 'SAFETY')],
    ['gemini', gemini([{ functionCall: { name: 'f' } }], 'SAFETY')],
    ['gemini', gemini([], 'MAX_TOKENS')],
    ['bedrock-converse', converse([{ text: 'Hello' }], 'content_filtered')],
    ['cohere-chat', { finish_reason: 'COMPLETE' }],
    ['openai-embeddings', { data: [] }],
    ['openai-chat', 'not JSON'],
    ['openai-chat', '[]'],
    ['openai-chat', `${JSON.stringify(chat({ content: null }, 'content_filter'))}${' '.repeat(70_000)}`],
  ])('of %s that is none: %.200j', (wire, answer) => {
    expect(isRefusedWhole(wire, Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)))).toBe(false);
  });
});

const event = (data: JsonObject, name: unknown = data.type) =>
  `${typeof name === 'string' ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const delta = (of: JsonObject, finish_reason: string | null = null) =>
  event({ choices: [{ index: 0, delta: of, finish_reason }] });
const role = delta({ role: 'assistant', content: '' });

const STREAMS: readonly [Wire, 'refused' | 'answer', string][] = [
  ['openai-chat', 'refused', `${event({ choices: [], prompt_filter_results: [] })}${role}${delta({}, 'content_filter')}`],
  ['openai-chat', 'refused', `${role}${delta({ refusal: 'I' })}`],
  ['openai-chat', 'answer', `${role}${delta({ content: 'Hi' })}${delta({}, 'content_filter')}`],
  ['openai-chat', 'answer', `${role}${delta({ reasoning_content: 'Hm' })}${delta({}, 'content_filter')}`],
  ['openai-chat', 'answer', `${role}${delta({ tool_calls: [{ index: 0 }] })}`],
  ['openai-chat', 'answer', `${role}${delta({}, 'stop')}`],
  ['openai-completions', 'refused', event({ choices: [{ text: '', finish_reason: 'content_filter' }] })],
  [
    'anthropic-messages',
    'refused',
    [
      event({ type: 'message_start', message: {} }),
      event({ type: 'ping' }),
      event({ type: 'content_block_start', content_block: { type: 'text', text: '' } }),
      event({ type: 'content_block_stop' }),
      event({ type: 'message_delta', delta: { stop_reason: 'refusal' } }),
    ].join(''),
  ],
  [
    'anthropic-messages',
    'answer',
    [
      event({ type: 'message_start', message: {} }),
      event({ type: 'content_block_start', content_block: { type: 'text', text: '' } }),
      event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hi' } }),
      event({ type: 'message_delta', delta: { stop_reason: 'refusal' } }),
    ].join(''),
  ],
  ['anthropic-messages', 'answer', event({ type: 'content_block_start', content_block: { type: 'tool_use' } })],
  [
    'openai-responses',
    'refused',
    [
      event({ type: 'response.created', response: {} }),
      event({ type: 'response.output_item.added', item: { type: 'reasoning' } }),
      event({ type: 'response.output_item.done', item: { type: 'reasoning' } }),
      event({ type: 'response.output_item.added', item: { type: 'message' } }),
      event({ type: 'response.content_part.added', part: { type: 'refusal' } }),
    ].join(''),
  ],
  [
    'openai-responses',
    'refused',
    event({ type: 'response.incomplete', response: { incomplete_details: { reason: 'content_filter' } } }),
  ],
  ['openai-responses', 'answer', event({ type: 'response.output_text.delta', delta: 'Hi' })],
  ['openai-responses', 'answer', event({ type: 'response.output_item.added', item: { type: 'function_call' } })],
  ['gemini', 'refused', event({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: {} })],
  [
    'gemini',
    'refused',
    `${event({ candidates: [{ content: { parts: [{ text: '' }] } }] })}${event({ candidates: [{ finishReason: 'SAFETY' }] })}`,
  ],
  [
    'gemini',
    'answer',
    `${event({ candidates: [{ content: { parts: [{ text: 'Hi' }] } }] })}${event({ candidates: [{ finishReason: 'SAFETY' }] })}`,
  ],
  [
    'bedrock-converse',
    'refused',
    `${event({ role: 'assistant' }, 'messageStart')}${event({ stopReason: 'content_filtered' }, 'messageStop')}`,
  ],
  [
    'bedrock-converse',
    'answer',
    `${event({ role: 'assistant' }, 'messageStart')}${event({ delta: { text: 'Hi' } }, 'contentBlockDelta')}`,
  ],
];

describe.each(STREAMS)('a stream of %s: %s', (wire, wanted, text) => {
  const bytes = Buffer.from(text);

  test('however its bytes are cut', () => {
    for (let cut = 1; cut <= bytes.length; cut += 1) {
      const reader = new OpeningReader(wire);
      const first = reader.read(bytes.subarray(0, cut));
      const said = first === 'unsaid' ? reader.read(bytes, true) : first;
      // The part before the cut decides only what the whole says.
      expect(said).toBe(wanted);
    }
  });

  test('is an answer to a request that watches for no refusals', () => {
    expect(new OpeningReader().read(bytes, true)).toBe('answer');
  });

  test('with other line ends', () => {
    expect(new OpeningReader(wire).read(Buffer.from(text.replaceAll('\n', '\r\n')), true)).toBe(wanted);
  });
});

test('an error that a stream begins with is one, whether refusals are watched or not', () => {
  const bytes = Buffer.from(event({ error: { message: 'overloaded' } }));
  for (const wire of ['openai-chat', 'gemini'] as const)
    expect(new OpeningReader(wire).read(bytes)).toEqual({ error: { message: 'overloaded' } });
});
