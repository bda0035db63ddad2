/** Events for alerts. Each is written once, in the transaction that detects it. */
import { and, eq, inArray, isNull, or } from 'drizzle-orm';
import { DELIVERY_MS_MAX } from '../../domain/tenancy/alert.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { activeOwners } from '../identity/owners.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf } from '../paging.ts';
import { accounts, alertDeliveries, alertEvents, webhooks } from '../schema.ts';
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
  /** Webhooks of the event's own place that receive it without a subscription. Others are ignored. */
  readonly webhookIds?: readonly string[];
}

/** Stores the event with one delivery for each receiver. Returns the ids of the deliveries. */
export async function raise(
  tx: Database,
  event: NewAlertEvent,
  { people, webhookIds = [] }: AlsoTold,
): Promise<readonly string[]> {
  const hooks = await subscribers(tx, event, webhookIds);
  const addresses = people ? await peopleOf(tx, event.organizationId) : [];
  return (await store(tx, event, { hooks, addresses, triedForMs: DELIVERY_MS_MAX })).deliveries;
}

/** Stores an event for one webhook alone. Returns the delivery's id. */
export async function raiseFor(tx: Database, webhookId: string, event: NewAlertEvent): Promise<string> {
  const { deliveries } = await store(tx, event, { hooks: [webhookId], addresses: [], triedForMs: DELIVERY_MS_MAX });
  return deliveries[0] as string;
}

/** An event that was stored, and the ids of its deliveries. */
interface Raised {
  readonly id: string;
  readonly deliveries: readonly string[];
}

/** Stores an event for these receivers alone, each of which is tried once. */
export async function raiseTest(tx: Database, event: NewAlertEvent, { people, webhookIds = [] }: AlsoTold): Promise<Raised> {
  const hooks = await ownWebhooks(tx, event.organizationId, webhookIds);
  const addresses = people ? await peopleOf(tx, event.organizationId) : [];
  return store(tx, event, { hooks, addresses, triedForMs: 0 });
}

interface Receivers {
  readonly hooks: readonly string[];
  readonly addresses: readonly string[];
  /** The time in milliseconds for which a failing delivery is retried. */
  readonly triedForMs: number;
}

async function store(tx: Database, event: NewAlertEvent, { hooks, addresses, triedForMs }: Receivers): Promise<Raised> {
  const nowMs = event.at.getTime();
  const id = newId('evt', nowMs);
  const { at: occurredAt, ...row } = event;
  await tx.insert(alertEvents).values({ id, ...row, occurredAt });
  const receivers = [...hooks.map((webhookId) => ({ webhookId })), ...addresses.map((email) => ({ email }))];
  if (receivers.length === 0) return { id, deliveries: [] };
  const giveUpAt = new Date(nowMs + triedForMs);
  const rows = receivers.map((receiver) => ({
    id: newId('dlv', nowMs),
    eventId: id,
    ...receiver,
    giveUpAt,
    createdAt: event.at,
  }));
  await tx.insert(alertDeliveries).values(rows);
  return { id, deliveries: rows.map((delivery) => delivery.id) };
}

/** Returns those of these webhooks that are active and of this place. */
async function ownWebhooks(tx: Database, organizationId: string | null, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const place = organizationId === null ? isNull(webhooks.organizationId) : eq(webhooks.organizationId, organizationId);
  const rows = await tx
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(and(place, eq(webhooks.status, 'active'), inArray(webhooks.id, [...ids])));
  return rows.map(({ id }) => id);
}

/**
 * Returns the webhooks of the event's organization and of the platform that subscribe to its type, and those named by id. The
 * platform's may subscribe to events of every organization.
 */
async function subscribers(
  tx: Database,
  { organizationId, type }: NewAlertEvent,
  ids: readonly string[],
): Promise<readonly string[]> {
  const own = isNull(webhooks.organizationId);
  const rows = await tx
    .select({ id: webhooks.id, events: webhooks.events })
    .from(webhooks)
    .where(
      and(eq(webhooks.status, 'active'), organizationId === null ? own : or(own, eq(webhooks.organizationId, organizationId))),
    );
  const named = await ownWebhooks(tx, organizationId, ids);
  const subscribed = rows.filter(({ events }) => events.includes(type)).map(({ id }) => id);
  return [...new Set([...subscribed, ...named])];
}

/** Returns the addresses of the active owners of an organization, or of the platform's active admins. */
async function peopleOf(tx: Database, organizationId: string | null): Promise<readonly string[]> {
  if (organizationId !== null) return (await activeOwners(tx, organizationId)).map(({ email }) => email);
  const rows = await tx
    .select({ email: accounts.email })
    .from(accounts)
    .where(and(eq(accounts.platformRole, 'platform_admin'), eq(accounts.status, 'active')));
  return rows.map(({ email }) => email);
}

/**
 * Reports whether the address is still of somebody who gets this event by mail. A delivery can be retried for a day, and its person
 * may be disabled or removed meanwhile.
 */
export async function isStillTold(
  db: Database,
  { organizationId }: Pick<AlertEventRow, 'organizationId'>,
  email: string,
): Promise<boolean> {
  return (await peopleOf(db, organizationId)).includes(email);
}

/** Finds an event by id. Global, because ids are unique over all tenants: the caller must check permissions on the row. */
export async function find(db: Database, id: string): Promise<AlertEventRow | null> {
  const [row] = await db.select().from(alertEvents).where(eq(alertEvents.id, id));
  return row ?? null;
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
