import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { asking, HELLO, nanoUsd, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const open = (setting: Setting = {}) =>
  openScene({ speaks: 'cohere-chat', deployment: { upstreamModel: 'command-a-03-2025' }, ...setting });
const { stream: _stream, ...WHOLE } = HELLO;
/** Below the budget's hold, because Cohere counts its own instructions besides. */
const USAGE = {
  billed_units: { input_tokens: 20, output_tokens: 4 },
  tokens: { input_tokens: 520, output_tokens: 9 },
  cached_tokens: 2_928,
};
const answer = (more: object = {}) => ({
  id: 'a1',
  message: { role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
  finish_reason: 'COMPLETE',
  usage: USAGE,
  ...more,
});
const START = { id: 'a1', type: 'message-start', delta: { message: { role: 'assistant', content: [] } } };
const text = (said: string) => ({ type: 'content-delta', index: 0, delta: { message: { content: { text: said } } } });
const end = (more: object = {}) => ({ type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: USAGE, ...more } });

describe('a chat at Cohere', () => {
  test('is charged the units that are billed, and not those that were counted or cached', async () => {
    const now = await open();
    const { call, said, row } = asking(now, { ...WHOLE, user: 'ada' });
    const { request } = await call;
    expect([JSON.parse(String(request.body)), request.wire]).toEqual([
      {
        model: 'command-a-03-2025',
        messages: [{ role: 'user', content: 'hello' }],
        stream: false,
        max_tokens: 50_000,
      },
      'cohere-chat',
    ]);
    (await call).json(answer());
    const { headers, json } = await said;
    expect(headers['x-headgate-dropped']).toBe('user');
    expect(json()).toMatchObject({
      model: 'command-a-03-2025',
      choices: [{ message: { content: 'Hello.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 },
    });
    expect(await row()).toMatchObject({
      ...{ status: 'succeeded', finishReason: 'COMPLETE' },
      entries: [{ kind: 'usage', usage: { input: 20, output: 4 }, nanoUsd: nanoUsd(20, 4) }],
    });
  });

  test('streams to a client of messages, and is charged at its end', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO, { path: '/v1/messages' });
    (await call).events(START, text('Hel'), text('lo.'), end());
    (await call).end();
    expect((await said).text).toContain('"type":"message_stop"');
    expect(await row()).toMatchObject({
      ...{ status: 'succeeded', stream: true },
      entries: [{ kind: 'usage', usage: { input: 20, output: 4 }, nanoUsd: nanoUsd(20, 4) }],
    });
  });

  test('whose client hangs up is charged what was delivered and can have been made', async () => {
    const now = await open({ isBudgeted: false });
    const { call, leave, row } = asking(now, HELLO);
    (await call).events(START, text('Hello, this is more than one token of text.'));
    await sleep(2);
    await leave();
    const { status, entries } = await row();
    expect((await call).isAborted).toBe(true);
    expect(status).toBe('cancelled');
    expect(entries).toMatchObject([{ kind: 'estimated' }]);
    expect(entries[0]?.usage.output).toBeGreaterThanOrEqual(1);
  });

  test('that breaks off is an error in the stream', async () => {
    const now = await open();
    const { call, said, row } = asking(now, HELLO);
    (await call).events(START, text('Hel'));
    (await call).fail('reset');
    const { text: got } = await said;
    expect(got).toContain('"error"');
    expect(got).not.toContain('[DONE]');
    expect(await row()).toMatchObject({ status: 'failed', entries: [{ kind: 'estimated' }] });
  });

  test.each(['ERROR', 'TIMEOUT'])('that failed with status 200 (%s) is answered by another deployment', async (finish_reason) => {
    const fails = [
      (call: { json(answer: object): void }) => call.json(answer({ finish_reason, usage: undefined })),
      (call: { events(...events: object[]): void; end(): void }) => {
        call.events(START, end({ finish_reason, usage: undefined }));
        call.end();
      },
    ] as const;
    for (const [at, body] of [WHOLE, HELLO].entries()) {
      const now = await open({ others: [{}] });
      const { call, said, row } = asking(now, body);
      fails[at]?.((await call) as never);
      const second = await now.played.call(1);
      if (body === WHOLE) second.json(answer());
      else {
        second.events(START, text('Hello.'), end());
        second.end();
      }
      expect((await said).status).toBe(200);
      expect(await row()).toMatchObject({ status: 'succeeded', attempts: 2, entries: [{ nanoUsd: nanoUsd(20, 4) }] });
    }
  });

  test('that fails with usage is charged for it, beside the one that answers', async () => {
    const now = await open({ others: [{}] });
    const { call, said, row } = asking(now, WHOLE);
    (await call).json(answer({ finish_reason: 'ERROR' }));
    (await now.played.call(1)).json(answer());
    expect((await said).status).toBe(200);
    const { status, entries } = await row();
    expect([status, entries.map(({ nanoUsd: charged }) => charged)]).toEqual(['succeeded', [nanoUsd(20, 4), nanoUsd(20, 4)]]);
  });
});
