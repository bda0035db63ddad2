import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { type PerMillion, rateIn, ratesFor, unitRatesFor } from '../../domain/money/price.ts';
import { attemptsText } from '../../domain/usage/attempt.ts';
import { CLIENTS, OTHER_CLIENT } from '../../domain/usage/attribution.ts';
import { isPiece, USAGE_BUCKETS, USAGE_UNITS, type Usage } from '../../domain/usage/usage.ts';
import type { EndRecord } from '../../ledger/records.ts';
import type { PriceRow } from '../../store/catalogue/prices.ts';
import type { LedgerRow, RequestRow } from '../../store/usage/request-log.ts';
import { instantOut } from '../http/fields.ts';

/** The API view of a request and its cost. */

const tokensOut = {
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  cache_write_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  total_tokens: z.int(),
  other_tokens: z.record(z.string(), z.int()).meta({ description: 'Tokens of rarer buckets, by name; included in the total.' }),
  units: z.record(z.string(), z.int()).meta({
    description:
      'Units other than tokens, by name: `search`, `request`, `image`, `second_input`, `second_output`, `page`, `search_unit`, `character`.',
  }),
};

export const requestOut = z
  .object({
    id: z.string(),
    time: instantOut,
    client_request_id: z.string().nullable(),
    organization_id: z.string(),
    team_id: z.string(),
    key_id: z.string(),
    member_id: z.string().nullable(),
    service_account_id: z.string().nullable(),
    model: z.string().nullable().meta({ description: 'The called name. Null if the body could not be read that far.' }),
    end_user: z.string().nullable().meta({
      description:
        'The end user that the caller names, or a pseudonym (`h_` and 22 characters), as the organization stores end users. Null if none is stored.',
    }),
    session: z.string().nullable().meta({
      description:
        'The session that the caller names, or its pseudonym, as the organization stores end users. Null if none is stored.',
    }),
    client: z.string().meta({ description: `The client, by its \`user-agent\`: ${[...CLIENTS, OTHER_CLIENT].join(', ')}.` }),
    tags: z.array(z.string()).meta({
      description:
        'The tags of the request, then those added by its key, team and organization. Repeats that share a row show the tags of the first. The decision shows how they routed.',
    }),
    endpoint: z.string(),
    stream: z.boolean(),
    deployment_id: z.string().nullable(),
    byok: z
      .boolean()
      .meta({ description: 'True if `deployment_id` is the organization’s own deployment, with its own credential.' }),
    attempts: z.int(),
    status: z.enum(['succeeded', 'failed', 'refused', 'cancelled', 'estimated']),
    http_status: z.int(),
    code: z.string().nullable(),
    param: z.string().nullable(),
    finish_reason: z.string().nullable(),
    ...tokensOut,
    spend: z
      .string()
      .nullable()
      .meta({ description: 'The spend in USD. Null if nothing was charged, or if an attempt has no price.' }),
    partly_priced: z.boolean().meta({
      description: 'True if the request has a price but a unit that the provider bills has none. `spend` leaves it out.',
    }),
    latency: z.object({ gateway_us: z.int(), provider_ms: z.int().nullable(), first_token_ms: z.int().nullable() }),
    count: z.int().meta({ description: 'The number of repeats of one refusal that share this row.' }),
  })
  .meta({ id: 'Request' });

const bucketCostOut = z.object({
  bucket: z.string(),
  tokens: z.int(),
  price_per_million: z.string(),
  cost: z.string().meta({ description: 'The exact cost, before the entry is rounded up once to a nano-dollar.' }),
});

const unitCostOut = z.object({
  unit: z.string(),
  quantity: z.int(),
  price: z.string().nullable().meta({ description: 'The price of one unit. Null if it has none.' }),
  cost: z.string().nullable(),
});

export const ledgerEntryOut = z
  .object({
    attempt: z.int(),
    kind: z.enum(['usage', 'estimated', 'adjustment']),
    deployment_id: z.string(),
    byok: z.boolean(),
    provider: z.string(),
    upstream_model: z.string(),
    price_id: z.string().nullable(),
    service_tier: z.string().nullable().meta({
      description: 'The provider’s name for the service tier or speed whose rates applied. Null if the ordinary rates applied.',
    }),
    ...tokensOut,
    unpriced_units: z.array(z.string()).meta({ description: 'The units that were used and have no price.' }),
    spend: z.string().nullable(),
    cost_by_bucket: z.array(bucketCostOut).nullable().meta({
      description:
        'The cost of each bucket at the rates that applied, by context tier and service tier. Null if the entry names no price.',
    }),
    cost_by_unit: z
      .array(unitCostOut)
      .nullable()
      .meta({ description: 'The cost of each unit. Null if the entry names no price.' }),
  })
  .meta({ id: 'LedgerEntry' });

type TokenColumns = Pick<
  RequestRow,
  'inputTokens' | 'cachedInputTokens' | 'cacheWriteTokens' | 'outputTokens' | 'reasoningTokens' | 'totalTokens' | 'otherUsage'
>;

/** Renders a request. `own`: those deployments that organizations brought. */
export function renderRequest(row: RequestRow, own: ReadonlySet<string>): z.output<typeof requestOut> {
  return {
    id: row.requestId,
    time: row.admittedAt.toISOString(),
    client_request_id: row.clientRequestId,
    organization_id: row.organizationId,
    team_id: row.teamId,
    key_id: row.keyId,
    member_id: row.memberId,
    service_account_id: row.serviceAccountId,
    model: row.calledName || null,
    end_user: row.endUser,
    session: row.session,
    client: row.client ?? OTHER_CLIENT,
    tags: [...(row.tags ?? [])],
    endpoint: row.endpoint,
    stream: row.stream,
    deployment_id: row.deploymentId,
    byok: row.deploymentId !== null && own.has(row.deploymentId),
    attempts: row.attempts,
    status: row.status,
    http_status: row.httpStatus,
    code: row.code,
    param: row.param,
    finish_reason: row.finishReason,
    ...renderTokens(row),
    spend: renderSpend(row.nanoUsd),
    partly_priced: row.partlyPriced,
    latency: { gateway_us: row.gatewayUs, provider_ms: row.providerMs, first_token_ms: row.firstTokenMs },
    count: row.count,
  };
}

/** Renders a ledger row. `price` is the version that the row names. The tokens and the cost of an adjustment may be negative. */
export function renderLedgerEntry(
  row: LedgerEntryRow,
  price: PriceRow | undefined,
  own: ReadonlySet<string>,
): z.output<typeof ledgerEntryOut> {
  return {
    attempt: row.attempt,
    kind: row.kind,
    deployment_id: row.deploymentId,
    byok: own.has(row.deploymentId),
    provider: row.provider,
    upstream_model: row.upstreamModel,
    price_id: row.priceId,
    service_tier: row.serviceTier,
    ...renderTokens(row),
    unpriced_units: row.unpricedUnits?.split(',') ?? [],
    spend: renderSpend(row.nanoUsd),
    cost_by_bucket: price === undefined ? null : costByBucket(usageOf(row), ratesFor(usageOf(row), price, row.serviceTier)),
    cost_by_unit: price === undefined ? null : costByUnit(usageOf(row), price, row.serviceTier),
  };
}

/** The part of a ledger row that is rendered, from the database or from the journal. */
export type LedgerEntryRow = Omit<LedgerRow, 'createdAt'>;

/** Returns the rows that a request will have in the database once it is stored. */
export function rowsOfRecord(end: EndRecord): { readonly row: RequestRow; readonly ledger: readonly LedgerEntryRow[] } {
  const { requestId, admittedAtMs, entries, content: _, repeatIds, provider: __, ...rest } = end;
  const { tags = [], tagRoute = '', tried = null, attribution, ...same } = rest;
  const whose = { requestId, admittedAt: new Date(admittedAtMs) };
  const ledger = entries.map(({ usage, serviceTier = null, unpricedUnits = null, ...entry }) => ({
    ...same,
    ...entry,
    ...{ serviceTier, unpricedUnits },
    ...whose,
    ...tokenColumns(usage),
  }));
  const sum = (pick: (row: LedgerEntryRow) => number) => ledger.reduce((total, row) => total + pick(row), 0);
  const others = ledger.flatMap((row) => Object.entries(row.otherUsage ?? {}));
  const otherUsage = Object.fromEntries(
    [...new Set(others.map(([bucket]) => bucket))].map((bucket) => [bucket, sumOf(others, bucket)]),
  );
  const row: RequestRow = {
    ...same,
    ...whose,
    repeatIds: [...repeatIds],
    tags: tags.length === 0 ? null : [...tags],
    tagRoute: tagRoute || null,
    tried: tried === null ? null : attemptsText(tried),
    ...(attribution ?? { endUser: null, session: null, client: null }),
    inputTokens: sum((entry) => entry.inputTokens),
    cachedInputTokens: sum((entry) => entry.cachedInputTokens),
    cacheWriteTokens: sum((entry) => entry.cacheWriteTokens),
    outputTokens: sum((entry) => entry.outputTokens),
    reasoningTokens: sum((entry) => entry.reasoningTokens),
    totalTokens: sum((entry) => entry.totalTokens),
    otherUsage: others.length === 0 ? null : otherUsage,
    partlyPriced: ledger.some((entry) => entry.unpricedUnits !== null),
    nanoUsd: ledger.length === 0 || ledger.some((entry) => entry.nanoUsd === null) ? null : sum((entry) => entry.nanoUsd ?? 0),
  };
  return { row, ledger };
}

function sumOf(entries: readonly (readonly [string, number])[], wanted: string): number {
  return entries.reduce((total, [bucket, tokens]) => (bucket === wanted ? total + tokens : total), 0);
}

function tokenColumns(usage: Readonly<Record<string, number>>): TokenColumns {
  const { input = 0, cached_input = 0, cache_write = 0, output = 0, reasoning = 0, ...rest } = usage;
  // Leaves out amounts of 0, as the journal does.
  const others = Object.fromEntries(Object.entries(rest).filter(([, amount]) => amount !== 0));
  const total = Object.entries(usage).reduce((sum, [name, amount]) => (isPiece(name) ? sum : sum + amount), 0);
  return {
    inputTokens: input,
    cachedInputTokens: cached_input,
    cacheWriteTokens: cache_write,
    outputTokens: output,
    reasoningTokens: reasoning,
    totalTokens: total,
    otherUsage: Object.keys(others).length === 0 ? null : others,
  };
}

function renderTokens(row: TokenColumns) {
  const others = Object.entries(row.otherUsage ?? {});
  return {
    input_tokens: row.inputTokens,
    cached_input_tokens: row.cachedInputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    total_tokens: row.totalTokens,
    other_tokens: Object.fromEntries(others.filter(([name]) => !isPiece(name))),
    units: Object.fromEntries(others.filter(([name]) => isPiece(name))),
  };
}

function renderSpend(nanoUsd: number | null): string | null {
  return nanoUsd === null ? null : formatUsd(nanoUsd);
}

function usageOf(row: TokenColumns): Usage {
  return {
    input: row.inputTokens,
    cached_input: row.cachedInputTokens,
    cache_write: row.cacheWriteTokens,
    output: row.outputTokens,
    reasoning: row.reasoningTokens,
    ...row.otherUsage,
  };
}

function costByBucket(usage: Usage, perMillion: PerMillion) {
  return USAGE_BUCKETS.flatMap((bucket) => {
    const tokens = usage[bucket] ?? 0;
    if (tokens === 0) return [];
    const rate = rateIn(perMillion, bucket);
    return [{ bucket, tokens, price_per_million: formatUsd(rate), cost: formatExact(BigInt(tokens) * BigInt(rate)) }];
  });
}

function costByUnit(usage: Usage, { units }: PriceRow, serviceTier: string | null): z.output<typeof unitCostOut>[] {
  const perUnit = unitRatesFor(units, serviceTier);
  return USAGE_UNITS.filter((unit) => (usage[unit] ?? 0) !== 0).map((unit) => {
    const quantity = usage[unit] ?? 0;
    const price = perUnit?.[unit];
    if (price === undefined) return { unit, quantity, price: null, cost: null };
    return { unit, quantity, price: formatUsd(price), cost: formatUsd(BigInt(quantity) * BigInt(price)) };
  });
}

const EXACT_DECIMALS = 15;

/** Renders an amount in millionths of a nano-dollar as exact USD, with 2 to 15 decimals. */
function formatExact(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(EXACT_DECIMALS + 1, '0');
  const decimals = digits.slice(-EXACT_DECIMALS).replace(/0{1,13}$/, '');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -EXACT_DECIMALS)}.${decimals}`;
}
