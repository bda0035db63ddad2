import { expect, test } from 'vitest';
import type { CallableTarget, DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { createDeploymentMeasures, measuredIn } from './measures.ts';

const deployment = (id: string, credential = 'cred_1', upstreamModel = 'm') =>
  ({ id, credential: { id: credential }, upstreamModel }) as unknown as DeploymentConfig;

function open() {
  let nowMs = 0;
  const measures = createDeploymentMeasures({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  return { measures, pass: (ms: number) => (nowMs += ms) };
}

const limits = (remaining: number) => ({
  'x-ratelimit-limit-requests': '100',
  'x-ratelimit-remaining-requests': String(remaining),
  'x-ratelimit-reset-requests': '5s',
});

test('requests in flight are never fewer than none', () => {
  const { measures } = open();
  const one = deployment('dep_1');
  measures.left(one);
  measures.sent(one);
  measures.sent(one);
  measures.left(one);
  expect([measures.inFlight(one), measures.inFlight(deployment('dep_2'))]).toEqual([1, 0]);
});

test('streams and whole answers are measured apart, and forgotten after two minutes', () => {
  const { measures, pass } = open();
  const one = deployment('dep_1');
  measures.answered(one, 'stream', 200);
  measures.answered(one, 'whole', 4_000);
  expect([measures.firstOutputMs(one, 'stream'), measures.firstOutputMs(one, 'whole')]).toEqual([200, 4_000]);
  pass(120_001);
  expect(measures.firstOutputMs(one, 'stream')).toBeNull();
});

test('a vendor’s limits belong to the credential and the model, and end with their reset', () => {
  const { measures, pass } = open();
  const one = deployment('dep_1');
  measures.told(one, limits(30));
  expect(measures.shareLeft(deployment('dep_2'))).toBe(0.3);
  expect(measures.shareLeft(deployment('dep_3', 'cred_2'))).toBeNull();
  expect(measures.shareLeft(deployment('dep_4', 'cred_1', 'other'))).toBeNull();
  measures.told(one, {});
  expect(measures.shareLeft(one)).toBe(0.3);
  pass(5_000);
  expect(measures.shareLeft(one)).toBeNull();
});

test('only deployments of a target that compares measurements are measured', () => {
  const [one, two, three] = [deployment('dep_1'), deployment('dep_2'), deployment('dep_3')];
  const target = (strategy: CallableTarget['strategy'], ...of: DeploymentConfig[]) =>
    ({ strategy, members: of.map((each) => ({ deployment: each, weight: 1, priority: 0 })) }) as unknown as CallableTarget;
  const catalogue = {
    targets: new Map([
      ['a', target('weighted', one, two)],
      ['b', target('latency', two)],
      ['c', target('cheapest', three)],
    ]),
  };
  expect(measuredIn(catalogue)).toEqual(new Set([two]));
  expect(measuredIn(catalogue)).toBe(measuredIn(catalogue));
});
