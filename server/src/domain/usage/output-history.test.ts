import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutputHistory } from './output-history.ts';

// promise: **No history** (fewer than 20 answers of that key × model): min(`max_tokens`, model's maximum, 4,096)
test('fewer than 20 answers are no history', () => {
  const history = new OutputHistory();
  for (let i = 0; i < 19; i += 1) history.add(100);
  expect(history.p95()).toBeNull();
  history.add(100);
  expect(history.p95()).toBe(100);
});

// promise: **Adaptive hold.** Without `max_tokens` hold the p95 of that key × model's own recent outputs
test('the 95th percentile of the last 64 answers, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 20, maxLength: 300 }), (answers) => {
      const history = new OutputHistory();
      for (const answer of answers) history.add(answer);
      const recent = answers.slice(-64).sort((a, b) => a - b);
      expect(history.p95()).toBe(recent[Math.ceil(recent.length * 0.95) - 1]);
    }),
  );
});

test('one odd answer among many does not move it', () => {
  const history = new OutputHistory();
  for (let i = 0; i < 63; i += 1) history.add(400);
  history.add(128_000);
  expect(history.p95()).toBe(400);
});

test('a number no provider can report is bounded, not believed', () => {
  const history = new OutputHistory();
  for (let i = 0; i < 20; i += 1) history.add(i % 2 === 0 ? -5 : 1e18);
  expect(history.p95()).toBe(0xffff_ffff);
});

describe('hidden output', () => {
  // promise: Sent in full, then timeout or hang-up: what the provider reported, else an estimate that is never below
  test('is usual at the 95th percentile of the last 64 answers since the first that hid something', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 200 }), (hidden) => {
        const history = new OutputHistory();
        for (const one of hidden) history.add(one + 10, one);
        const known = hidden.slice(hidden.findIndex((one) => one > 0));
        const recent = known.slice(-64).sort((a, b) => a - b);
        const wanted = hidden.every((one) => one === 0) ? 0 : recent[Math.ceil(recent.length * 0.95) - 1];
        expect(history.usualHidden()).toBe(wanted);
      }),
    );
  });

  test('is known after one answer, and the output beside it is not changed by it', () => {
    const history = new OutputHistory();
    history.add(900, 700);
    expect([history.usualHidden(), history.p95()]).toEqual([700, null]);
    for (let i = 0; i < 19; i += 1) history.add(900, 700);
    expect([history.usualHidden(), history.p95()]).toEqual([700, 900]);
  });

  test('is nothing where no answer hid anything', () => {
    const history = new OutputHistory();
    for (let i = 0; i < 70; i += 1) history.add(100);
    expect(history.usualHidden()).toBe(0);
  });
});
