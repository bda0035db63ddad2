import { describe, expect, test } from 'vitest';
import { jsonEventsIn } from '../../../test/support/event-stream.ts';
import { readFakeChat, streamedChat, wholeChat } from './fake-chat.ts';

const OPTIONS = { sentences: { min: 1, max: 2 } };
const ID = { id: 'chatcmpl-1', createdSeconds: 1, model: 'fake-small' };
const WEATHER = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
};
const CLOCK = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } };
const ASKED = { role: 'user', content: 'What is the use of get_time in Bern?' };

interface Call {
  readonly id?: string;
  readonly function: { readonly name?: string; readonly arguments: string };
}
interface Message {
  readonly content?: string | null;
  readonly tool_calls?: readonly Call[];
}

function answerTo(body: object): { readonly message: Message; readonly finish_reason: string } {
  const chat = readFakeChat({ messages: [{ role: 'user', content: 'Hello' }], ...body }, OPTIONS);
  if ('problem' in chat) throw new Error(chat.problem);
  return JSON.parse(wholeChat(chat, ID).toString()).choices[0];
}

describe('tools of the fake', () => {
  const tools = [WEATHER, CLOCK];
  const named = (name: string) => ({ type: 'function', function: { name } });
  const allowed = (mode: string, name: string) => ({ type: 'allowed_tools', allowed_tools: { mode, tools: [named(name)] } });
  test.each([
    ['required', { tools, tool_choice: 'required' }, 'get_weather'],
    ['a function by name', { tools, tool_choice: named('get_time') }, 'get_time'],
    ['one of the allowed', { tools, tool_choice: allowed('required', 'get_time') }, 'get_time'],
    ['auto, and the user names a tool', { tools, messages: [ASKED] }, 'get_time'],
    [
      'auto, and the user names a tool that is not allowed',
      { tools, messages: [ASKED], tool_choice: allowed('auto', 'get_weather') },
      null,
    ],
    ['auto, and the user names none', { tools, tool_choice: 'auto' }, null],
    ['none', { tools, messages: [ASKED], tool_choice: 'none' }, null],
    ['no tools', { messages: [ASKED] }, null],
    ['a result of a tool', { tools, messages: [ASKED, { role: 'tool', tool_call_id: 'x', content: 'get_time: 9' }] }, null],
  ])('%s', (_, body, name) => {
    const { message, finish_reason } = answerTo(body);
    expect(finish_reason).toBe(name === null ? 'stop' : 'tool_calls');
    expect(message.tool_calls?.map((call) => call.function.name)).toEqual(name === null ? undefined : [name]);
    expect(message.content === null).toBe(name !== null);
  });

  test('arguments fit the tool’s schema', () => {
    const [call] = answerTo({ tools, tool_choice: 'required' }).message.tool_calls ?? [];
    expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ city: expect.any(String) });
  });

  test('a function that is not there is the caller’s fault', () => {
    const body = { messages: [ASKED], tools, tool_choice: named('get_rich') };
    expect(readFakeChat(body, OPTIONS)).toEqual({ problem: expect.stringContaining('not in'), param: 'tool_choice' });
  });

  test('a stream has the call of the whole answer in pieces', () => {
    const body = { messages: [ASKED], tools, tool_choice: 'required' };
    const chat = readFakeChat({ ...body, stream: true }, OPTIONS);
    if ('problem' in chat) throw new Error(chat.problem);
    type Chunk = { readonly choices: readonly { readonly delta: Message; readonly finish_reason: string | null }[] };
    const choices = jsonEventsIn<Chunk>(Buffer.concat(streamedChat(chat, ID)).toString()).flatMap((chunk) => chunk.choices);
    const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
    const [whole] = answerTo(body).message.tool_calls ?? [];
    expect([calls[0]?.id, calls[0]?.function.name]).toEqual([whole?.id, whole?.function.name]);
    expect(calls.map((call) => call.function.arguments).join('')).toBe(whole?.function.arguments);
    expect(choices.at(-1)?.finish_reason).toBe('tool_calls');
  });
});

describe('structured output of the fake', () => {
  test('JSON that fits the schema', () => {
    const schema = { type: 'object', properties: { score: { type: 'integer', minimum: 1, maximum: 5 } }, required: ['score'] };
    const { message } = answerTo({ response_format: { type: 'json_schema', json_schema: { name: 'score', schema } } });
    const { score } = JSON.parse(message.content ?? '');
    expect([1, 2, 3, 4, 5]).toContain(score);
  });

  test('an object where any will do', () => {
    expect(JSON.parse(answerTo({ response_format: { type: 'json_object' } }).message.content ?? '')).toEqual({
      answer: expect.any(String),
    });
  });

  test('the output cap cuts it', () => {
    const { message, finish_reason } = answerTo({ response_format: { type: 'json_object' }, max_tokens: 2 });
    expect(finish_reason).toBe('length');
    expect(() => JSON.parse(message.content ?? '')).toThrow();
  });
});
