import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chatAnswer, chatUsage, messagesAnswer, type PlayedCall } from '../support/played-provider.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { asking, HELLO, inputHeldOf, inputOf, nanoUsd, PLENTY, type Scene } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const { stream: _, ...WHOLE } = HELLO;
const ANSWER = JSON.stringify(chatAnswer('Hello.', chatUsage(20, 3_000, 2_900)));
const HONEST = nanoUsd(20, 3_000);
/** What a new key is expected to be answered. */
const EXPECTED = 4_096;

const open = withScene();

const AT = {
  'when it was sent': (_call: PlayedCall) => {},
  'when half of it was received': (call: PlayedCall) => call.bytes(ANSWER.slice(0, ANSWER.length / 2)),
} as const;
const ends = (call: PlayedCall, text: string) => {
  call.bytes(text);
  call.end();
};
const rest = (call: PlayedCall, when: string) =>
  ends(call, when === 'when it was sent' ? ANSWER : ANSWER.slice(ANSWER.length / 2));

describe('a whole answer whose client hangs up', () => {
  // promise: An answer that is not streamed is made in full whether or not somebody waits: under a `block` budget it is read on
  test.each(Object.entries(AT))(
    'is read to its end in the background under a budget, and charged as reported: %s',
    async (when, come) => {
      const parallel = { rateLimits: { max_parallel: 1 } } as const;
      const now = await open({ key: parallel });
      const { call: called, leave, row } = asking(now, WHOLE);
      const call = await called;
      come(call);
      await sleep(2);
      await leave();
      now.time.pass(50_000);
      await sleep(2);
      expect([call.isAborted, now.house.rows.length, now.house.counters.inFlight()]).toEqual([false, 0, 1]);
      expect(now.house.gateway.traffic.inFlight()).toHaveLength(1);
      // Its place stays taken.
      expect((await now.house.ask(WHOLE)).status).toBe(429);
      rest(call, when);
      const { status, httpStatus, finishReason, entries } = await row(1);
      expect([status, httpStatus, finishReason]).toEqual(['cancelled', 499, 'stop']);
      expect(entries).toMatchObject([{ kind: 'usage', usage: { input: 20, output: 100, reasoning: 2_900 }, nanoUsd: HONEST }]);
      expect((await settled(now)).held).toBe(0);
      expect(now.house.counters.inFlight()).toBe(0);
    },
  );

  test('is read to its end across dialects too', async () => {
    const now = await open({ speaks: 'anthropic-messages' });
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      const { call: called, leave, row } = asking(now, WHOLE, { path });
      const call = await called;
      await leave();
      call.json(messagesAnswer('Hello.', { input_tokens: 20, output_tokens: 3_000 }));
      expect((await row()).entries).toMatchObject([{ kind: 'usage', nanoUsd: HONEST }]);
    }
  });

  // promise: An answer that is not streamed is made in full whether or not somebody waits
  test.each([
    ['it is silent for too long', (call: PlayedCall) => call.fail('timeout')],
    ['its connection breaks', (call: PlayedCall) => call.fail('reset')],
    ['it breaks off', (call: PlayedCall) => ends(call, ANSWER.slice(0, 30))],
  ])('is charged its hold as it stands where that fails: %s', async (_why, fails) => {
    const now = await open({ others: [{}] });
    const { call: called, leave, row } = asking(now, WHOLE);
    const call = await called;
    await leave();
    fails(call);
    const held = nanoUsd(inputHeldOf(WHOLE), 50_000);
    const { status, entries } = await row();
    expect(status).toBe('cancelled');
    expect(entries).toMatchObject([{ kind: 'estimated', usage: { input: inputOf(WHOLE), output: EXPECTED }, nanoUsd: held }]);
    expect(await settled(now)).toEqual({ used: held, held: 0 });
    expect(now.played.calls).toHaveLength(1);
  });

  test.each([
    ['it is refused', (call: PlayedCall) => call.json({ error: { message: 'no', type: 'server_error' } }, 500)],
    ['it is an error in a 200', (call: PlayedCall) => call.json({ error: { message: 'no', type: 'server_error' } })],
    ['it is no answer', (call: PlayedCall) => ends(call, '<html></html>')],
  ])('costs nothing, and is asked for no more, where it turns out that %s', async (_why, answers) => {
    const now = await open({ others: [{}] });
    const { call: called, leave, row } = asking(now, WHOLE);
    const call = await called;
    await leave();
    answers(call);
    expect(await row()).toMatchObject({ status: 'cancelled', entries: [] });
    expect(now.played.calls).toHaveLength(1);
  });

  test('that never comes to its end is read on for no longer than its deployment’s timeout, and charged its hold', async () => {
    const now = await open({ key: { rateLimits: { max_parallel: 1 } } });
    const { call: called, leave, row } = asking(now, WHOLE);
    const call = await called;
    await leave();
    // Never silent for long: some keep a connection open so.
    for (let times = 0; times < 2; times += 1) {
      call.bytes(' ');
      now.time.pass(30_000);
      await sleep(2);
    }
    const { status, entries } = await row();
    expect([call.isAborted, status]).toEqual([true, 'cancelled']);
    expect(entries).toMatchObject([{ kind: 'estimated', nanoUsd: nanoUsd(inputHeldOf(WHOLE), 50_000) }]);
    expect([now.house.counters.inFlight(), now.house.gateway.traffic.inFlight()]).toEqual([0, []]);
  });

  test('is charged its hold under a budget where its deployment says that it is stopped', async () => {
    for (const come of Object.values(AT)) {
      const now = await open({ deployment: { onHangup: 'stop' } });
      const { call: called, leave, row } = asking(now, WHOLE);
      const call = await called;
      come(call);
      await sleep(2);
      await leave();
      const held = nanoUsd(inputHeldOf(WHOLE), 50_000);
      expect((await row()).entries).toMatchObject([{ kind: 'estimated', nanoUsd: held }]);
      expect(call.isAborted).toBe(true);
    }
  });

  test('is read to its end without a budget where its deployment says so, and charged as reported', async () => {
    for (const [when, come] of Object.entries(AT)) {
      const now = await open({ isBudgeted: false, deployment: { onHangup: 'finish' } });
      const { call: called, leave, row } = asking(now, WHOLE);
      const call = await called;
      come(call);
      await sleep(2);
      await leave();
      await sleep(2);
      expect(call.isAborted).toBe(false);
      rest(call, when);
      expect((await row()).entries).toMatchObject([{ kind: 'usage', nanoUsd: HONEST }]);
    }
  });

  test('is stopped without a budget and charged the estimate, however little time has passed: it may be made in full', async () => {
    for (const come of Object.values(AT)) {
      const now = await open({ isBudgeted: false });
      const { call: called, leave, row } = asking(now, WHOLE);
      const call = await called;
      come(call);
      await sleep(2);
      await leave();
      expect((await row()).entries).toMatchObject([{ kind: 'estimated', usage: { input: inputOf(WHOLE), output: EXPECTED } }]);
      expect(call.isAborted).toBe(true);
    }
  });

  test('costs nothing where the request was not sent in full', async () => {
    for (const onHangup of [null, 'finish', 'stop'] as const) {
      const now = await open({ deployment: { onHangup } });
      const { call: called, leave, row } = asking(now, WHOLE);
      const call = await called;
      call.isSent = false;
      await leave();
      expect(await row()).toMatchObject({ status: 'cancelled', entries: [] });
      expect(call.isAborted).toBe(true);
    }
  });

  test('teaches what is usual and how fast it was, as one that was heard', async () => {
    const now = await open();
    for (let i = 0; i < 50; i += 1) {
      const { call: called, leave, row } = asking(now, WHOLE);
      const call = await called;
      await leave();
      now.time.pass(10_000);
      call.json(chatAnswer('Hello.', chatUsage(20, 3_000, 2_900)));
      await row();
    }
    const { call: called, leave, row } = asking(now, HELLO);
    await called;
    now.time.pass(5_000);
    await leave();
    expect((await row()).entries).toMatchObject([{ usage: { output: 3_000 } }]);
  });

  test('is let go of when the process ends, and charged its hold', async () => {
    const now = await open();
    const { call: called, leave, row } = asking(now, WHOLE);
    const call = await called;
    await leave();
    await sleep(2);
    for (const { cutShort } of now.house.gateway.traffic.inFlight()) cutShort?.();
    expect((await row()).entries).toMatchObject([{ kind: 'estimated', nanoUsd: nanoUsd(inputHeldOf(WHOLE), 50_000) }]);
    expect([call.isAborted, now.house.gateway.traffic.inFlight()]).toEqual([true, []]);
  });

  test('that came without usage is estimated, as for anybody', async () => {
    const now = await open();
    const { call: called, leave, row } = asking(now, WHOLE);
    const call = await called;
    await leave();
    call.json(chatAnswer('x'.repeat(4_000), null));
    const [entry] = (await row()).entries;
    expect(entry?.kind).toBe('estimated');
    expect(entry?.usage.output).toBeGreaterThanOrEqual(1_000);
  });
});

async function settled({ house }: Scene): Promise<{ readonly used: number; readonly held: number }> {
  await sleep(5);
  const budgets = [budget(PLENTY)];
  const readings = await readingsOf(house, ['key', 'key_1'], { budgets });
  return readings['key_budget_month:bud_1'] as { used: number; held: number };
}
