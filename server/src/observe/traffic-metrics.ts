import { UNIT_KINDS } from '../domain/money/beyond.ts';
import type { MetricFamilies } from './metric-families.ts';
import type { TrafficReading, Used } from './traffic.ts';

/** Adds the data plane's counts as metrics. Labels come from closed lists, except organizations, whose number is bounded. */
export function addTraffic(families: MetricFamilies, reading: TrafficReading): void {
  families.counter(
    'headgate_requests_total',
    'Requests by endpoint, status and code.',
    split(reading.requests, ['endpoint', 'status', 'code']),
  );
  families.counter(
    'headgate_limit_refusals_total',
    'Requests refused by a limit or budget, by its scope and kind.',
    split(reading.limited, ['scope', 'limit']),
  );
  families.counter(
    'headgate_upstream_attempts_total',
    'Attempts at providers by outcome.',
    split(reading.attempts, ['provider', 'outcome']),
  );
  families.counter(
    'headgate_streams_cut_total',
    'Streams that ended before their answer was complete, by the party that ended them.',
    split(reading.streamsCut, ['by']),
  );
  families.counter(
    'headgate_cache_requests_total',
    'Requests of names that are cached: answered from the cache (hit), not found in it (miss), or neither sought nor kept (bypass).',
    Object.entries(reading.cached).map(([outcome, count]) => [{ outcome }, count]),
  );
  families.counter(
    'headgate_usage_implausible_total',
    'Answers with impossible reported usage, which were charged an estimate, by provider.',
    split(reading.usageImplausible, ['provider']),
  );
  families.counter(
    'headgate_unpriced_units_total',
    'Units beyond tokens without a price, by kind: refused under a blocking budget, used without a charge elsewhere.',
    UNIT_KINDS.map((unit) => [{ unit }, reading.unpricedUnits.get(unit) ?? 0]),
  );
  families.counter(
    'headgate_settled_estimated_total',
    'Attempts that were charged an estimate, by reason.',
    Object.entries(reading.estimated).map(([reason, count]) => [{ reason }, count]),
  );
  families.gauge('headgate_requests_in_flight', 'Admitted requests not yet settled.', reading.inFlight);
  families.histogram('headgate_gateway_seconds', 'Time that the gateway itself added to each request.', [
    [{}, reading.gatewaySeconds],
  ]);
  addProviders(families, reading);
  addOrganizations(families, reading);
}

function addProviders(families: MetricFamilies, { providers }: TrafficReading): void {
  const all = [...providers];
  families.counter(
    'headgate_tokens_total',
    'Tokens by provider and direction, as reported or estimated.',
    all.flatMap(([provider, used]) => directionsOf({ provider }, used)),
  );
  families.counter(
    'headgate_spend_usd_total',
    'Cost of attempts at priced deployments, in US dollars.',
    all.map(([provider, { nanoUsd }]) => [{ provider }, nanoUsd / 1e9]),
  );
  families.histogram(
    'headgate_upstream_seconds',
    'Time from sending an attempt to its whole answer, the first bytes of its stream, or its failure.',
    all.map(([provider, { upstreamSeconds }]) => [{ provider }, upstreamSeconds]),
  );
  families.histogram(
    'headgate_first_token_seconds',
    'Time from the arrival of a request to the first bytes of its stream.',
    all.map(([provider, { firstTokenSeconds }]) => [{ provider }, firstTokenSeconds]),
  );
}

function addOrganizations(families: MetricFamilies, { organizations }: TrafficReading): void {
  if (organizations.size === 0) return;
  const all = [...organizations];
  families.counter(
    'headgate_organization_requests_total',
    'Requests of an organization by status.',
    all.flatMap(([organization, { requests }]) =>
      [...requests].map(([status, count]) => [{ organization, status }, count] as const),
    ),
  );
  families.counter(
    'headgate_organization_tokens_total',
    'Tokens of an organization by direction.',
    all.flatMap(([organization, used]) => directionsOf({ organization }, used)),
  );
  families.counter(
    'headgate_organization_spend_usd_total',
    'Spend of an organization, in US dollars.',
    all.map(([organization, { nanoUsd }]) => [{ organization }, nanoUsd / 1e9]),
  );
}

function directionsOf(whose: Readonly<Record<string, string>>, used: Used) {
  return [
    [{ ...whose, direction: 'input' }, used.inputTokens],
    [{ ...whose, direction: 'cached_input' }, used.cachedInputTokens],
    [{ ...whose, direction: 'output' }, used.outputTokens],
  ] as const;
}

/** Splits joined names such as `a|b` into the values of these labels. */
function split(counts: ReadonlyMap<string, number>, names: readonly string[]) {
  return [...counts].map(([joined, count]) => {
    const parts = joined.split('|');
    return [Object.fromEntries(names.map((name, at) => [name, parts[at] ?? ''])), count] as const;
  });
}
