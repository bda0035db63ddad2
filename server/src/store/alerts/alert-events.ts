/** Events for alerts. Each is written once, in the transaction that detects it. */
import { and, eq, inArray, isNull, or } from 'drizzle-orm';
import { DELIVERY_MS_MAX } from '../../domain/tenancy/alert.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf } from '../paging.ts';
import { accounts, alertDeliveries, alertEvents, memberships, webhooks } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';

export type AlertEventRow = typeof alertEvents.$inferSelect;

export interface NewAlertEvent {
  /** Null for the platform's own. */
  readonly organizationId: string | null;
  readonly teamId: string | null;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** The receivers of an event besides the webhooks that subscribe to its type. */
export interface AlsoTold {
  /** True to mail people: the organization's owners or, for the platform, its admins. */
  readonly people: boolean;
}

/** Stores the event with one delivery for each receiver. Returns the ids of the deliveries. */
export async function raise(tx: Database, event: NewAlertEvent, { people }: AlsoTold): Promise<readonly string[]> {
  const nowMs = event.at.getTime();
  const id = newId('evt', nowMs);
  const { at: occurredAt, ...row } = event;
  await tx.insert(alertEvents).values({ id, ...row, occurredAt });
  const hooks = await subscribers(tx, event);
  const addresses = people ? await peopleOf(tx, event.organizationId) : [];
  const receivers = [...hooks.map((webhookId) => ({ webhookId })), ...addresses.map((email) => ({ email }))];
  if (receivers.length === 0) return [];
  const giveUpAt = new Date(nowMs + DELIVERY_MS_MAX);
  const rows = receivers.map((receiver) => ({
    id: newId('dlv', nowMs),
    eventId: id,
    ...receiver,
    giveUpAt,
    createdAt: event.at,
  }));
  await tx.insert(alertDeliveries).values(rows);
  return rows.map((delivery) => delivery.id);
}

/** Stores an event for one webhook alone. Returns the delivery's id. */
export async function raiseFor(tx: Database, webhookId: string, event: NewAlertEvent): Promise<string> {
  const nowMs = event.at.getTime();
  const { at: occurredAt, ...row } = event;
  const [eventId, id] = [newId('evt', nowMs), newId('dlv', nowMs)];
  await tx.insert(alertEvents).values({ id: eventId, ...row, occurredAt });
  const giveUpAt = new Date(nowMs + DELIVERY_MS_MAX);
  await tx.insert(alertDeliveries).values({ id, eventId, webhookId, giveUpAt, createdAt: event.at });
  return id;
}

/**
 * Returns the webhooks of the event's organization and of the platform. The latter may subscribe to events of every organization.
 */
async function subscribers(tx: Database, { organizationId, type }: NewAlertEvent): Promise<readonly string[]> {
  const own = isNull(webhooks.organizationId);
  const rows = await tx
    .select({ id: webhooks.id, events: webhooks.events })
    .from(webhooks)
    .where(
      and(eq(webhooks.status, 'active'), organizationId === null ? own : or(own, eq(webhooks.organizationId, organizationId))),
    );
  return rows.filter(({ events }) => events.includes(type)).map(({ id }) => id);
}

async function peopleOf(tx: Database, organizationId: string | null): Promise<readonly string[]> {
  const rows =
    organizationId === null
      ? await tx
          .select({ email: accounts.email })
          .from(accounts)
          .where(and(eq(accounts.platformRole, 'platform_admin'), eq(accounts.status, 'active')))
      : await tx
          .select({ email: accounts.email })
          .from(memberships)
          .innerJoin(accounts, eq(accounts.id, memberships.accountId))
          .where(
            and(
              eq(memberships.organizationId, organizationId),
              eq(memberships.role, 'org_owner'),
              eq(memberships.status, 'active'),
              eq(accounts.status, 'active'),
            ),
          );
  return rows.map(({ email }) => email);
}

export interface AlertFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly types?: readonly string[] | undefined;
}

/** Lists events, newest first. Throws InvalidCursor. */
export async function list(
  db: Database,
  { reach, organizationId, types }: AlertFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Page<AlertEventRow>> {
  const limit = pageLimit(page.limit);
  const rows = await db
    .select()
    .from(alertEvents)
    .where(
      and(
        withinReach(reach, { organizationId: alertEvents.organizationId, teamId: alertEvents.teamId }),
        organizationId === undefined ? undefined : eq(alertEvents.organizationId, organizationId),
        types === undefined ? undefined : inArray(alertEvents.type, [...types]),
        afterCursor(NEWEST_FIRST, page.cursor),
      ),
    )
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  return pageOf(NEWEST_FIRST, rows, limit, (row) => [row.id]);
}

const NEWEST_FIRST: Keyset = { name: 'alerts', columns: [alertEvents.id], direction: 'desc' };
