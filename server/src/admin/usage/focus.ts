import { formatUsd } from '../../domain/money/money.ts';
import { intervalStarts, type UsageLine, type UsageQuestion } from '../../store/usage/usage-report.ts';
import { type Cell, csvLine } from '../exports/csv.ts';
import { REPORTED_UNITS, unpricedText } from './unit-columns.ts';

/** Writes usage in the columns of FOCUS 1.2, the open specification of cost data. Columns of our own begin with `x_`. */

/**
 * Columns for the quantities of units beside the tokens. They are columns of our own, not charges: the spend of a line is not
 * stored by unit. Charges of zero for units that were paid would make every unit cost wrong. So each line stays one charge, with
 * the tokens as its quantity and its whole spend as the cost.
 */
const UNIT_COLUMNS = new Map(REPORTED_UNITS.map((unit) => [unit, columnOf(unit)]));

const FOCUS_COLUMNS = [
  'BilledCost',
  'EffectiveCost',
  'ListCost',
  'ContractedCost',
  'BillingCurrency',
  'BillingPeriodStart',
  'BillingPeriodEnd',
  'ChargePeriodStart',
  'ChargePeriodEnd',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargeFrequency',
  'ConsumedQuantity',
  'ConsumedUnit',
  'PricingQuantity',
  'PricingUnit',
  'ServiceName',
  'ServiceCategory',
  'ServiceSubcategory',
  'ProviderName',
  'PublisherName',
  'InvoiceIssuerName',
  'ResourceId',
  'ResourceName',
  'ResourceType',
  'BillingAccountId',
  'BillingAccountName',
  'SubAccountId',
  'SubAccountName',
  'x_TeamId',
  'x_TeamName',
  'x_KeyId',
  'x_KeyName',
  'x_MemberId',
  'x_ServiceAccountId',
  'x_Requests',
  'x_EstimatedRequests',
  'x_RefusedRequests',
  'x_InputTokens',
  'x_CachedInputTokens',
  'x_OutputTokens',
  ...UNIT_COLUMNS.values(),
  'x_UnpricedUnits',
  'x_EndUser',
  'x_Session',
  'x_Client',
  'x_Byok',
];

/** Names by id, limited to those that the reader may see. */
export type Names = ReadonlyMap<string, string>;

export function focusHead(): string {
  return csvLine(FOCUS_COLUMNS);
}

/** Returns a function that writes each line of a report. Throws TooManyIntervals. */
export function focusWriter(question: UsageQuestion): (line: UsageLine, names: Names, own: ReadonlySet<string>) => string {
  const starts = intervalStarts(question) ?? [];
  const next = new Map(starts.map((startMs, at) => [startMs, starts[at + 1] ?? question.toMs]));
  return (line, names, own) => {
    const { deployment } = line.groups;
    const byok = deployment ? own.has(deployment) : null;
    return focusLine(question, line, { names, byok }, next.get(line.startMs ?? 0) ?? question.toMs);
  };
}

interface Known {
  readonly names: Names;
  /** True if the vendor bills the organization itself. Null for a line without a deployment, such as one of refusals. */
  readonly byok: boolean | null;
}

/** Writes one line. The interval is never null here. Its ends are cut to the range of the report, so that no line claims more. */
function focusLine(question: UsageQuestion, line: UsageLine, { names, byok }: Known, nextMs: number): string {
  const { groups, sums, units } = line;
  const nameOf = (id: string | null | undefined) => names.get(id ?? '') ?? null;
  const cost = { decimal: formatUsd(sums.spend_nano_usd) };
  const tokens = { decimal: sums.total_tokens.toString() };
  const provider = groups.provider ?? null;
  const cells: Readonly<Record<string, Cell>> = {
    BilledCost: cost,
    EffectiveCost: cost,
    ListCost: cost,
    ContractedCost: cost,
    BillingCurrency: 'USD',
    ...periodsOf(question, line.startMs ?? question.fromMs, nextMs),
    ChargeCategory: 'Usage',
    ChargeDescription: `Tokens of ${groups.model ?? 'unknown'}`,
    ChargeFrequency: 'Usage-Based',
    ConsumedQuantity: tokens,
    ConsumedUnit: 'Tokens',
    PricingQuantity: tokens,
    PricingUnit: 'Tokens',
    ServiceName: groups.model ?? null,
    ServiceCategory: 'AI and Machine Learning',
    ServiceSubcategory: 'Generative AI',
    ProviderName: provider,
    PublisherName: provider,
    InvoiceIssuerName: provider,
    ResourceId: groups.deployment ?? null,
    ResourceName: groups.model ?? null,
    ResourceType: groups.deployment ? 'Deployment' : null,
    BillingAccountId: 'headgate',
    BillingAccountName: 'Headgate',
    SubAccountId: groups.organization ?? null,
    SubAccountName: nameOf(groups.organization),
    x_TeamId: groups.team ?? null,
    x_TeamName: nameOf(groups.team),
    x_KeyId: groups.key ?? null,
    x_KeyName: nameOf(groups.key),
    x_MemberId: groups.member ?? null,
    x_ServiceAccountId: groups.service_account ?? null,
    x_Requests: Number(sums.requests),
    x_EstimatedRequests: Number(sums.estimated_requests),
    x_RefusedRequests: Number(sums.refused_requests),
    x_InputTokens: Number(sums.input_tokens),
    x_CachedInputTokens: Number(sums.cached_input_tokens),
    x_OutputTokens: Number(sums.output_tokens),
    ...Object.fromEntries(units.map(({ unit, quantity }) => [UNIT_COLUMNS.get(unit) ?? unit, quantity])),
    x_UnpricedUnits: unpricedText(units),
    x_EndUser: groups.end_user ?? null,
    x_Session: groups.session ?? null,
    x_Client: groups.client ?? null,
    x_Byok: byok,
  };
  return csvLine(FOCUS_COLUMNS.map((column) => cells[column] ?? null));
}

/** Returns the interval of a line, and the calendar month in which it begins. */
function periodsOf({ fromMs, toMs, timeZone }: UsageQuestion, startMs: number, nextMs: number) {
  const month = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(timeZone).with({ day: 1 }).startOfDay();
  return {
    BillingPeriodStart: month.toInstant().toString(),
    BillingPeriodEnd: month.add({ months: 1 }).toInstant().toString(),
    ChargePeriodStart: new Date(Math.max(startMs, fromMs)).toISOString(),
    ChargePeriodEnd: new Date(Math.min(nextMs, toMs)).toISOString(),
  };
}

/** Returns the column of a unit: `cache_write_1h` → `x_CacheWrite1hQuantity`. */
function columnOf(unit: string): string {
  return `x_${unit.replaceAll(/(^|_)([a-z0-9])/g, (_, __, first: string) => first.toUpperCase())}Quantity`;
}
