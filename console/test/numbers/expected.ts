/** Sums worked out from the stored requests, one by one: what pages and the API must say of them. */
import type { EndRecord } from '../../../server/src/ledger/records.ts';

export const GROUPS = {
  organization: (record: EndRecord) => record.organizationId,
  team: (record: EndRecord) => record.teamId,
  key: (record: EndRecord) => record.keyId,
  member: (record: EndRecord) => record.memberId ?? '',
  service_account: (record: EndRecord) => record.serviceAccountId ?? '',
  model: (record: EndRecord) => record.calledName,
  provider: (record: EndRecord) => record.provider ?? '',
} as const;
export type Grouping = keyof typeof GROUPS;

export interface Sums {
  readonly admitted: number;
  readonly estimated: number;
  readonly refused: number;
  readonly failed: number;
  readonly unpriced: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
  readonly tokens: number;
  readonly nanos: bigint;
}

export function sumsOf(records: readonly EndRecord[]): Sums {
  const entries = records.flatMap((record) => record.entries);
  const counted = (wanted: (record: EndRecord) => boolean) =>
    records.reduce((sum, record) => sum + (wanted(record) ? record.count : 0), 0);
  const used = (bucket: string) => entries.reduce((sum, { usage }) => sum + (usage[bucket] ?? 0), 0);
  return {
    admitted: counted(({ status }) => status !== 'refused'),
    estimated: counted(({ status }) => status === 'estimated'),
    refused: counted(({ status }) => status === 'refused'),
    failed: counted(({ status }) => status === 'failed'),
    unpriced: records.filter((record) => record.entries.some(({ nanoUsd }) => nanoUsd === null)).length,
    input: used('input'),
    cached: used('cached_input'),
    output: used('output'),
    reasoning: used('reasoning'),
    tokens: entries.reduce((sum, { usage }) => sum + Object.values(usage).reduce((all, tokens) => all + tokens, 0), 0),
    nanos: entries.reduce((sum, { nanoUsd }) => sum + BigInt(nanoUsd ?? 0), 0n),
  };
}

export interface GroupSums {
  readonly id: string;
  readonly sums: Sums;
  readonly records: readonly EndRecord[];
}

/** The groups, the highest spend first, then the most tokens. */
export function groupsOf(records: readonly EndRecord[], grouping: Grouping): readonly GroupSums[] {
  const found = Map.groupBy(records, GROUPS[grouping]);
  return [...found]
    .map(([id, own]) => ({ id, sums: sumsOf(own), records: own }))
    .sort((a, b) => Number(b.sums.nanos - a.sums.nanos) || b.sums.tokens - a.sums.tokens);
}

/** The start of an interval in a zone. A day begins at its first instant, also where clocks change. */
export function startOf(atMs: number, interval: 'hour' | 'day', timeZone: string): number {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  if (interval === 'day') return at.startOfDay().epochMilliseconds;
  return atMs - (at.minute * 60_000 + at.second * 1_000 + at.millisecond);
}
