/** The dashboard and the alerts against what the program really says, and against Prometheus' own tool. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { renderMetrics } from '../../src/observe/metrics.ts';
import { createTraffic } from '../../src/observe/traffic.ts';
import { openHouse, type WalkHouse } from '../support/walk.ts';
import { deployPath, readText, readYaml } from './files.ts';

const PROMTOOL = '/usr/bin/promtool';
const folder = mkdtempSync(path.join(tmpdir(), 'headgate-rules-'));

interface Rules {
  readonly groups: {
    rules: { alert: string; expr: string; labels: Record<string, string>; annotations: Record<string, string> }[];
  }[];
}

let house: WalkHouse;
let scrape: string;
beforeAll(async () => {
  house = await openHouse({ gateway: { traffic: createTraffic({ organizationsMax: 1 }) } });
  await house.ask({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] });
  scrape = await renderMetrics({
    version: '1.2.3',
    traffic: house.gateway.traffic,
    snapshot: house.gateway.snapshot,
    ledger: () => ({ rows: 0, bytes: 0, ageMs: 0, stored: 0, rejected: 0, database: 'ok' }),
    coolingDeployments: () => 0,
    counters: () => 0,
    coldCounters: () => 0,
    holds: () => 0,
    shared: () => ({ is: 'open', replicas: 3, untold: 0, degraded: 0, outages: 0, heldWithoutRequest: 0, givenBack: 0 }),
    journalBytes: () => 0,
    journalBytesMax: 1,
    journalSyncFailures: () => 0,
    redisMemory: () => ({ usedBytes: 1, maxBytes: 2, mayEvict: false }),
    journalWritable: () => true,
    caDaysLeft: () => [{ server: 'redis', days: 40 }],
    volume: () => ({ bytes: 100, freeBytes: 50 }),
    bufferedBytes: () => ({ bytes: 0, bytesMax: 1 }),
    spoolBytes: () => ({ bytes: 0, bytesMax: 1 }),
    storedResponses: () => house.gateway.responses.read(),
    databaseConnections: () => ({ total: 1, idle: 1, waiting: 0 }),
    jobs: () => ({
      drifts: { open: 0, lastDay: 0 },
      folds: { behindMs: 0, unfilled: 0 },
      deliveries: { pending: 0, lost: 0 },
      unownedTokens: 0,
      jobs: [{ name: 'proof', doneAtMs: 1_000, isFailing: false, overdueMs: 0 }],
    }),
  });
});
afterAll(async () => {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

const alerts = () => readYaml<Rules>('deploy/prometheus/alerts.yaml').groups.flatMap(({ rules }) => rules);
const dashboardQueries = () =>
  [...readText('deploy/grafana/headgate.json').matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(
    ([, text]) => JSON.parse(`"${text}"`) as string,
  );

/** Names of metrics in a query, a histogram's by the family's name. */
function metricsIn(query: string): string[] {
  const names = query.match(/\b(headgate|nodejs|process)_[a-z_]+/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

test('an alert compares a quantile with a bound of its histogram, so that the answer is no guess between two bounds', () => {
  const compared = alerts().flatMap(({ expr }) => {
    const [, metric, bound] = /histogram_quantile\(.*\b(\w+_bucket)\b.*\) > (\S+)$/.exec(expr) ?? [];
    return metric === undefined ? [] : [{ metric, bound }];
  });
  expect(compared.length).toBeGreaterThan(0);
  for (const { metric, bound } of compared) expect(scrape).toContain(`${metric}{le="${bound}"}`);
});

test('every metric that a panel or an alert asks for is one that the program has, and the guide lists each of those', () => {
  const had = new Set([...scrape.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name as string));
  const asked = [...dashboardQueries(), ...alerts().map(({ expr }) => expr)].flatMap(metricsIn);
  expect(asked.length).toBeGreaterThan(40);
  for (const name of asked) expect([...had]).toContain(name);
  const guide = readText('docs/operating.md');
  const isListed = (name: string) =>
    guide.includes(`\`${name}\``) ||
    [...guide.matchAll(/`(headgate_\w+)`((?:[^`|]*`_\w+`)+)/g)].some(([, first, rest]) =>
      [...(rest as string).matchAll(/`(_\w+)`/g)].some(([, ending]) => couldBe(name, first as string, ending as string)),
    );
  expect([...had].filter((name) => !isListed(name))).toEqual([]);
});

/** `headgate_journal_rows`, `_bytes`: the ending takes the place of the last words, or follows them. */
function couldBe(name: string, first: string, ending: string): boolean {
  const words = first.split('_');
  return words.some((_word, at) => name === `${words.slice(0, at + 1).join('_')}${ending}`);
}

test('every alert has a section in the runbook, and every section its alert', () => {
  const sections = [...readText('docs/runbook.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(sections.toSorted()).toEqual(
    alerts()
      .map(({ alert }) => alert)
      .toSorted(),
  );
});

test('every alert says how bad it is, in words, and where to read on', () => {
  for (const { alert, labels, annotations } of alerts()) {
    expect(labels.severity, alert).toMatch(/^(critical|warning)$/);
    expect(annotations.summary?.length, alert).toBeGreaterThan(10);
    expect(annotations.description?.length, alert).toBeGreaterThan(20);
  }
});

function promtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8', cwd: deployPath('prometheus') });
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

test.skipIf(!existsSync(PROMTOOL))('Prometheus takes the rules, and each alert fires when it should and not before', () => {
  expect(promtool('check', 'rules', 'alerts.yaml')).toContain(`SUCCESS: ${alerts().length} rules found`);
  expect(promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  const tested = readFileSync(deployPath('prometheus/alerts.test.yaml'), 'utf8');
  for (const { alert } of alerts()) expect(tested).toContain(alert);
});

test.skipIf(!existsSync(PROMTOOL))('Prometheus can read every query of the dashboard, and the scrape itself', () => {
  const rules = dashboardQueries().map((expr, at) => ({
    record: `panel:${at}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }));
  const file = path.join(folder, 'panels.yaml');
  writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }));
  expect(promtool('check', 'rules', file)).toContain(`SUCCESS: ${rules.length} rules found`);
  const read = spawnSync(PROMTOOL, ['check', 'metrics'], { encoding: 'utf8', input: scrape });
  expect(read.stdout + read.stderr).toBe('');
});
