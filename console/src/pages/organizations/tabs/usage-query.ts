import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../../api/client.ts';

export type UsageRow = Schema<'Usage'>['data'][number];
export type GroupBy = 'model' | 'team' | 'key' | 'member' | 'provider';

interface Asked {
  readonly group_by?: GroupBy;
  readonly interval?: 'day';
}

const REFETCH_MS = 15_000;

/** Reads an organization's usage, by default of the last 30 days. */
export function useUsage(organizationId: string, query: Asked, { enabled = true } = {}) {
  return useQuery({
    queryKey: ['organization', organizationId, 'usage', query],
    queryFn: () => asked(api.GET('/organizations/{id}/usage', { params: { path: { id: organizationId }, query } })),
    refetchInterval: REFETCH_MS,
    enabled,
  });
}

/** Returns the id or name by which a row is grouped. */
export function groupOf(row: UsageRow, by: GroupBy): string | null {
  switch (by) {
    case 'model':
      return row.model ?? null;
    case 'provider':
      return row.provider ?? null;
    case 'team':
      return row.team_id ?? null;
    case 'key':
      return row.key_id ?? null;
    case 'member':
      return row.member_id ?? null;
  }
}

/** Sorts rows by spend, then by requests, the highest first. */
export function dearestFirst(rows: readonly UsageRow[]): readonly UsageRow[] {
  return [...rows].sort((a, b) => Number(b.spend) - Number(a.spend) || b.admitted_requests - a.admitted_requests);
}
