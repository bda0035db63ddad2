/** What a request keeps of its attempts, by what happened to each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { AttemptRecord } from '../../src/domain/usage/attempt.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { parseEnd } from '../../src/ledger/parse-lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { methodsOf } from '../support/methods-of.ts';
import { chat, chatAnswer, chatUsage, type PlayedCall } from '../support/played-provider.ts';
import { type Asking, asking, HELLO, type Scene, type Setting } from '../support/scene.ts';
import { deployment, model } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const openScene = withScene();
const { open: openHouse } = withHouse();
const { stream: _, ...WHOLE } = HELLO;

const answers = (call: PlayedCall) => call.json(chatAnswer('Hello.', chatUsage(20, 6)));
const says = (status: number, message: string) => (call: PlayedCall) => call.json({ error: { message } }, status);
const streams = (call: PlayedCall) => {
  call.events(chat.role(), chat.text('Hello.'), chat.finish(), chat.usage(20, 6), chat.done);
  call.end();
};

type Expected = Partial<AttemptRecord>;
type Step = (call: PlayedCall, how: { readonly scene: Scene; readonly asked: Asking }) => void | Promise<void>;

interface Case {
  readonly name: string;
  readonly body?: object;
  readonly setting?: Setting;
  /** What each call gets, in order. */
  readonly steps: readonly Step[];
  readonly row: Partial<EndRecord>;
  readonly tried: readonly Expected[] | null;
  /** What the metrics count, by result. */
  readonly counts: Readonly<Record<string, number>>;
}

const OVERLOADED: Expected = { result: 'error', status: 503, code: 'unavailable', message: 'Overloaded' };
const two: Setting = { others: [{}] };

const CASES: readonly Case[] = [
  {
    name: 'one whole answer leaves no list: the row says it all',
    body: WHOLE,
    steps: [answers],
    row: { status: 'succeeded', attempts: 1, deploymentId: 'dep_1' },
    tried: null,
    counts: { answered: 1 },
  },
  {
    name: 'nor does one streamed answer',
    steps: [streams],
    row: { status: 'succeeded', attempts: 1 },
    tried: null,
    counts: { answered: 1 },
  },
  {
    name: 'a retry at the only candidate, which then answers',
    body: WHOLE,
    steps: [says(503, 'Overloaded'), answers],
    row: { status: 'succeeded', attempts: 2, deploymentId: 'dep_1' },
    tried: [
      { ...OVERLOADED, next: 'retried', nextReason: 'only_candidate', waitMs: 150, deploymentId: 'dep_1' },
      { result: 'answered', status: 200, code: null, message: null, next: 'ended', nextReason: null, waitMs: null },
    ],
    counts: { error: 1, answered: 1 },
  },
  {
    name: 'three failures at the only candidate',
    body: WHOLE,
    steps: [says(503, 'Overloaded'), (call) => call.fail('reset'), says(503, 'Overloaded')],
    row: { status: 'failed', httpStatus: 502, attempts: 3, deploymentId: null },
    tried: [
      { ...OVERLOADED, next: 'retried', waitMs: 150 },
      { result: 'failed', status: null, code: 'reset', message: 'played reset', next: 'retried', waitMs: 300 },
      { ...OVERLOADED, next: 'ended', nextReason: 'no_candidate_left', notTried: [] },
    ],
    counts: { error: 2, failed: 1 },
  },
  {
    name: 'a fallback',
    setting: two,
    steps: [says(429, 'Slow down'), streams],
    row: { status: 'succeeded', attempts: 2, deploymentId: 'dep_2' },
    tried: [
      {
        deploymentId: 'dep_1',
        result: 'error',
        status: 429,
        code: 'rate_limited',
        next: 'fell_back',
        nextReason: 'other_candidate',
      },
      { deploymentId: 'dep_2', result: 'answered', next: 'ended' },
    ],
    counts: { error: 1, answered: 1 },
  },
  {
    name: 'a final error names the fallback that was not tried',
    body: WHOLE,
    setting: two,
    steps: [says(400, 'No such field')],
    row: { status: 'failed', httpStatus: 400, attempts: 1 },
    tried: [
      {
        ...{ result: 'error', status: 400, code: 'caller', message: 'No such field', next: 'ended', nextReason: 'final' },
        notTried: [{ deploymentId: 'dep_2', reason: 'not_reached' }],
      },
    ],
    counts: { error: 1 },
  },
  {
    name: 'the most attempts',
    body: WHOLE,
    setting: { others: [{}, {}, {}, {}] },
    steps: Array.from({ length: 4 }, () => says(503, 'Overloaded')),
    row: { status: 'failed', attempts: 4 },
    tried: [
      ...Array.from({ length: 3 }, () => ({ ...OVERLOADED, next: 'fell_back' as const })),
      { ...OVERLOADED, nextReason: 'attempts_max', notTried: [{ deploymentId: 'dep_5', reason: 'not_reached' }] },
    ],
    counts: { error: 4 },
  },
  {
    name: 'a budget needs a price that the fallback lacks',
    body: WHOLE,
    setting: { others: [{}, { prices: [] }] },
    steps: [says(503, 'Overloaded'), says(503, 'Overloaded')],
    row: { status: 'failed', attempts: 2 },
    tried: [
      { ...OVERLOADED, next: 'fell_back' },
      { ...OVERLOADED, nextReason: 'no_candidate_left', notTried: [{ deploymentId: 'dep_3', reason: 'unpriced' }] },
    ],
    counts: { error: 2 },
  },
  {
    name: 'a silent provider, then an unreadable answer',
    body: WHOLE,
    setting: two,
    steps: [
      (call) => call.fail('timeout'),
      (call) => {
        call.bytes('{"choices": [');
        call.end();
      },
    ],
    row: { status: 'failed', attempts: 2 },
    tried: [
      { result: 'failed', status: null, code: 'timeout', next: 'fell_back' },
      { result: 'failed', status: 200, code: 'unreadable', next: 'ended', nextReason: 'no_candidate_left' },
    ],
    counts: { failed: 2 },
  },
  {
    name: 'a whole answer that breaks off, and a fallback',
    body: WHOLE,
    setting: two,
    steps: [
      (call) => {
        call.bytes('{"choices": [');
        call.fail('reset');
      },
      answers,
    ],
    row: { status: 'estimated', attempts: 2, deploymentId: 'dep_2' },
    tried: [
      { result: 'broken', status: 200, code: 'reset', next: 'fell_back' },
      { result: 'answered', deploymentId: 'dep_2' },
    ],
    counts: { broken: 1, answered: 1 },
  },
  {
    name: 'a stream that breaks after it began',
    setting: two,
    steps: [
      (call) => {
        call.events(chat.role(), chat.text('Hel'));
        call.fail('reset');
      },
    ],
    row: { status: 'failed', httpStatus: 200, attempts: 1, deploymentId: 'dep_1' },
    tried: [{ result: 'broken', status: 200, code: 'reset', next: 'ended', nextReason: 'answer_begun' }],
    counts: { broken: 1 },
  },
  {
    name: 'a stream that ends without its end',
    steps: [
      (call) => {
        call.events(chat.role(), chat.text('Hel'));
        call.end();
      },
    ],
    row: { status: 'failed', attempts: 1 },
    tried: [{ result: 'broken', next: 'ended', nextReason: 'answer_begun' }],
    counts: { broken: 1 },
  },
  {
    name: 'an error in a stream that began',
    steps: [
      (call) => {
        call.events(chat.role(), chat.text('Hel'), { error: { message: 'Overloaded' } });
        call.end();
      },
    ],
    row: { status: 'failed', attempts: 1 },
    tried: [{ result: 'broken', status: 200, code: 'error_in_stream', message: expect.stringContaining('Overloaded') }],
    counts: { broken: 1 },
  },
  {
    name: 'a client that hangs up before an answer',
    setting: { deployment: { onHangup: 'stop' } },
    steps: [(_call, { asked }) => asked.leave()],
    row: { status: 'cancelled', httpStatus: 499, attempts: 1, deploymentId: null },
    tried: [{ result: 'cancelled', status: null, code: 'client_gone', next: 'ended', nextReason: 'client_gone' }],
    counts: { cancelled: 1 },
  },
  {
    name: 'a client that hangs up in a stream',
    setting: { deployment: { onHangup: 'stop' } },
    steps: [
      async (call, { asked }) => {
        call.events(chat.role(), chat.text('Hel'));
        await sleep(2);
        await asked.leave();
      },
    ],
    row: { status: 'cancelled', httpStatus: 499, attempts: 1, deploymentId: 'dep_1' },
    tried: [{ result: 'cancelled', status: 200, code: 'client_gone', next: 'ended', nextReason: 'client_gone' }],
    counts: { cancelled: 1 },
  },
  {
    name: 'a client that hangs up, and whose answer is read on to its end',
    body: WHOLE,
    setting: { deployment: { onHangup: 'finish' } },
    steps: [
      async (call, { asked }) => {
        await asked.leave();
        answers(call);
      },
    ],
    row: { status: 'cancelled', httpStatus: 499, attempts: 1, deploymentId: 'dep_1' },
    tried: [{ result: 'answered', status: 200, code: null, next: 'ended' }],
    counts: { answered: 1 },
  },
  {
    name: 'a client that hangs up during the pause before a retry',
    body: WHOLE,
    steps: [
      async (call, { asked }) => {
        says(503, 'Overloaded')(call);
        await sleep(2);
        await asked.leave();
      },
    ],
    row: { status: 'cancelled', attempts: 1 },
    tried: [{ ...OVERLOADED, next: 'ended', nextReason: 'client_gone' }],
    counts: { error: 1 },
  },
  {
    name: 'a gateway that stops within a stream',
    steps: [
      async (call, { scene }) => {
        call.events(chat.role(), chat.text('Hel'));
        await sleep(2);
        for (const one of scene.house.gateway.traffic.inFlight()) one.cutShort?.();
      },
    ],
    row: { status: 'cancelled', httpStatus: 200, code: 'service_unavailable' },
    tried: [{ result: 'cancelled', status: 200, code: 'gateway_stopped', next: 'ended', nextReason: 'gateway_stopped' }],
    counts: { cancelled: 1 },
  },
];

describe('a request keeps its attempts', () => {
  test.each(CASES)('$name', async ({ body = HELLO, setting = {}, steps, row: expected, tried, counts }) => {
    const scene = await openScene({ isBudgeted: true, ...setting });
    const asked = asking(scene, body);
    for (const [at, step] of steps.entries()) {
      const call = await scene.played.call(at);
      await step(call, { scene, asked });
      // Any pause before a retry.
      if (at < steps.length - 1) await passUntilCalled(scene, at + 1);
    }
    const row = await asked.row();
    expect(row).toMatchObject(expected);
    if (tried === null) expect(row.tried).toBeNull();
    else {
      expect(row.tried).toHaveLength(tried.length);
      expect(row.tried).toMatchObject(tried);
    }
    expect(parseEnd(endLine(row)).tried).toEqual(row.tried);
    const counted = [...scene.house.gateway.traffic.read().attempts];
    expect(Object.fromEntries(counted)).toEqual(
      Object.fromEntries(Object.entries(counts).map(([result, count]) => [`fake|${result}`, count])),
    );
  });

  test('with times that follow from each other', async () => {
    const scene = await openScene();
    const asked = asking(scene, WHOLE);
    const first = await scene.played.call(0);
    scene.time.pass(70);
    says(503, 'Overloaded')(first);
    await passUntilCalled(scene, 1);
    answers(await scene.played.call(1));
    const [one, two] = (await asked.row()).tried ?? [];
    expect(one).toMatchObject({ startedMs: 0, tookMs: 70, waitMs: 150 });
    expect(two?.startedMs).toBeGreaterThanOrEqual(220);
    // The gateway is not slow because it waits before it tries again.
    expect(scene.house.gateway.traffic.read().gatewaySeconds.sum).toBeLessThan(0.15);
  });

  test('and none where there is no room for another', async () => {
    const silent = deployment({ upstreamModel: 'fake-hangs', timeoutMs: 50 });
    const { ask, rows } = await openHouse({
      targets: [model('fast', [silent, deployment({ id: 'dep_2', priority: 1 })])],
      counters: (inner) => ({ ...methodsOf(inner), extend: async () => false }),
    });
    await ask(WHOLE);
    expect(rows[0]?.tried).toMatchObject([
      {
        result: 'failed',
        code: 'timeout',
        nextReason: 'hold_refused',
        notTried: [{ deploymentId: 'dep_2', reason: 'not_reached' }],
      },
    ]);
  });

  test('an empty list where the gateway answered, or where nothing was sent', async () => {
    const { ask, rows } = await openHouse({
      provider: {
        name: 'fake',
        wireFor: (wire) => (wire === 'anthropic-count-tokens' ? null : wire),
        open: () => ({ abort() {}, resume() {}, sent: false }),
        readError: () => {
          throw new Error('never called');
        },
      },
    });
    const said = await ask(WHOLE, { path: '/v1/messages/count_tokens' });
    expect(said.status).toBe(200);
    expect(rows[0]).toMatchObject({ attempts: 0, tried: [] });
  });

  test('and never a word that looks like a secret, nor more than 300 characters, nor a control character', async () => {
    const apiKey = 'plainkey0123456789abcdef';
    const credential = { id: 'cred_1', provider: 'fake' as const, baseUrl: null, apiKey };
    const secrets = [apiKey, 'hg_canary_0001', 'canarypassword', 'sk-hg-CANARY0002', 'hgadm_CANARY0003'];
    const words = `Bearer hg_canary_0001 ${apiKey} https://user:canarypassword@example.com/x sk-hg-CANARY0002 hgadm_CANARY0003 \u0000\u001c\u001e\u202e`;
    for (const message of [words, 'x'.repeat(290) + words, `${'\ud83d\ude00'.repeat(149)}x\ud83d\ude00${words}`]) {
      for (const step of [says(503, message), says(400, message), inStream(message)]) {
        const scene = await openScene({ deployment: { credential } });
        const asked = asking(scene, HELLO);
        step(await scene.played.call(0));
        for (let at = 1; at < 3 && scene.house.rows.length === 0; at += 1) {
          await sleep(5);
          scene.time.pass(1_000);
          await sleep(5);
          const call = scene.played.calls[at];
          if (call !== undefined) step(call);
        }
        const line = endLine(await asked.row());
        for (const secret of secrets) expect(line).not.toContain(secret);
        for (const { message: kept } of parseEnd(line).tried ?? []) {
          expect(kept?.length).toBeLessThanOrEqual(300);
          expect(kept).not.toMatch(/[\p{Cc}\u202e]/u);
          expect(kept?.isWellFormed()).toBe(true);
        }
      }
    }
  });

  test.each([
    ['no sentence of an answer in quotes', `Bad output: "She didn't see the river", try again`, 'Bad output: …, try again'],
    ['none in single quotes', "Bad output: 'it isn't a river at all'.", 'Bad output: ….'],
    ['none in curly quotes', 'Bad output: “the river is wide”.', 'Bad output: ….'],
    ['the name of a field', "Unsupported parameter: 'top_q'. Use 'top_p' instead; it isn't new.", null],
    ['no word of the request', 'What is Hello. to you?', 'What is …. to you?'],
    ['no word that the bound would cut in half', `${'x '.repeat(990)}river sk-hg-CANARY0002 ${'y'.repeat(50)}`, 'x '.repeat(150)],
  ])('and of a provider’s words keeps %s', async (_name, message, expected) => {
    const scene = await openScene();
    const body = { ...WHOLE, messages: [{ role: 'user', content: 'Hello' }] };
    const asked = asking(scene, body);
    says(400, message)(await scene.played.call(0));
    expect((await asked.row()).tried?.[0]?.message).toBe(expected ?? message);
  });
});

const inStream = (message: string) => (call: PlayedCall) => {
  call.events(chat.role(), chat.text('Hel'), { error: { message } });
  call.end();
};

async function passUntilCalled({ time, played }: Scene, number: number): Promise<void> {
  await sleep(2);
  time.pass(150);
  await sleep(1);
  if (played.calls[number] === undefined) time.pass(450);
  await played.call(number);
}
