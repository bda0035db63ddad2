import { expect, test } from 'vitest';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { createDeploymentHealth } from './health.ts';

function site() {
  const time = { ms: 1_000 };
  const clock = { nowMs: () => time.ms, monotonicMs: () => time.ms };
  const health = createDeploymentHealth(clock);
  return {
    health,
    pass: (ms: number) => {
      time.ms += ms;
    },
    refuse: (id: string, status: number, credential = CREDENTIAL) => {
      health.failed(id, null);
      health.refused(id, credential, status);
    },
    fitness: (id: string, credential = CREDENTIAL) => health.fitness(id, credential),
  };
}

const CREDENTIAL: CredentialConfig = { id: 'cred_1', provider: 'openai', baseUrl: null, apiKey: 'sk', secretId: 'one' };

// promise: **A credential that its provider refuses cools down all of its deployments**
test('three 401 in a row cool every deployment of the credential, and one success ends it', () => {
  const { health, refuse, fitness, pass } = site();
  refuse('dep_1', 401);
  refuse('dep_2', 401);
  expect([fitness('dep_1'), fitness('dep_3')]).toEqual(['fit', 'fit']);
  refuse('dep_1', 401);
  expect([fitness('dep_1'), fitness('dep_2'), fitness('dep_3')]).toEqual(['cooling', 'cooling', 'cooling']);
  expect(health.fitness('dep_9', { ...CREDENTIAL, id: 'cred_2' })).toBe('fit');
  expect(health.fitness('dep_9', null)).toBe('fit');
  expect(
    health
      .cooling()
      .map(({ deploymentId }) => deploymentId)
      .sort(),
  ).toEqual(['dep_1', 'dep_2', 'dep_3']);
  pass(5_000);
  expect(fitness('dep_3')).toBe('probe');
  health.probing('dep_3', CREDENTIAL);
  expect([fitness('dep_2'), fitness('dep_3')]).toEqual(['cooling', 'cooling']);
  health.succeeded('dep_3', CREDENTIAL);
  expect([fitness('dep_2'), fitness('dep_3')]).toEqual(['fit', 'fit']);
  expect(health.cooling()).toEqual([]);
});

test('a refused probe cools them for longer, up to a minute', () => {
  const { health, refuse, fitness, pass } = site();
  for (let at = 0; at < 3; at += 1) refuse('dep_1', 401);
  for (const ms of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    pass(ms - 1);
    expect(fitness('dep_2')).toBe('cooling');
    pass(1);
    expect(fitness('dep_2')).toBe('probe');
    health.probing('dep_2', CREDENTIAL);
    refuse('dep_2', 401);
    health.succeeded('dep_2');
  }
});

test('another secret starts afresh', () => {
  const { refuse, fitness } = site();
  for (let at = 0; at < 3; at += 1) refuse('dep_1', 401);
  expect(fitness('dep_2', { ...CREDENTIAL, secretId: 'two' })).toBe('fit');
});

test('a 403 of one model takes nothing from the others while the credential serves', () => {
  const { health, refuse, fitness, pass } = site();
  for (let at = 0; at < 100; at += 1) {
    refuse('dep_bad', 403);
    pass(500);
    if (at % 10 === 9) health.succeeded('dep_good', CREDENTIAL);
    expect(fitness('dep_good')).toBe('fit');
  }
  expect(fitness('dep_bad')).not.toBe('fit');
});

// promise: A 403 counts for the others only if nothing was served for ten seconds
test('403 cools them all once nothing was served for ten seconds, and only the probe’s refusal renews that', () => {
  const { health, refuse, fitness, pass } = site();
  for (let at = 0; at < 3; at += 1) refuse('dep_bad', 403);
  expect(fitness('dep_good')).toBe('fit');
  pass(10_000);
  refuse('dep_bad', 403);
  expect(fitness('dep_good')).toBe('cooling');
  pass(5_000);
  // The only candidate of its model is tried without being a probe.
  for (let at = 0; at < 10; at += 1) refuse('dep_bad', 403);
  expect(fitness('dep_good')).toBe('probe');
  health.probing('dep_good', CREDENTIAL);
  refuse('dep_good', 403);
  health.succeeded('dep_good');
  expect(fitness('dep_good')).toBe('cooling');
});
