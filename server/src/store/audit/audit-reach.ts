/** The audit log over every chain that a reader may read, newest first. */
import { and, eq, ilike, ne, or, type SQL } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, literally, orderOf, type Page, pageLimit, pageOf } from '../paging.ts';
import { auditEvents } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import { type ChainedEvent, type EventFilter, eventConditions, PLATFORM_CHAIN } from './audit.ts';

export interface ReachedFilter extends EventFilter {
  /** The reader's reach. Only one that is everywhere contains the platform's own chain. */
  readonly reaches: readonly Reach[];
  /** Only this organization's chain. */
  readonly organizationId?: string | undefined;
  /** Only the platform's chain, or only those of organizations. */
  readonly scope?: 'platform' | 'organizations' | undefined;
  /** A part of an action, of a name or of an id. */
  readonly search?: string | undefined;
}

/** Lists events of all chains, newest first. Throws InvalidCursor. */
export async function listReachedEvents(
  db: Database,
  filter: ReachedFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | null | undefined },
): Promise<Page<ChainedEvent>> {
  const limit = pageLimit(page.limit);
  const rows = await db
    .select()
    .from(auditEvents)
    .where(and(...conditionsOf(filter), afterCursor(NEWEST_FIRST, page.cursor)))
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  return pageOf(NEWEST_FIRST, rows, limit, ({ at, chain, seq }) => [at, chain, seq]);
}

/** Returns the query of a filter, for counting with totalOf. */
export function reachedEventsQuery(db: Database, filter: ReachedFilter) {
  return db
    .select({ seq: auditEvents.seq })
    .from(auditEvents)
    .where(and(...conditionsOf(filter)));
}

const NEWEST_FIRST: Keyset = {
  name: 'audit-events.reached',
  columns: [auditEvents.at, auditEvents.chain, auditEvents.seq],
  direction: 'desc',
};

function conditionsOf({ reaches, organizationId, scope, search, ...filter }: ReachedFilter): (SQL | undefined)[] {
  const { chain } = auditEvents;
  return [
    withinReach(reaches, { organizationId: chain }),
    organizationId === undefined ? undefined : eq(chain, organizationId),
    scope === undefined ? undefined : (scope === 'platform' ? eq : ne)(chain, PLATFORM_CHAIN),
    search === undefined ? undefined : containing(search),
    ...eventConditions(filter),
  ];
}

function containing(search: string): SQL | undefined {
  const pattern = `%${literally(search)}%`;
  const { action, actorName, actorId, objectName, objectId, reason, requestId } = auditEvents;
  return or(...[action, actorName, actorId, objectName, objectId, reason, requestId].map((column) => ilike(column, pattern)));
}
