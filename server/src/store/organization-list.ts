/** The list of organizations with how each stands, and what all of the found ones come to. */
import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../domain/permission.ts';
import type { Database } from './database.ts';
import { listOrder, named } from './named-list.ts';
import type { OrganizationRow } from './organizations.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf, type Total, totalOf } from './paging.ts';
import { withinReach } from './reach.ts';
import { organizationStandings, organizations } from './schema.ts';
import { organizationsWithIncompleteBudgets } from './unpriced.ts';

export type StandingRow = typeof organizationStandings.$inferSelect;

export const ORGANIZATION_STATUSES = ['healthy', 'near_limit', 'over_budget', 'idle', 'suspended', 'archived'] as const;
export type OrganizationStatus = (typeof ORGANIZATION_STATUSES)[number];

const COLUMNS = {
  spend: organizationStandings.spend30dNanoUsd,
  budget_used: organizationStandings.budgetUsedPpm,
  requests: organizationStandings.requests30d,
  members: organizationStandings.memberCount,
  teams: organizationStandings.teamCount,
  keys: organizationStandings.keyCount,
} as const;
type FigureSort = keyof typeof COLUMNS;

export const ORGANIZATION_SORTS = [
  'name',
  '-name',
  'created_at',
  '-created_at',
  ...(['spend', 'budget_used', 'requests', 'members', 'teams', 'keys'] as const).flatMap((sort) => [sort, `-${sort}`] as const),
] as const;
export type OrganizationSort = (typeof ORGANIZATION_SORTS)[number];

export interface OrganizationFilter {
  readonly reach: readonly Reach[];
  /** `active`: neither suspended nor archived. */
  readonly status?: OrganizationStatus | 'active' | undefined;
  /** Beginning of the name or slug, or the whole id. */
  readonly search?: string | undefined;
  /** Only these, at most a page of them. */
  readonly ids?: readonly string[] | undefined;
  /** Whether the spend of a budget there misses something that was used lately, at an instant; judged in this reach alone. */
  readonly unpriced?: { readonly is: boolean; readonly at: Date; readonly reach: readonly Reach[] } | undefined;
}

export interface OrganizationPage {
  readonly sort: OrganizationSort;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Never a deleted one. Throws InvalidCursor. */
export async function list(
  db: Database,
  filter: OrganizationFilter,
  page: OrganizationPage,
): Promise<Page<OrganizationRow> & { readonly total: Total }> {
  const order = orderFor(page.sort);
  const limit = pageLimit(page.limit);
  const wanted = conditionOf(filter);
  const found = await db
    .select({ row: organizations, last: order.last })
    .from(organizations)
    .innerJoin(organizationStandings, eq(organizationStandings.organizationId, organizations.id))
    .where(and(wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const kept = pageOf(order.keyset, found, limit, ({ row, last }) => order.keyOf(last, row.id));
  const all = db
    .select({ id: organizations.id })
    .from(organizations)
    .innerJoin(organizationStandings, eq(organizationStandings.organizationId, organizations.id))
    .where(wanted);
  return { rows: kept.rows.map(({ row }) => row), nextCursor: kept.nextCursor, total: await totalOf(db, all) };
}

/** How each of these stands; a deleted one is absent. */
export async function standingsOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, StandingRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(organizationStandings)
    .where(inArray(organizationStandings.organizationId, [...ids]));
  return new Map(rows.map((row) => [row.organizationId, row]));
}

export interface OrganizationSummary {
  readonly total: number;
  readonly byStatus: Readonly<Record<OrganizationStatus, number>>;
  readonly spendPeriodNanoUsd: bigint;
  readonly teams: number;
  readonly grantedTargets: number;
  /** The oldest judgement among them; null when there is none. */
  readonly asOf: Date | null;
}

/** Of all that the filter finds, exactly. */
export async function summarize(db: Database, filter: OrganizationFilter): Promise<OrganizationSummary> {
  const counted = sql.join(
    ORGANIZATION_STATUSES.map(
      (status) => sql`count(*) filter (where ${organizationStandings.status} = ${status}) as ${sql.identifier(status)}`,
    ),
    sql`, `,
  );
  const { rows } = await db.execute<Readonly<Record<string, string | null>>>(sql`
    select count(*) as total, ${counted}, coalesce(sum(spend_period_nano_usd), 0) as spend, coalesce(sum(team_count), 0) as teams,
      coalesce(sum(granted_targets), 0) as targets, min(as_of) as as_of
    from ${organizations} join ${organizationStandings} on ${organizationStandings.organizationId} = ${organizations.id}
    where ${conditionOf(filter) ?? sql`true`}`);
  const [row = {}] = rows;
  const byStatus = Object.fromEntries(ORGANIZATION_STATUSES.map((status) => [status, Number(row[status] ?? 0)]));
  return {
    total: Number(row.total ?? 0),
    byStatus: byStatus as Record<OrganizationStatus, number>,
    spendPeriodNanoUsd: BigInt(row.spend ?? 0),
    teams: Number(row.teams ?? 0),
    grantedTargets: Number(row.targets ?? 0),
    asOf: row.as_of == null ? null : new Date(row.as_of),
  };
}

interface Order {
  readonly keyset: Keyset;
  /** What the cursor keeps of the last row beside its id. */
  readonly last: SQL<string | number>;
  keyOf(last: string | number, id: string): readonly (string | number)[];
}

function orderFor(sort: OrganizationSort): Order {
  const plain = sort.replace('-', '');
  const column = COLUMNS[plain as FigureSort];
  if (column === undefined) {
    const { keyset, lowerName, keyOf } = listOrder('organizations', sort as Parameters<typeof listOrder>[1], organizations);
    return { keyset, last: lowerName, keyOf: (last, id) => keyOf({ id, lowerName: String(last) }) };
  }
  const direction = sort.startsWith('-') ? 'desc' : 'asc';
  return {
    keyset: { name: `organizations.${plain}`, direction, columns: [column, organizationStandings.organizationId] },
    last: sql`${column}`,
    keyOf: (last, id) => [Number(last), id],
  };
}

function conditionOf({ reach, status, search, ids, unpriced }: OrganizationFilter): SQL | undefined {
  return and(
    withinReach(reach, { organizationId: organizations.id }),
    ids === undefined ? undefined : inArray(organizations.id, [...ids]),
    status === undefined ? undefined : conditionOfStatus(status),
    named(organizations, search, organizations.slug),
    unpriced === undefined ? undefined : withinReach(unpriced.reach, { organizationId: organizations.id }),
    unpriced === undefined
      ? undefined
      : eq(sql`${organizations.id} in ${organizationsWithIncompleteBudgets(unpriced.at)}`, unpriced.is),
  );
}

function conditionOfStatus(status: OrganizationStatus | 'active'): SQL {
  return status === 'active' ? eq(organizationStandings.lifecycle, status) : eq(organizationStandings.status, status);
}
