import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chat, messages, type PlayedCall } from '../support/played-provider.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { asking, HELLO, inputHeldOf, inputOf, nanoUsd, PLENTY, PRICES, type Scene } from '../support/scene.ts';
import { type AskOptions, deployment, model } from '../support/walk.ts';
import { withScene } from '../support/with-house.ts';

const open = withScene();

async function unanswered(call: PlayedCall): Promise<void> {
  await sleep(2);
  expect(call.isAborted).toBe(false);
}

/** One answer in the words of each provider. */
const VOICES = {
  'openai-chat': {
    begin: (call: PlayedCall) => call.events(chat.role()),
    text: (call: PlayedCall, text: string) => call.events(chat.text(text)),
    finish: (call: PlayedCall) => call.events(chat.finish()),
    usage: (call: PlayedCall, output: number, reasoning: number) => call.events(chat.usage(20, output, reasoning), chat.done),
  },
  'anthropic-messages': {
    begin: (call: PlayedCall) => call.events(messages.start(20), messages.begin()),
    text: (call: PlayedCall, text: string) => call.events(messages.text(text)),
    finish: (call: PlayedCall) => call.events(messages.stop()),
    usage: (call: PlayedCall, output: number, _reasoning: number) => call.events(messages.delta(output), messages.end()),
  },
} as const;
const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const;

describe('a stream whose client hangs up behind its finish reason', () => {
  const clients = ['chat', 'messages'] as const;
  const cases = clients.flatMap((client) => [true, false].map((isBudgeted) => [client, isBudgeted] as const));

  // promise: **Hanging up saves nothing that was used, and costs no more than can have been used.**
  // promise: After a stream's finish reason the upstream is read on for its usage (bounded: 5 s, 256 kB) and charged as reported.
  test.each(cases)(
    'is read on for its usage: %s client, budget %s, 20,000 tokens of hidden reasoning',
    async (client, isBudgeted) => {
      const scene = await open({ isBudgeted });
      const { call: called, leave, row } = asking(scene, HELLO, { path: PATHS[client] });
      const call = await called;
      call.events(chat.role(), chat.text('Hello.'), chat.finish());
      await sleep(2);
      await leave();
      await unanswered(call);
      scene.time.pass(4_000);
      expect(scene.house.rows).toEqual([]);
      call.events(chat.usage(200, 20_002, 20_000), chat.done);
      call.end();
      const { status, httpStatus, entries, finishReason } = await row();
      expect([status, httpStatus, finishReason]).toEqual(['cancelled', 499, 'stop']);
      expect(entries).toMatchObject([
        { kind: 'usage', usage: { input: 200, output: 2, reasoning: 20_000 }, nanoUsd: 200_220_000 },
      ]);
      expect(call.isAborted).toBe(false);
    },
  );

  test('of a provider that tells usage with the reason, or before it, is charged that and waits for its end alone', async () => {
    for (const client of clients) {
      const scene = await open({ speaks: 'anthropic-messages' });
      const { call: called, leave, row } = asking(scene, HELLO, { path: PATHS[client] });
      const call = await called;
      call.events(messages.start(20), messages.begin(), messages.text('Hello.'), messages.stop(), messages.delta(700));
      await sleep(2);
      await leave();
      await unanswered(call);
      call.events(messages.end());
      call.end();
      expect((await row()).entries).toMatchObject([
        { kind: 'usage', usage: { input: 20, output: 700 }, nanoUsd: nanoUsd(20, 700) },
      ]);
    }
  });

  test('is read on behind [DONE] too, where the usage comes after it', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.events(chat.role(), chat.text('Hello.'), chat.finish(), chat.done);
    await sleep(2);
    scene.time.pass(100);
    await leave();
    scene.time.pass(4_000);
    await unanswered(call);
    call.events(chat.usage(9, 500, 490));
    scene.time.pass(250);
    expect((await row()).entries).toMatchObject([{ kind: 'usage', usage: { input: 9, output: 10, reasoning: 490 } }]);
  });

  test('whose usage does not come in 5 s is ended, and charged what was delivered and what is usually hidden', async () => {
    const scene = await open();
    await answered(scene, 300);
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.events(chat.role(), chat.text('x'.repeat(400)), chat.finish());
    await sleep(2);
    await leave();
    scene.time.pass(4_999);
    await unanswered(call);
    scene.time.pass(1);
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { input: inputOf(HELLO), output: 100 + 300 } }]);
    expect(call.isAborted).toBe(true);
  });

  test('is read no further than 256 kB', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.events(chat.role(), chat.finish());
    await sleep(2);
    await leave();
    for (let i = 0; i < 256; i += 1) call.events(`: ${'x'.repeat(1_020)}\n\n`);
    await unanswered(call);
    call.events(': one more\n\n');
    await row();
    expect(call.isAborted).toBe(true);
  });

  test('of eight choices is one only when all have come to their reason', async () => {
    const scene = await open();
    const body = { ...HELLO, n: 8 };
    const { call: called, leave, row } = asking(scene, body);
    const call = await called;
    call.events(chat.role(), ...Array.from({ length: 7 }, (_, index) => chat.finish(index)));
    await sleep(2);
    await leave();
    await row();
    expect(call.isAborted).toBe(true);
    const whole = asking(scene, body);
    const again = await whole.call;
    again.events(chat.role(), ...Array.from({ length: 8 }, (_, index) => chat.finish(index)));
    await sleep(2);
    await whole.leave();
    await unanswered(again);
    again.events(chat.usage(20, 4_000), chat.done);
    again.end();
    expect((await whole.row()).entries).toMatchObject([{ kind: 'usage', usage: { output: 4_000 } }]);
  });

  test('of two choices is none while one choice alone has said its reason, however often', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene, { ...HELLO, n: 2 });
    const call = await called;
    call.events(chat.role(), chat.text('x'.repeat(40), 1), chat.finish(0), chat.finish(0), chat.finish(0));
    await sleep(2);
    scene.time.pass(1_000);
    await leave();
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { output: 2 * 1_000 } }]);
    expect(call.isAborted).toBe(true);
  });

  test('that breaks meanwhile is charged the estimate', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.events(chat.role(), chat.text('x'.repeat(40)), chat.finish());
    await sleep(2);
    await leave();
    call.fail('reset');
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { output: 10 } }]);
  });

  test('is read on when it is left unread, too', async () => {
    const scene = await open();
    const { call: called, row } = asking(scene, HELLO, { unreadAfter: 2 });
    const call = await called;
    call.events(chat.role(), chat.finish());
    await sleep(2);
    scene.time.pass(60_000);
    await unanswered(call);
    call.events(chat.usage(20, 900), chat.done);
    call.end();
    expect((await row()).entries).toMatchObject([{ kind: 'usage', usage: { output: 900 } }]);
  });
});

describe('a stream whose client hangs up before its finish reason', () => {
  // promise: A hang-up before it ends the upstream call; the output charged is then the larger of what was delivered and
  // promise: The input is charged as reported by then, else as held.
  test.each([
    ['before anything came', 0, 1, 1_000],
    ['behind the first words', 3, 1, 3_000],
    ['of eight choices', 3, 8, 3_000],
  ])('ends the call, and pays under a budget for all that can have been made: %s', async (_when, words, n, ms) => {
    for (const speaks of ['openai-chat', 'anthropic-messages'] as const) {
      if (n > 1 && speaks !== 'openai-chat') continue;
      const body = { ...HELLO, n };
      const scene = await open({ speaks });
      const { call: called, leave, row } = asking(scene, body);
      const call = await called;
      if (words > 0) VOICES[speaks].begin(call);
      for (let i = 0; i < words; i += 1) VOICES[speaks].text(call, 'word ');
      await sleep(2);
      scene.time.pass(ms);
      await leave();
      const { status, entries } = await row();
      expect([status, call.isAborted]).toEqual(['cancelled', true]);
      const output = ms * n;
      const isReported = words > 0 && speaks === 'anthropic-messages';
      const usage = isReported ? { input: 20, output } : { input: inputOf(body), output };
      const charged = isReported ? nanoUsd(20, output) : nanoUsd(inputHeldOf(body), output);
      expect(entries).toMatchObject([{ kind: 'estimated', usage, nanoUsd: charged }]);
    }
  });

  test('is charged what was delivered where that is more, and never above what was held', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene, { ...HELLO, max_tokens: 1_000 });
    const call = await called;
    call.events(chat.role(), chat.text('x'.repeat(2_000)));
    await sleep(2);
    scene.time.pass(10);
    await leave();
    expect((await row()).entries).toMatchObject([{ usage: { output: 500 } }]);
    const long = asking(scene, { ...HELLO, max_tokens: 1_000 });
    await long.call;
    scene.time.pass(60_000);
    await long.leave();
    const held = nanoUsd(inputHeldOf({ ...HELLO, max_tokens: 1_000 }), 1_000);
    expect((await long.row()).entries).toMatchObject([{ usage: { output: 1_000 }, nanoUsd: held }]);
  });

  test.each([true, false])('is charged at the tier that its beginning named (budget: %s)', async (isBudgeted) => {
    const units = { serviceTiers: { priority: { perMillion: { input: 2e9, output: 2e10 } } } };
    const prices = [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 1e9, output: 1e10 }, units }];
    const scene = await open({ isBudgeted, speaks: 'anthropic-messages', deployment: { prices } });
    const { call: called, leave, row } = asking(scene, HELLO, { path: PATHS.messages });
    const call = await called;
    const begun = messages.start(20);
    const usage = { ...begun.message.usage, service_tier: 'priority' };
    call.events({ ...begun, message: { ...begun.message, usage } }, messages.begin(), messages.text('x'.repeat(400)));
    await sleep(2);
    scene.time.pass(100);
    await leave();
    const charged = { serviceTier: 'priority', usage: { input: 20, output: 100 }, nanoUsd: 2 * nanoUsd(20, 100) };
    expect((await row()).entries).toMatchObject([charged]);
  });

  test.each([
    ['the tier that an account may go by', {}, { output: 2e10, input: 2e9 }, 2],
    ['the dearest bucket of its input', { cache_write_1h: 2e9, reasoning: 2e10 }, null, 2],
  ])('is charged as held at %s, where nothing was said of it yet', async (_what, dearer, priority, times) => {
    const units = priority === null ? {} : { units: { serviceTiers: { priority: { perMillion: priority } } } };
    const prices = [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 1e9, output: 1e10, ...dearer }, ...units }];
    const scene = await open({ deployment: { prices } });
    const { call, leave, row } = asking(scene, HELLO);
    await call;
    scene.time.pass(100);
    await leave();
    const { entries } = await row();
    const output = entries[0]?.usage.output as number;
    expect(output).toBeGreaterThan(0);
    expect(entries).toMatchObject([{ nanoUsd: times * nanoUsd(inputHeldOf(HELLO), output) }]);
  });

  test('goes by twice the fastest of the answers that are known, from fifty on', async () => {
    const scene = await open();
    // 200 tokens a second, of which none can be seen.
    for (let i = 0; i < 50; i += 1) await answered(scene, 400, 2_000);
    const { call: called, leave, row } = asking(scene);
    await called;
    scene.time.pass(3_000);
    await leave();
    expect((await row()).entries).toMatchObject([{ usage: { output: 3 * 2 * 200 } }]);
    // Another model behind the same deployment is another pace.
    await scene.house.change({
      targets: [model('fast', [deployment({ prices: PRICES, maxOutputTokens: null, upstreamModel: 'another' })])],
    });
    const other = asking(scene);
    await other.call;
    scene.time.pass(3_000);
    await other.leave();
    expect((await other.row()).entries).toMatchObject([{ usage: { output: 3_000 } }]);
  });

  test('knows nothing of short answers, and nothing of those that their client left unread', async () => {
    const scene = await open();
    for (let i = 0; i < 60; i += 1) await answered(scene, 199, 10_000);
    for (let i = 0; i < 60; i += 1) await answered(scene, 400, 10_000, { unreadAfter: 1 });
    const { call: called, leave, row } = asking(scene);
    await called;
    scene.time.pass(2_000);
    await leave();
    expect((await row()).entries).toMatchObject([{ usage: { output: 2_000 } }]);
  });

  // promise: Without a `block` budget the estimate, bounded by the same.
  test('pays without a budget for what was delivered and what is usually hidden, and no more than can have been made', async () => {
    const scene = await open({ isBudgeted: false });
    await answered(scene, 700);
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.events(chat.role(), chat.text('x'.repeat(400)));
    await sleep(2);
    scene.time.pass(30_000);
    await leave();
    expect(call.isAborted).toBe(true);
    const input = inputOf(HELLO);
    expect((await row()).entries).toMatchObject([
      { kind: 'estimated', usage: { input, output: 800 }, nanoUsd: nanoUsd(input, 800) },
    ]);
    const soon = asking(scene);
    (await soon.call).events(chat.role(), chat.text('x'.repeat(400)));
    await sleep(2);
    scene.time.pass(250);
    await soon.leave();
    expect((await soon.row()).entries).toMatchObject([{ usage: { output: 250 } }]);
    const atOnce = asking(scene);
    await atOnce.call;
    scene.time.pass(1_500);
    await atOnce.leave();
    expect((await atOnce.row()).entries).toMatchObject([{ usage: { output: 1_500 } }]);
  });

  test.each([
    ['reasoning', [{ content: 'x'.repeat(40) }, { reasoning: 'y'.repeat(400) }], 110],
    ['reasoning under two names', [{ reasoning: 'y'.repeat(400), reasoning_content: 'y'.repeat(400) }], 100],
    ['the arguments of a call', [{ content: 'x'.repeat(40) }, calling({ function: { arguments: 'y'.repeat(400) } })], 110],
    ['the input of a custom call', [{ content: 'x'.repeat(40) }, calling({ custom: { input: 'y'.repeat(400) } })], 110],
    ['both in one event', [{ content: 'x'.repeat(40), ...calling({ function: { arguments: 'y'.repeat(400) } }) }], 110],
    ['a refusal', [{ refusal: 'y'.repeat(400) }], 100],
    ['thinking in parts', [{ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'y'.repeat(400) }] }] }], 100],
  ])('is charged all that was delivered, where one read holds several kinds: %s', async (_kind, deltas, output) => {
    const scene = await open({ isBudgeted: false });
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    const events = deltas.map((delta) => ({ id: 'c', choices: [{ index: 0, delta, finish_reason: null }] }));
    call.events(chat.role(), events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
    await sleep(2);
    scene.time.pass(30_000);
    await leave();
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { input: inputOf(HELLO), output } }]);
  });

  test('knows what is hidden from what an answer’s bytes do not show, where its provider does not say', async () => {
    const now = await open({ isBudgeted: false, speaks: 'anthropic-messages' });
    const { call: called, row } = asking(now);
    const call = await called;
    call.events(
      messages.start(20),
      messages.begin(),
      messages.text('x'.repeat(400)),
      messages.stop(),
      messages.delta(1_100),
      messages.end(),
    );
    call.end();
    await row();
    const next = asking(now);
    (await next.call).events(messages.start(20), messages.begin(), messages.text('x'.repeat(40)));
    await sleep(2);
    now.time.pass(60_000);
    await next.leave();
    expect((await next.row()).entries).toMatchObject([{ kind: 'estimated', usage: { input: 20, output: 10 + 1_000 } }]);
  });

  test('does not take a report in its middle for the provider’s last word', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene);
    (await called).events({
      ...chat.text('Hello'),
      ...(chat.usage(20, 2) as object),
      choices: [{ index: 0, delta: { content: 'Hello' } }],
    });
    await sleep(2);
    scene.time.pass(1_000);
    await leave();
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { input: 20, output: 1_000 } }]);
  });

  // promise: A deployment may say `on_hangup: finish` (read on to the end) or `stop` (end the upstream call)
  test('is read to its end where its deployment says so, and charged as reported', async () => {
    for (const words of [0, 3]) {
      const scene = await open({ deployment: { onHangup: 'finish' } });
      const { call: called, leave, row } = asking(scene);
      const call = await called;
      if (words > 0) call.events(chat.role(), chat.text('Hello'));
      await sleep(2);
      await leave();
      scene.time.pass(600_000);
      await unanswered(call);
      call.events(chat.text(' you'.repeat(100_000)), chat.finish());
      await unanswered(call);
      call.events(chat.usage(20, 3_000, 2_000), chat.done);
      call.end();
      const { status, entries } = await row();
      expect([status, call.isAborted]).toEqual(['cancelled', false]);
      expect(entries).toMatchObject([{ kind: 'usage', usage: { input: 20, output: 1_000, reasoning: 2_000 } }]);
    }
  });

  test('that breaks while it is read to its end pays for all that can have been made by then', async () => {
    const scene = await open({ deployment: { onHangup: 'finish' } });
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.events(chat.role(), chat.text('Hello'));
    await sleep(2);
    scene.time.pass(1_000);
    await leave();
    scene.time.pass(4_000);
    call.fail('timeout');
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { output: 5_000 } }]);
  });

  test('is delivered whole when the process ends while a complete answer waits for its provider to close', async () => {
    const scene = await open();
    const { call: called, said, row } = asking(scene);
    (await called).events(chat.role(), chat.text('Hello'), chat.finish(), chat.usage(20, 2), chat.done);
    await sleep(2);
    expect(scene.house.rows).toEqual([]);
    for (const { cutShort } of scene.house.gateway.traffic.inFlight()) cutShort?.();
    expect(await row()).toMatchObject({ status: 'succeeded', entries: [{ kind: 'usage', usage: { output: 2 } }] });
    expect((await said).text).toMatch(/Hello[\s\S]*\[DONE\]\n\n$/);
  });

  test('is let go of when the process ends, and charged as far as it came', async () => {
    const cutAll = (now: Scene) => {
      for (const { cutShort } of now.house.gateway.traffic.inFlight()) cutShort?.();
    };
    const through = await open();
    const behind = asking(through);
    (await behind.call).events(chat.role(), chat.text('x'.repeat(40)), chat.finish());
    await sleep(2);
    await behind.leave();
    cutAll(through);
    expect(await behind.row()).toMatchObject({ status: 'cancelled', entries: [{ kind: 'estimated', usage: { output: 10 } }] });
    expect((await behind.call).isAborted).toBe(true);
    for (const words of [0, 1]) {
      const finishing = await open({ deployment: { onHangup: 'finish' } });
      const before = asking(finishing);
      if (words > 0) (await before.call).events(chat.role(), chat.text('Hello'));
      await before.call;
      await sleep(2);
      await before.leave();
      finishing.time.pass(2_000);
      cutAll(finishing);
      expect(await before.row()).toMatchObject({
        status: 'cancelled',
        entries: [{ kind: 'estimated', usage: { output: 2_000 } }],
      });
      expect((await before.call).isAborted).toBe(true);
    }
  });

  test('costs nothing where the request was not sent in full, or was refused by then', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene);
    const call = await called;
    call.isSent = false;
    scene.time.pass(3_000);
    await leave();
    expect([(await row()).entries, call.isAborted]).toEqual([[], true]);
    const refused = asking(scene);
    const other = await refused.call;
    other.events({ error: { message: 'overloaded', type: 'overloaded_error' } });
    await sleep(2);
    await refused.leave();
    expect((await refused.row()).entries).toEqual([]);
  });

  test('leaves nothing held', async () => {
    const scene = await open();
    const { call: called, leave, row } = asking(scene);
    await called;
    scene.time.pass(1_000);
    await leave();
    const { entries } = await row();
    const budgets = [budget(PLENTY)];
    await sleep(5);
    expect(await readingsOf(scene.house, ['key', 'key_1'], { budgets })).toEqual({
      'key_budget_month:bud_1': { used: entries[0]?.nanoUsd, held: 0 },
    });
  });
});

function calling(call: object): object {
  return { tool_calls: [{ index: 0, id: 'call_1', ...call }] };
}

/** An answer of so many hidden tokens, made in so many milliseconds, heard to its end. */
async function answered(scene: Scene, reasoning: number, tookMs = 1_000, options: AskOptions = {}): Promise<void> {
  const { call: called, row } = asking(scene, HELLO, options);
  const call = await called;
  scene.time.pass(tookMs);
  call.events(chat.role(), chat.finish(), chat.usage(20, reasoning, reasoning), chat.done);
  call.end();
  expect((await row()).status).toBe('succeeded');
}
