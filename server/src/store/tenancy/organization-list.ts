/** The list of organizations with their standings, and sums over all that a filter finds. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { organizationsWithIncompleteBudgets } from '../catalogue/unpriced.ts';
import type { Database } from '../database.ts';
import { listOrder, named } from '../named-list.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import { hasAnyId, organizationStandings, organizations } from '../schema.ts';
import type { OrganizationRow } from './organizations.ts';
import { withinReach } from './reach.ts';

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
const COUNTS: ReadonlySet<string> = new Set(['members', 'teams', 'keys']);

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
  /** The reach in which the reader may see spend and what derives from it. */
  readonly usageReach: readonly Reach[];
  /** The reach in which the reader may see the numbers of teams, members and keys. */
  readonly teamsReach: readonly Reach[];
  /** The status. `active` means neither suspended nor archived. */
  readonly status?: OrganizationStatus | 'active' | undefined;
  /** The beginning of the name or slug, or the whole id. */
  readonly search?: string | undefined;
  /** Only these ids, at most one page of them. */
  readonly ids?: readonly string[] | undefined;
  /** True for organizations with a budget that misses usage without a price in the 30 days before `at`; false for others. */
  readonly unpriced?: { readonly is: boolean; readonly at: Date } | undefined;
}

export interface OrganizationPage {
  readonly sort: OrganizationSort;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Lists one page of organizations without deleted ones. Throws InvalidCursor. */
export async function list(
  db: Database,
  filter: OrganizationFilter,
  page: OrganizationPage,
): Promise<Page<OrganizationRow> & { readonly total: Total }> {
  const order = orderFor(page.sort, filter);
  const limit = pageLimit(page.limit);
  const wanted = conditionOf(filter);
  const asked = db
    .select({ row: organizations, last: order.last })
    .from(organizations)
    .innerJoin(organizationStandings, eq(organizationStandings.organizationId, organizations.id))
    .where(and(wanted, afterCursor(order.keyset, page.cursor)))
    .orderBy(orderOf(order.keyset))
    .limit(limit + 1);
  const all = db
    .select({ id: organizations.id })
    .from(organizations)
    .innerJoin(organizationStandings, eq(organizationStandings.organizationId, organizations.id))
    .where(wanted);
  const [found, total] = await Promise.all([asked, totalOf(db, all)]);
  const kept = pageOf(order.keyset, found, limit, ({ row, last }) => order.keyOf(last, row.id));
  return { rows: kept.rows.map(({ row }) => row), nextCursor: kept.nextCursor, total };
}

/** Returns the standing of each of these organizations, by id. Deleted ones are absent. */
export async function standingsOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, StandingRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db.select().from(organizationStandings).where(hasAnyId(organizationStandings.organizationId, ids));
  return new Map(rows.map((row) => [row.organizationId, row]));
}

export interface OrganizationSummary {
  readonly total: number;
  readonly byStatus: Readonly<Record<OrganizationStatus, number>>;
  readonly spendPeriodNanoUsd: bigint;
  readonly teams: number;
  readonly grantedTargets: number;
  /** The time of the oldest judgement among them, or null if the filter finds none. */
  readonly asOf: Date | null;
}

/** Sums exactly over all organizations that the filter finds. */
export async function summarize(db: Database, filter: OrganizationFilter): Promise<OrganizationSummary> {
  const counted = sql.join(
    ORGANIZATION_STATUSES.map(
      (status) => sql`count(*) filter (where ${conditionOfStatus(status, filter)}) as ${sql.identifier(status)}`,
    ),
    sql`, `,
  );
  const spend = sql`coalesce(sum(spend_period_nano_usd) filter (where ${isWithin(filter.usageReach)}), 0)`;
  const teams = sql`coalesce(sum(team_count) filter (where ${isWithin(filter.teamsReach)}), 0)`;
  const { rows } = await db.execute<Readonly<Record<string, string | null>>>(sql`
    select count(*) as total, ${counted}, ${spend} as spend, ${teams} as teams, coalesce(sum(granted_targets), 0) as targets, min(as_of) as as_of
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
  /** The value of the last row that the cursor contains besides its id. */
  readonly last: SQL<string | number>;
  keyOf(last: string | number, id: string): readonly (string | number)[];
}

function orderFor(sort: OrganizationSort, filter: OrganizationFilter): Order {
  const plain = sort.replace('-', '');
  const column = COLUMNS[plain as FigureSort];
  if (column === undefined) {
    const { keyset, lowerName, keyOf } = listOrder('organizations', sort as Parameters<typeof listOrder>[1], organizations);
    return { keyset, last: lowerName, keyOf: (last, id) => keyOf({ id, lowerName: String(last) }) };
  }
  const direction = sort.startsWith('-') ? 'desc' : 'asc';
  const figure = visibleFigure(column, COUNTS.has(plain) ? filter.teamsReach : filter.usageReach);
  return {
    keyset: { name: `organizations.${plain}`, direction, columns: [figure, organizationStandings.organizationId] },
    last: sql`${figure}`,
    keyOf: (last, id) => [Number(last), id],
  };
}

/** Returns a column to sort by, with −1 for rows whose figure the reader may not see, so that the order does not reveal it. */
function visibleFigure(column: (typeof COLUMNS)[FigureSort], reach: readonly Reach[]): SQL {
  const visible = withinReach(reach, { organizationId: organizations.id });
  return visible === undefined ? sql`${column}` : sql`(case when ${visible} then ${column} else -1 end)`;
}

function isWithin(reach: readonly Reach[]): SQL {
  return withinReach(reach, { organizationId: organizations.id }) ?? sql`true`;
}

function conditionOf(filter: OrganizationFilter): SQL | undefined {
  const { reach, status, search, ids, unpriced } = filter;
  return and(
    withinReach(reach, { organizationId: organizations.id }),
    ids === undefined ? undefined : hasAnyId(organizations.id, ids),
    status === undefined ? undefined : conditionOfStatus(status, filter),
    named(organizations, search, organizations.slug),
    unpriced === undefined ? undefined : withinReach(filter.usageReach, { organizationId: organizations.id }),
    unpriced === undefined
      ? undefined
      : eq(sql`${organizations.id} in ${organizationsWithIncompleteBudgets(unpriced.at)}`, unpriced.is),
  );
}

const LIFECYCLE: ReadonlySet<string> = new Set(['suspended', 'archived']);

/**
 * Returns the condition of a status. Anyone who sees an organization sees its lifecycle; other statuses need access to its spend.
 */
function conditionOfStatus(status: OrganizationStatus | 'active', { usageReach }: OrganizationFilter): SQL {
  if (status === 'active') return eq(organizationStandings.lifecycle, status);
  const stands = eq(organizationStandings.status, status);
  return LIFECYCLE.has(status) ? stands : sql`(${stands} and ${isWithin(usageReach)})`;
}
