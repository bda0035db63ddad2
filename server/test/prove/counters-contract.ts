// The contract of the counters on memory, Redis, Valkey and a cluster of three masters with replicas, each started by the tests themselves.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hasRedis, type RedisKind } from '../support/redis.ts';
import { repository, temporaryDirectory } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** By the title of their suites. */
const STORES = { memory: 'counters: memory', Redis: 'Redis', Valkey: 'Valkey', 'Redis Cluster': 'Redis Cluster' };

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly status: string;
      readonly fullName: string;
    }[];
  }[];
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'the contract on the four stores: part of the test run' };
  const missing = (['Redis', 'Valkey', 'Redis Cluster'] as const satisfies readonly RedisKind[]).filter(
    (kind) => !hasRedis(kind),
  );
  if (missing.length > 0) return { holds: false, figure: '', skipped: `not installed: ${missing.join(', ')}` };
  const file = path.join(temporaryDirectory(), 'report.json');
  const startedMs = performance.now();
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  const files = ['server/src/counters/memory/memory-counters.test.ts', 'server/src/counters/redis/redis-counters.test.ts'];
  spawnSync(process.execPath, [vitest, 'run', ...files, '--reporter=json', `--outputFile=${file}`], { cwd: repository });
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status !== 'passed');
  const counts = Object.entries(STORES).map(
    ([store, title]) => `${store} ${tests.filter(({ ancestorTitles }) => ancestorTitles[0] === title).length}`,
  );
  return {
    holds: failed.length === 0 && tests.length > 0 && counts.every((count) => !count.endsWith(' 0')),
    figure: `contract: ${tests.length} cases (${counts.join(', ')}) in ${seconds} s, failures ${failed.length}`,
    details: failed.map(({ fullName }) => fullName),
  };
}
