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
    'Streams that ended before their answer was complete, by who ended them.',
    split(reading.streamsCut, ['by']),
  );
  families.counter(
    'headgate_usage_implausible_total',
    'Answers whose reported usage cannot be, and which were charged as an estimate instead, by provider.',
    split(reading.usageImplausible, ['provider']),
  );
  families.counter(
    'headgate_unpriced_units_total',
    'What had no price though it is billed beyond tokens, by kind: refused under a budget that blocks, or used where none does.',
    UNIT_KINDS.map((unit) => [{ unit }, reading.unpricedUnits.get(unit) ?? 0]),
  );
  families.counter(
    'headgate_settled_estimated_total',
    'Attempts that were charged an estimate, by why.',
    Object.entries(reading.estimated).map(([reason, count]) => [{ reason }, count]),
  );
  families.gauge('headgate_requests_in_flight', 'Admitted requests not yet settled.', reading.inFlight);
  families.histogram('headgate_gateway_seconds', 'Time the gateway itself added per request.', [[{}, reading.gatewaySeconds]]);
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
    'What attempts at priced deployments cost, in US dollars.',
    all.map(([provider, { nanoUsd }]) => [{ provider }, nanoUsd / 1e9]),
  );
  families.histogram(
    'headgate_upstream_seconds',
    'From sending an attempt until its whole answer, the first bytes of a stream, or its failure.',
    all.map(([provider, { upstreamSeconds }]) => [{ provider }, upstreamSeconds]),
  );
  families.histogram(
    'headgate_first_token_seconds',
    'From the arrival of a request until the first bytes of its stream.',
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
    'What an organization spent, in US dollars.',
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
