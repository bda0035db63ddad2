import { expect, test } from 'vitest';
import type { SeedFrom } from '../../src/counters/counters.ts';
import { gatedProvider } from '../support/gated-provider.ts';
import { budget, readingsOf, wallClock } from '../support/policies.ts';
import { deployment, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const NOON = Date.parse('2026-07-23T12:00:00Z');

const { open: openHouse, present } = withHouse();

/**
 * The journal as the ledger, read as the real one is: a place is taken, by which everything settled before it is written, and the answer is of it.
 * `later`: another answer was under way.
 */
function ledgerOf(opened: () => WalkHouse, later: boolean): SeedFrom {
  return async (counter, _fromMs, _toMs, nowAsOf) => {
    if (later) await new Promise((resolve) => setTimeout(resolve, 5));
    opened().journal.position();
    nowAsOf();
    const amount = opened()
      .rows.flatMap(({ entries }) => entries)
      .reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return counter.unit === 'nano_usd' && amount > 0 ? [{ atMs: NOON, amount }] : [];
  };
}

// promise: a budget added, edited, re-zoned or re-anchored mid-period is seeded from the ledger
test.each([
  ['at once', false],
  ['as of later', true],
])('what is settled in the turn in which a new budget asks for its past is counted once: answered %s', async (_how, later) => {
  const { provider, waiting, open } = gatedProvider();
  const opened = await openHouse({
    provider,
    clock: wallClock(NOON),
    targets: [model('fast', [deployment({ upstreamModel: 'fake-slow' })])],
    seedFrom: ledgerOf(present, later),
  });
  const budgets = [budget(5_000_000_000_000)];
  const first = opened.ask(HELLO);
  await waiting(1);
  // The first was admitted before there was a budget. It ends in the turn in which the second is the first to need what the budget counts.
  await opened.change({ organization: { budgets } });
  const asking: Promise<unknown>[] = [];
  const end = opened.journal.end.bind(opened.journal);
  opened.journal.end = (record) => {
    end(record);
    if (asking.length === 0) asking.push(opened.ask(HELLO));
  };
  open();
  await first;
  await Promise.all(asking);
  const spent = opened.rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
  expect(opened.rows).toHaveLength(2);
  expect(spent).toBeGreaterThan(0);
  const readings = await readingsOf(opened, ['organization', 'org_1'], { budgets });
  expect(Object.values(readings)).toEqual([{ used: spent, held: 0 }]);
});
