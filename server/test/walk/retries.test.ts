/** The time within which a deployment is tried again, and the waits between its tries. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chatAnswer, chatUsage, type PlayedCall } from '../support/played-provider.ts';
import { asking, HELLO, type Scene, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const { stream: _, ...WHOLE } = HELLO;

const SLOW_DOWN = { error: { message: 'Slow down' } };
const says = (call: PlayedCall, status: number, headers: Readonly<Record<string, string>> = {}) =>
  call.json(SLOW_DOWN, status, headers);
const answers = (call: PlayedCall) => call.json(chatAnswer('Hello.', chatUsage(20, 6)));

/** Lets time pass until that many calls were made. Returns the time that passed. */
async function waitFor({ played, time }: Scene, calls: number, msMax = 30_000): Promise<number> {
  let passed = 0;
  for (; played.calls.length < calls && passed < msMax; passed += 50) {
    for (let turns = 0; turns < 5; turns += 1) await sleep(0);
    if (played.calls.length >= calls) break;
    time.pass(50);
  }
  return passed;
}

const open = (setting: Setting = {}) => openScene({ isBudgeted: false, ...setting });

describe('a vendor that names a wait', () => {
  test('gets the request again after it, with a random part more', async () => {
    const scene = await open();
    const asked = asking(scene, WHOLE);
    says(await asked.call, 429, { 'retry-after': '2' });
    expect(await waitFor(scene, 2)).toBeGreaterThanOrEqual(2_000);
    answers(scene.played.calls[1] as PlayedCall);
    expect((await asked.said).status).toBe(200);
    expect((await asked.row()).tried?.[0]).toMatchObject({ code: 'rate_limited', next: 'retried', waitMs: 2_150 });
  });

  test('gets nothing more if the wait does not fit into 15 s, and the client learns the wait', async () => {
    const scene = await open();
    const asked = asking(scene, WHOLE);
    says(await asked.call, 429, { 'retry-after': '15' });
    const said = await asked.said;
    expect([said.status, said.headers['retry-after'], scene.played.calls.length]).toEqual([429, '15', 1]);
  });

  test('is not waited for while another candidate is left', async () => {
    const scene = await open({ others: [{}] });
    const asked = asking(scene, WHOLE);
    says(await asked.call, 429, { 'retry-after': '2' });
    expect(await waitFor(scene, 2)).toBe(0);
    answers(scene.played.calls[1] as PlayedCall);
    expect((await asked.row()).deploymentId).toBe('dep_2');
  });

  test('that says not to retry gets nothing more', async () => {
    const scene = await open();
    const asked = asking(scene, WHOLE);
    says(await asked.call, 429, { 'retry-after': '2', 'x-should-retry': 'false' });
    expect([(await asked.said).status, scene.played.calls.length]).toEqual([429, 1]);
  });
});

test('a deployment that fails slowly is not tried again after 15 s', async () => {
  const scene = await open();
  const asked = asking(scene, WHOLE);
  const first = await asked.call;
  scene.time.pass(8_000);
  says(first, 503);
  await waitFor(scene, 2);
  scene.time.pass(8_000);
  says(scene.played.calls[1] as PlayedCall, 503);
  expect([(await asked.said).status, scene.played.calls.length]).toEqual([502, 2]);
  expect((await asked.row()).tried?.[1]).toMatchObject({ next: 'ended', nextReason: 'no_candidate_left' });
});

test('the next candidate is tried at any time', async () => {
  const scene = await open({ others: [{}] });
  const asked = asking(scene, WHOLE);
  const first = await asked.call;
  scene.time.pass(60_000);
  first.fail('timeout');
  await waitFor(scene, 2);
  answers(scene.played.calls[1] as PlayedCall);
  expect((await asked.said).status).toBe(200);
});
