import { AggregatorRegistry } from 'prom-client';
import { expect, test } from 'vitest';
import { givenEnd, givenEntry } from '../../test/support/records.ts';
import { MetricFamilies } from './metric-families.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { addTraffic } from './traffic-metrics.ts';

async function scrape(traffic: Traffic): Promise<string[]> {
  const families = new MetricFamilies();
  addTraffic(families, traffic.read());
  return (await families.registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function served(traffic: Traffic, organizations: number): void {
  for (let at = 0; at < organizations; at += 1) {
    const entries = [givenEntry({ usage: { input: 10, cached_input: 5, output: 20, reasoning: 1 }, nanoUsd: 2_000_000 })];
    traffic.settled(givenEnd({ organizationId: `org_${at}`, entries }));
  }
}

test('series do not grow with organizations, unless they are asked for, and then up to their bound', async () => {
  const unnamed = createTraffic();
  served(unnamed, 1);
  const few = await scrape(unnamed);
  served(unnamed, 9_999);
  expect((await scrape(unnamed)).length).toBe(few.length);

  const named = createTraffic({ organizationsMax: 100 });
  served(named, 10_000);
  const lines = await scrape(named);
  const spend = lines.filter((line) => line.startsWith('headgate_organization_spend_usd_total{'));
  expect(spend).toHaveLength(101);
  expect(spend).toContain('headgate_organization_spend_usd_total{organization="org_99"} 0.002');
  expect(spend.find((line) => line.includes('"other"'))).toMatch(/ 19\.8$/);
  // One more of each: status, three directions, spend.
  expect(lines.length - few.length).toBe(101 * 5);
});

test('tokens and money are counted by provider, whatever the request came to', async () => {
  const traffic = createTraffic();
  traffic.settled(givenEnd({ status: 'failed', code: 'provider_error', entries: [givenEntry({ provider: 'anthropic' })] }));
  traffic.settled(givenEnd({ status: 'estimated', entries: [givenEntry({ kind: 'estimated' }), givenEntry({ nanoUsd: null })] }));
  const lines = await scrape(traffic);
  expect(lines).toEqual(
    expect.arrayContaining([
      'headgate_requests_total{endpoint="chat_completions",status="failed",code="provider_error"} 1',
      'headgate_requests_total{endpoint="chat_completions",status="succeeded",code=""} 1',
      'headgate_tokens_total{provider="anthropic",direction="output"} 20',
      'headgate_tokens_total{provider="openai",direction="input"} 20',
      'headgate_spend_usd_total{provider="openai"} 0.000001',
    ]),
  );
});

test('a histogram says how many were at most each bound', async () => {
  const traffic = createTraffic();
  for (const ms of [40, 60, 60, 999_999]) traffic.upstreamMs('openai', ms);
  const lines = (await scrape(traffic)).filter((line) => line.startsWith('headgate_upstream_seconds'));
  expect(lines).toContain('headgate_upstream_seconds_bucket{provider="openai",le="0.05"} 1');
  expect(lines).toContain('headgate_upstream_seconds_bucket{provider="openai",le="0.1"} 3');
  expect(lines).toContain('headgate_upstream_seconds_bucket{provider="openai",le="300"} 3');
  expect(lines).toContain('headgate_upstream_seconds_bucket{provider="openai",le="+Inf"} 4');
  expect(lines).toContain('headgate_upstream_seconds_count{provider="openai"} 4');
});

test('several processes’ metrics come to one scrape: counts add up, the oldest and the worst speak for all', async () => {
  const one = new MetricFamilies();
  const other = new MetricFamilies();
  for (const [families, value] of [
    [one, 3],
    [other, 5],
  ] as const) {
    families.counter('requests_total', 'Counted.', [[{ code: 'a' }, value]]);
    families.gauge('age_seconds', 'The worst.', value, 'max');
    families.gauge('up', 'The weakest.', value, 'min');
    families.gauge('info', 'Always 1.', [[{ version: '1' }, 1]], 'first');
  }
  const all = AggregatorRegistry.aggregate([await one.registry.getMetricsAsJSON(), await other.registry.getMetricsAsJSON()]);
  const lines = (await all.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual(['requests_total{code="a"} 8', 'age_seconds 5', 'up 3', 'info{version="1"} 1']);
});
