import { expect, test } from 'vitest';
import type { Clock } from '../../lib/timing/clock.ts';
import { createDeploymentHealth } from './health.ts';

function handTurned() {
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  return { clock, pass: (ms: number) => (nowMs += ms) };
}

test('three failures in a row rest a deployment; a success in between does not count towards them', () => {
  const { clock } = handTurned();
  const health = createDeploymentHealth(clock);
  health.failed('dep', null);
  health.failed('dep', null);
  health.succeeded('dep');
  health.failed('dep', null);
  health.failed('dep', null);
  expect(health.fitness('dep')).toBe('fit');
  health.failed('dep', null);
  expect(health.fitness('dep')).toBe('cooling');
});

test('after its rest one request probes it, and the probe’s outcome decides', () => {
  const { clock, pass } = handTurned();
  const health = createDeploymentHealth(clock);
  for (let n = 0; n < 3; n += 1) health.failed('dep', null);
  pass(5_000);
  expect(health.fitness('dep')).toBe('probe');
  health.probing('dep');
  expect(health.fitness('dep')).toBe('cooling');
  health.failed('dep', null);
  pass(9_999);
  expect(health.fitness('dep')).toBe('cooling');
  pass(1);
  expect(health.fitness('dep')).toBe('probe');
  health.succeeded('dep');
  expect(health.fitness('dep')).toBe('fit');
});

test('a probe that never reports back does not keep a deployment out of service for ever', () => {
  const { clock, pass } = handTurned();
  const health = createDeploymentHealth(clock);
  for (let n = 0; n < 3; n += 1) health.failed('dep', null);
  pass(5_000);
  health.probing('dep');
  pass(30_000);
  expect(health.fitness('dep')).toBe('probe');
});

test('a provider that says when to come back is believed, up to a minute', () => {
  const { clock, pass } = handTurned();
  const health = createDeploymentHealth(clock);
  health.failed('dep', 3_600_000);
  expect(health.fitness('dep')).toBe('cooling');
  pass(60_000);
  expect(health.fitness('dep')).toBe('probe');
});
