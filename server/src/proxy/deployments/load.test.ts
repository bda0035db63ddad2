import { expect, test } from 'vitest';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { createDeploymentLoad } from './load.ts';

function handTurned() {
  let nowMs = 90_000;
  return { load: createDeploymentLoad({ nowMs: () => nowMs, monotonicMs: () => nowMs }), pass: (ms: number) => (nowMs += ms) };
}

const LIMITED = { id: 'dep', limits: { rpm: 2, tpm: 100 } } as DeploymentConfig;

test('a minute counts what was sent and used in it, says when it ends, and the next begins with nothing', () => {
  const { load, pass } = handTurned();
  load.sent(LIMITED);
  load.used('dep', 40);
  expect(load.read('dep')).toEqual({ requests: 1, tokens: 40, resetsInMs: 30_000 });
  expect(load.isFull(LIMITED)).toBe(false);
  load.used('dep', 60);
  expect(load.isFull(LIMITED)).toBe(true);
  pass(30_000);
  expect(load.isFull(LIMITED)).toBe(false);
  expect(load.read('dep')).toEqual({ requests: 0, tokens: 0, resetsInMs: 60_000 });
});

test('looking counts nothing, and what has no limits is not counted', () => {
  const { load } = handTurned();
  load.read('dep');
  load.sent({ ...LIMITED, id: 'free', limits: { rpm: null, tpm: null } });
  load.used('free', 5);
  expect(load.read('free')).toMatchObject({ requests: 0, tokens: 0 });
  expect(load.read('dep')).toMatchObject({ requests: 0, tokens: 0 });
});
