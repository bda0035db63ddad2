/** A provider key is rotated while 200 callers call, and the provider takes now the new key alone and now the old one: no call fails. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type Key, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';

const CALLERS = 200;
/** The answers in a row that the provider gives before it changes its mind: by then every caller knows which key it takes. */
const IN_A_ROW = 800;
const TURNS = 6;
const [OLD, NEW] = ['sk-old-canary-0123456789', 'sk-new-canary-0123456789'];
const USAGE = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };
const ANSWER = JSON.stringify({
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', usage: USAGE },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
});

/**
 * A provider that takes one key, and another one each time that it has taken it often enough. It does not change its mind while a call
 * that it refused has not come back with the other key: nothing could serve a call whose both keys are refused.
 */
async function startFickle() {
  const counts = { taken: 0, refused: 0, inARow: 0, turns: 0 };
  let taken = OLD;
  let isFickle = false;
  const comingBack = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = /call \d+/.exec(Buffer.concat(chunks).toString())?.[0] ?? '';
      const isRight = request.headers.authorization === `Bearer ${taken}`;
      const said = isRight ? ANSWER : JSON.stringify({ error: { message: `refused: ${request.headers.authorization}` } });
      response.writeHead(isRight ? 200 : counts.turns % 2 === 0 ? 401 : 403, { 'content-type': 'application/json' }).end(said);
      if (!comingBack.delete(call) && !isRight) comingBack.add(call);
      counts[isRight ? 'taken' : 'refused'] += 1;
      counts.inARow = isRight ? counts.inARow + 1 : 0;
      if (!isFickle || comingBack.size > 0 || counts.inARow < IN_A_ROW || counts.turns >= TURNS) return;
      taken = taken === OLD ? NEW : OLD;
      [counts.inARow, counts.turns] = [0, counts.turns + 1];
    });
  });
  // A machine that is busy for 5 s would find its idle connections closed under a call, which then nobody sends again.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    counts,
    takes: () => taken,
    becomeFickle: () => {
      [isFickle, counts.inARow] = [true, 0];
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

let gateway: Gateway | null = null;
let stopCalling = () => {};
let close = () => {};
afterEach(async () => {
  stopCalling();
  await gateway?.kill();
  gateway = null;
  close();
});

let calls = 0;

async function callOnce({ base }: Gateway, { secret }: Key): Promise<string> {
  calls += 1;
  const response = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content: `call ${calls}` }] }),
  });
  const text = await response.text();
  return response.status === 200 ? 'answered' : `${response.status} ${text}`;
}

/** Waits for a moment of the load, and fails as soon as a call was not answered: the moment might never come then. */
async function moment(outcomes: ReadonlyMap<string, number>, hasCome: () => boolean) {
  while (!hasCome()) {
    expect([...outcomes.keys()].filter((outcome) => outcome !== 'answered')).toEqual([]);
    await sleep(10);
  }
}

/** Calls without a pause until it is told to stop. Returns how often each outcome was seen. */
function keepCalling(at: Gateway, key: Key) {
  const outcomes = new Map<string, number>();
  const ended = Array.from({ length: CALLERS }, () => 0);
  let isOver = false;
  const callers = ended.map(async (_, caller) => {
    while (!isOver) {
      const outcome = await callOnce(at, key).catch((error: Error) => error.message);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      ended[caller] = (ended[caller] ?? 0) + 1;
    }
  });
  stopCalling = () => {
    isOver = true;
  };
  return {
    outcomes,
    /** Returns a check whether every caller has begun and ended a call since: a busy machine lets some of them wait for seconds. */
    everyCallerSince: () => {
      const before = [...ended];
      return () => ended.every((count, caller) => count >= (before[caller] ?? 0) + 2);
    },
    stop: async () => {
      stopCalling();
      await Promise.all(callers);
    },
  };
}

// promise: A call whose secret the provider refuses is made with the other one
test('200 callers, a rotation, and a provider that changes its mind six times: failed 0', { timeout: 240_000 }, async () => {
  const provider = await startFickle();
  close = provider.close;
  gateway = await startGateway();
  const now = gateway;
  const made = { name: 'main', provider: 'openai', api_key: OLD, base_url: provider.baseUrl };
  const { id } = await now.admin<{ id: string }>('POST', '/credentials', made);
  await makeModel(now, { model: 'fast', provider: 'openai', upstreamModel: 'a', credentialId: id });
  const key = await makeKey(now, await makeTenant(now));
  const load = keepCalling(now, key);
  await moment(load.outcomes, load.everyCallerSince());
  // The provider does not take the new key yet.
  await now.admin('PATCH', `/credentials/${id}`, { api_key: NEW });
  // A call that began before the rotation knows one key alone.
  const knowBoth = load.everyCallerSince();
  await moment(load.outcomes, knowBoth);
  expect([...load.outcomes.keys()]).toEqual(['answered']);
  provider.becomeFickle();
  await moment(load.outcomes, () => provider.counts.turns >= TURNS);
  const late = provider.counts.taken;
  await moment(load.outcomes, () => provider.counts.taken >= late + IN_A_ROW);
  // The old key is taken at the end, so ending the overlap stops everything.
  expect(provider.takes()).toBe(OLD);
  await load.stop();
  expect(Object.fromEntries(load.outcomes)).toEqual({ answered: expect.any(Number) });
  const answered = load.outcomes.get('answered') ?? 0;
  expect(answered).toBeGreaterThan(IN_A_ROW * TURNS);
  // Each change is learned once by those who were under way, and not by every call.
  expect(provider.counts.refused).toBeGreaterThanOrEqual(TURNS);
  expect(provider.counts.refused).toBeLessThan(answered / 2);
  expect(await now.admin('GET', '/health')).toMatchObject({ cooling_deployments: [] });
  const told = now.output().match(/a provider refuses one of two secrets/g) ?? [];
  expect(told.length).toBeGreaterThanOrEqual(1);
  expect(told.length).toBeLessThanOrEqual(4);
  expect(now.output()).not.toMatch(/canary/);
  await now.admin('POST', `/credentials/${id}/end-overlap`);
  expect(await callOnce(now, key)).toMatch(/^502 /);
});
