import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../support/event-loop.ts';
import { chat, chatAnswer, chatUsage, messages, messagesAnswer, type PlayedCall } from '../support/played-provider.ts';
import { asking, HELLO, nanoUsd, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const { stream: _, ...WHOLE } = HELLO;
const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const;

const openScene = withScene();
const open = (setting: Setting = {}) => openScene({ others: [{}], ...setting });

const OVERLOADED = { message: 'Overloaded', type: 'overloaded_error' };

/** Ways to fail with a status of 200, by the wire of the provider. */
const FAILURES: readonly [string, 'openai-chat' | 'anthropic-messages', object, (call: PlayedCall) => void][] = [
  ['an error object', 'openai-chat', WHOLE, (call) => call.json({ error: OVERLOADED })],
  ['an error in words', 'openai-chat', WHOLE, (call) => call.json({ error: 'out of luck' })],
  ['Anthropic’s error', 'anthropic-messages', WHOLE, (call) => call.json({ type: 'error', error: OVERLOADED })],
  [
    'an error as the first event',
    'openai-chat',
    HELLO,
    (call) => {
      call.events({ error: OVERLOADED });
      call.end();
    },
  ],
  [
    'an error behind comments, split over reads',
    'openai-chat',
    HELLO,
    (call) => {
      call.events(': wait\n\n', ': wait\n\ndata: {"error": {"mess', 'age": "Overloaded"}}\n\n', chat.done);
      call.end();
    },
  ],
  [
    'Anthropic’s error behind pings',
    'anthropic-messages',
    HELLO,
    (call) => {
      call.events(messages.ping(), messages.error('overloaded_error', 'Overloaded'));
      call.end();
    },
  ],
  [
    'an error without the blank line behind it',
    'openai-chat',
    HELLO,
    (call) => {
      call.events('data: {"error": "no"}');
      call.end();
    },
  ],
  ['a JSON error where a stream was asked for', 'openai-chat', HELLO, (call) => call.json({ error: OVERLOADED })],
];

describe('an error in an answer of status 200, without usage', () => {
  // promise: Refused, not connected, 4xx/5xx without usage, a 200 whose body or first event is an error without usage: 0, and it may fall back.
  test.each(FAILURES)('costs nothing and is asked for elsewhere: %s', async (_what, speaks, body, fails) => {
    for (const path of Object.values(PATHS)) {
      const now = await open({ speaks });
      const { call, said, row } = asking(now, body, { path });
      fails(await call);
      answer(await now.played.call(1), speaks, body);
      expect((await said).status).toBe(200);
      expect((await said).text).not.toContain('Overloaded');
      const { status, attempts, deploymentId, entries } = await row();
      expect([status, attempts, deploymentId]).toEqual(['succeeded', 2, 'dep_2']);
      expect(entries).toMatchObject([{ attempt: 2, kind: 'usage', nanoUsd: nanoUsd(20, 6) }]);
      expect(now.house.gateway.traffic.read().attempts.get('fake|error')).toBe(1);
    }
  });

  test.each(FAILURES)('counts against the deployment, and is an error at last: %s', async (_what, speaks, body, fails) => {
    const now = await open({ speaks });
    for (let i = 0; i < 3; i += 1) {
      const { said, row } = asking(now, body);
      const before = now.played.calls.length;
      fails(await now.played.call(before));
      fails(await now.played.call(before + 1));
      expect((await said).status).toBe(502);
      expect((await said).json().error).toMatchObject({ code: 'provider_error' });
      expect(await row()).toMatchObject({ status: 'failed', httpStatus: 502, attempts: 2, entries: [] });
    }
    expect(now.house.gateway.health.cooling().map(({ deploymentId }) => deploymentId)).toEqual(['dep_1', 'dep_2']);
  });

  test('is judged by what it says of itself', async () => {
    const now = await open({ others: [] });
    const told = async (error: object) => {
      const { call, said } = asking(now, WHOLE);
      (await call).json({ error });
      const { status, json } = await said;
      return [status, json().error.code];
    };
    expect(await told({ message: 'bad `tools`', type: 'invalid_request_error', param: 'tools' })).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await told({ message: 'too long', code: 'context_length_exceeded' })).toEqual([400, 'context_length_exceeded']);
    expect(await told({ message: 'slow down', code: 429 })).toEqual([429, 'provider_rate_limited']);
    expect(await told({ message: 'who are you', code: 401 })).toEqual([502, 'provider_error']);
  });

  test('is tried again where nobody else can be asked, as a status that may pass', async () => {
    const now = await open({ others: [] });
    const { call, said, row } = asking(now, WHOLE);
    (await call).json({ error: OVERLOADED });
    await sleep(5);
    now.time.pass(1_000);
    (await now.played.call(1)).json(chatAnswer('Hello.', chatUsage(20, 6)));
    expect((await said).status).toBe(200);
    expect(await row()).toMatchObject({ status: 'succeeded', attempts: 2, entries: [{ attempt: 2 }] });
  });
});

describe('an error in an answer of status 200, with usage', () => {
  const charged = { attempt: 1, kind: 'usage', usage: { input: 20, output: 100 }, nanoUsd: nanoUsd(20, 100) };

  test.each([
    ['whole', WHOLE, (call: PlayedCall) => call.json({ error: OVERLOADED, usage: chatUsage(20, 100) })],
    ['by its status', WHOLE, (call: PlayedCall) => call.json({ error: OVERLOADED, usage: chatUsage(20, 100) }, 500)],
    [
      'in a stream, its usage in the next event',
      HELLO,
      (call: PlayedCall) => {
        call.events({ error: OVERLOADED });
        call.events(chat.usage(20, 100));
        call.end();
      },
    ],
    [
      'in a stream that then stays open',
      HELLO,
      (call: PlayedCall, pass: (ms: number) => void) => {
        call.events({ error: OVERLOADED });
        call.events(chat.usage(20, 100));
        pass(250);
      },
    ],
  ])('is charged it, is held for anew, and falls back: %s', async (_what, body, fails) => {
    const now = await open();
    const { call, said, row } = asking(now, body);
    fails(await call, now.time.pass);
    answer(await now.played.call(1), 'openai-chat', body);
    expect((await said).status).toBe(200);
    expect((await row()).entries).toMatchObject([charged, { attempt: 2, nanoUsd: nanoUsd(20, 6) }]);
  });

  test('charges what a message reported when it started', async () => {
    const now = await open({ speaks: 'anthropic-messages' });
    const { call, said, row } = asking(now, HELLO, { path: PATHS.messages });
    (await call).events(messages.start(20), messages.error('overloaded_error', 'Overloaded'));
    (await call).end();
    answer(await now.played.call(1), 'anthropic-messages', HELLO);
    expect((await said).status).toBe(200);
    expect((await row()).entries).toMatchObject([
      { attempt: 1, kind: 'estimated', usage: { input: 20, output: 1 } },
      { attempt: 2, kind: 'usage' },
    ]);
  });
});

describe('a stream whose first event is waited for', () => {
  test('passes every byte that came before it, in order', async () => {
    const now = await open();
    const { call, said } = asking(now, HELLO);
    (await call).events(': one\n\n', ': two\n\n', chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done);
    (await call).end();
    expect((await said).text).toMatch(
      /^: one\n\n: two\n\ndata: .*role.*\n\ndata: .*Hello\..*\n\ndata: .*stop.*\n\ndata: \[DONE\]\n\n$/,
    );
  });

  test('is begun after five seconds without one; an error that comes then is told in it, and is free', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO);
    (await call).events(': wait\n\n');
    now.time.pass(5_000);
    await sleep(2);
    (await call).events(': wait\n\n', { error: OVERLOADED });
    (await call).end();
    expect((await said).text).toContain('Overloaded');
    expect(await row()).toMatchObject({ status: 'failed', httpStatus: 200, entries: [] });
    expect(now.played.calls).toHaveLength(1);
  });

  test('holds nobody up by coming in the tiniest pieces', async () => {
    const now = await open();
    const { call, said } = asking(now, HELLO);
    const played = await call;
    const startedMs = cpuMs();
    played.events(...Array<string>(20_000).fill(':\n\n'), chat.role(), chat.text('Hello.'), chat.finish(), chat.done);
    expect(cpuMs() - startedMs).toBeLessThan(1_000);
    played.end();
    expect((await said).text).toMatch(/^(?::\n\n){20000}data: [\s\S]*Hello\.[\s\S]*\[DONE\]\n\n$/);
  });

  test('is begun after 64 kB without one', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO);
    (await call).events(`: ${'x'.repeat(70_000)}\n\n`);
    await sleep(2);
    (await call).events(chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done);
    (await call).end();
    expect((await said).text.length).toBeGreaterThan(70_000);
    expect((await row()).entries).toMatchObject([{ nanoUsd: nanoUsd(20, 6) }]);
  });

  test('fails in its middle as ever: the client sees it, and what was delivered is charged', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO);
    (await call).events(chat.role(), chat.text('x'.repeat(400)), { error: OVERLOADED });
    (await call).end();
    expect((await said).text).toContain('Overloaded');
    expect(await row()).toMatchObject({ status: 'failed', entries: [{ kind: 'estimated', usage: { output: 100 } }] });
    expect(now.played.calls).toHaveLength(1);
  });
});

function answer(call: PlayedCall, speaks: 'openai-chat' | 'anthropic-messages', body: object): void {
  const isStream = (body as { stream?: boolean }).stream === true;
  if (speaks === 'openai-chat' && !isStream) call.json(chatAnswer('Hello.', chatUsage(20, 6)));
  else if (!isStream) call.json(messagesAnswer('Hello.', { input_tokens: 20, output_tokens: 6 }));
  else if (speaks === 'openai-chat') {
    call.events(chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done);
    call.end();
  } else {
    call.events(
      messages.start(20),
      messages.begin(),
      messages.text('Hello.'),
      messages.stop(),
      messages.delta(6),
      messages.end(),
    );
    call.end();
  }
}
