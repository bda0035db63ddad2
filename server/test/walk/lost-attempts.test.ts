import { expect, test, vi } from 'vitest';
import type { BeginRecord } from '../../src/ledger/records.ts';
import { methodsOf } from '../support/methods-of.ts';
import { deployment, type House, model, type WalkHouse } from '../support/walk.ts';
import { withHouse } from '../support/with-house.ts';

const HELLO = { model: 'fast', max_tokens: 300, messages: [{ role: 'user', content: 'hello' }] };

const { open: openHouse } = withHouse();

async function open(plan: House): Promise<WalkHouse & { readonly begins: BeginRecord[] }> {
  const house = await openHouse(plan);
  const begins: BeginRecord[] = [];
  const begin = house.journal.begin.bind(house.journal);
  house.journal.begin = (record) => {
    begins.push(record);
    begin(record);
  };
  return { ...house, begins };
}

// promise: Sent in full, then timeout or hang-up: what the provider reported, else an estimate
test('an answer nobody saw is charged no more output than the model that was asked can put out, for no more was held', async () => {
  const silent = deployment({ upstreamModel: 'fake-hangs', maxOutputTokens: 64 });
  const { ask, rows, upstreamCalled } = await open({
    targets: [model('fast', [silent, deployment({ id: 'dep_2', priority: 1 })])],
  });
  await ask(HELLO, { hangUpWhen: upstreamCalled });
  expect(rows).toMatchObject([{ status: 'cancelled', entries: [{ kind: 'estimated', usage: { output: 64 } }] }]);
});

// promise: At replay a `begin` without an `end` settles
test('what is on record for a further attempt, should the process die, covers what the earlier ones used', async () => {
  const silent = deployment({ upstreamModel: 'fake-hangs', timeoutMs: 50 });
  const { ask, rows, begins } = await open({ targets: [model('fast', [silent, deployment({ id: 'dep_2', priority: 1 })])] });
  expect((await ask(HELLO)).status).toBe(200);
  const [first, second] = begins as [BeginRecord, BeginRecord];
  const lost = rows[0]?.entries[0];
  expect(lost).toMatchObject({ kind: 'estimated', usage: { input: first.heldInputTokens, output: first.heldOutputTokens } });
  expect(second).toMatchObject({
    heldInputTokens: 2 * first.heldInputTokens,
    heldOutputTokens: 2 * first.heldOutputTokens,
    heldNanoUsd: 2 * first.heldNanoUsd,
  });
});

test('a third attempt is on record, and held for, with what both of the earlier ones used', async () => {
  const silent = (id: string, priority: number) => deployment({ id, priority, upstreamModel: 'fake-hangs', timeoutMs: 50 });
  const extensions: number[] = [];
  const { ask, begins } = await open({
    targets: [model('fast', [silent('dep_1', 0), silent('dep_2', 1), deployment({ id: 'dep_3', priority: 2 })])],
    counters: (inner) => ({
      ...methodsOf(inner),
      extend: (hold, more) => {
        extensions.push(more.nanoUsd);
        return inner.extend(hold, more);
      },
    }),
  });
  expect((await ask(HELLO)).status).toBe(200);
  const once = begins[0]?.heldNanoUsd ?? 0;
  expect(begins.map(({ heldNanoUsd }) => heldNanoUsd)).toEqual([once, 2 * once, 3 * once]);
  expect(extensions).toEqual([once, once]);
});

test('a client that hangs up while a further attempt is being held for is sent nowhere and charged for the first alone', async () => {
  const silent = deployment({ upstreamModel: 'fake-hangs', timeoutMs: 1 });
  const { ask, rows, begins, counters } = await open({
    targets: [model('fast', [silent, deployment({ id: 'dep_2', priority: 1 })])],
  });
  const extend = counters.extend.bind(counters);
  const holding = new Promise<void>((resolve) => {
    counters.extend = async (hold, more) => {
      resolve();
      // Longer than the client takes to hang up.
      await new Promise((passed) => setTimeout(passed, 10));
      return extend(hold, more);
    };
  });
  await ask(HELLO, { hangUpWhen: holding });
  await vi.waitFor(() => expect(rows).toHaveLength(1), { timeout: 10_000 });
  expect(begins).toHaveLength(1);
  expect(rows).toMatchObject([{ status: 'cancelled', attempts: 1, entries: [{ attempt: 1 }] }]);
  await vi.waitFor(() => expect(counters.inFlight()).toBe(0));
});

test('when the counters cannot be asked no further attempt is made, and the last failure is the answer', async () => {
  const silent = deployment({ upstreamModel: 'fake-hangs', timeoutMs: 1 });
  const { ask, rows, begins, counters } = await open({
    targets: [model('fast', [silent, deployment({ id: 'dep_2', priority: 1 })])],
  });
  counters.extend = () => Promise.reject(new Error('the ledger is out of reach'));
  expect((await ask(HELLO)).status).toBe(504);
  expect(begins).toHaveLength(1);
  expect(rows).toMatchObject([{ status: 'failed', code: 'provider_timeout', attempts: 1 }]);
});
