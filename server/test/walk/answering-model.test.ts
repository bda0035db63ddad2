import { describe, expect, test } from 'vitest';
import type { Wire } from '../../src/dialects/dialect.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { anthropicSse, chatSse } from '../exchanges.ts';
import { jsonEventsIn } from '../support/event-stream.ts';
import { serveHouse } from '../support/served-house.ts';
import { deployment, type House, model, type Said } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const PATHS = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const;
type Chat = keyof typeof PATHS;

const { open } = withHouse();

/** Speaks one dialect, and says of itself that it is `named`; nothing where that is undefined. */
function speaking(wire: Chat, named: unknown): Provider {
  return {
    ...createFakeProvider(),
    wireFor: () => wire as Wire,
    open: ({ stream }, sink) => {
      setImmediate(() => {
        sink.head(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
        const whole = () => Buffer.from(JSON.stringify(wire === 'openai-chat' ? chatAnswer(named) : message(named)));
        sink.data(stream ? (wire === 'openai-chat' ? chatSse(chatChunks(named)) : anthropicSse(messageEvents(named))) : whole());
        sink.end();
      });
      return { abort: () => {}, resume: () => {}, sent: true };
    },
  };
}

const CHAT_USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const chatAnswer = (named: unknown) => ({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: named,
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: CHAT_USAGE,
});
const chatChunks = (named: unknown) => [
  { id: 'c', object: 'chat.completion.chunk', created: 1, model: named, choices: [{ index: 0, delta: { content: 'hi' } }] },
  { id: 'c', model: named, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { id: 'c', model: named, choices: [], usage: CHAT_USAGE },
];
const message = (named: unknown) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: named,
  content: [{ type: 'text', text: 'hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 2 },
});
const messageEvents = (named: unknown) => [
  { type: 'message_start', message: { ...message(named), content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
];

/** Every `model` that an answer says. */
function modelsIn({ text }: Said, stream: boolean): readonly unknown[] {
  const said = stream ? jsonEventsIn(text) : [JSON.parse(text)];
  return [...new Set(said.flatMap((one) => ('model' in one ? [one.model] : 'message' in one ? [one.message.model] : [])))];
}

const WIRES = ['openai-chat', 'anthropic-messages'] as const;
const WALKS = WIRES.flatMap((client) =>
  WIRES.flatMap((upstream) => [false, true].map((stream) => [client, upstream, stream] as const)),
);

describe('an answer names the model that answered, and a header the one that was called', () => {
  // promise: Only answers pass as bytes. Their `model` is therefore the one that answered; translated answers say the same
  test.each(WALKS)('asked in %s of %s (streamed: %s)', async (client, upstream, stream) => {
    const { ask } = await open({ provider: speaking(upstream, 'gpt-5-nano-2026-06-01') });
    const said = await ask({ ...HELLO, stream }, { path: PATHS[client] });
    expect([said.status, modelsIn(said, stream), said.headers['x-headgate-model']]).toEqual([
      200,
      ['gpt-5-nano-2026-06-01'],
      'fast',
    ]);
  });

  test.each(WALKS.filter(([client, upstream]) => client !== upstream))(
    'asked in %s of %s that names none, by the deployment’s name for it (streamed: %s)',
    async (client, upstream, stream) => {
      for (const named of [undefined, null, '', 7, 'x'.repeat(100_000)]) {
        const { ask } = await open({ provider: speaking(upstream, named) });
        expect(modelsIn(await ask({ ...HELLO, stream }, { path: PATHS[client] }), stream)).toEqual(['fake-small']);
      }
    },
  );

  test('of the fallback that answered, not of the one that was asked first', async () => {
    const { ask } = await open({
      targets: [
        model('fast', [
          deployment({ upstreamModel: 'fake-500' }),
          deployment({ id: 'dep_2', upstreamModel: 'fake-large', priority: 1 }),
        ]),
      ],
    });
    for (const path of Object.values(PATHS)) {
      const said = await ask(HELLO, { path });
      expect([said.json().model, said.headers['x-headgate-model']]).toEqual(['fake-large', 'fast']);
    }
  });

  test('of embeddings and of counted tokens too', async () => {
    const vectors = deployment({ id: 'dep_2', mode: 'embedding', upstreamModel: 'fake-embedding' });
    const { ask } = await open({
      targets: [model('fast', [deployment()]), model('vectors', [vectors], { mode: 'embedding' })],
    });
    const embedded = await ask({ model: 'vectors', input: 'hello' }, { path: '/v1/embeddings' });
    expect([embedded.status, embedded.json().model, embedded.headers['x-headgate-model']]).toEqual([
      200,
      'fake-embedding',
      'vectors',
    ]);
    const counted = await ask(HELLO, { path: '/v1/messages/count_tokens' });
    expect([counted.status, counted.headers['x-headgate-model']]).toEqual([200, 'fast']);
  });
});

// promise: and `x-headgate-model` says the name that was called.
test.each(['on', 'off'] as const)('a name in Chinese is served over a socket like any other (fast lane %s)', async (fastLane) => {
  const name = '通义千问';
  const { port, secret, close, rows } = await serveHouse({ targets: [model(name, [deployment()])] }, undefined, fastLane);
  const call = (stream: boolean) =>
    fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...HELLO, model: name, stream }),
    });
  for (const stream of [false, true]) {
    const answer = await call(stream);
    expect([answer.status, decodeURIComponent(answer.headers.get('x-headgate-model') ?? '')]).toEqual([200, name]);
    expect(await answer.text()).toContain('"fake-small"');
  }
  expect(rows.map(({ calledName, status }) => [calledName, status])).toEqual([
    [name, 'succeeded'],
    [name, 'succeeded'],
  ]);
  await close();
});

describe('the header', () => {
  const header = async (name: string, plan: House = {}) => {
    const { ask } = await open({ targets: [model(name, [deployment()])], ...plan });
    const said = await ask({ ...HELLO, model: name });
    return [said.status, said.headers['x-headgate-model']];
  };

  test.each([
    ['gpt-5/nano:free@eu', 'gpt-5/nano:free@eu'],
    ['通义千问', '%E9%80%9A%E4%B9%89%E5%8D%83%E9%97%AE'],
    ['modèle-1', 'mod%C3%A8le-1'],
    ['50%', '50%25'],
  ])('says %s in ASCII, so that it can be read back', async (name, said) => {
    expect(await header(name)).toEqual([200, said]);
    expect(decodeURIComponent(said)).toBe(name);
  });

  test('is there on refusals once the model is known, whatever a caller made up', async () => {
    expect(await header('fast', { key: { rateLimits: { rpm: 0 } } })).toEqual([429, 'fast']);
    expect(await header('fast', { targets: [model('fast', [deployment({ upstreamModel: 'fake-500' })])] })).toEqual([
      502,
      'fast',
    ]);
    const made = async (name: string) => header(name, { targets: [] });
    expect(await made('no-such')).toEqual([404, 'no-such']);
    expect(await made('a\r\nx-evil: 1')).toEqual([404, 'a%0D%0Ax-evil:%201']);
    expect(await made('\ud800')).toEqual([404, '%EF%BF%BD']);
    expect(await made('x'.repeat(201))).toEqual([404, undefined]);
  });

  test('is not there where nobody knows what was called', async () => {
    const { ask } = await open();
    for (const said of [
      await ask({ messages: [] }),
      await ask(HELLO, { secret: null }),
      await ask(null, { raw: Buffer.from('{') }),
    ])
      expect(said.headers['x-headgate-model']).toBeUndefined();
  });
});
