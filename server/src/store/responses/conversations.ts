/** Conversations of the Responses API and their items. Every query names its organization. */
import { and, asc, eq, sql } from 'drizzle-orm';
import type { ResponsePlace } from '../../domain/tenancy/stored-responses.ts';
import type { Database } from '../database.ts';
import { conversationItems, conversations } from '../schema.ts';
import { isLiving } from './ended.ts';
import type { ResponseAddress } from './stored-responses.ts';

export type NewConversation = Pick<
  typeof conversations.$inferInsert,
  'organizationId' | 'id' | 'teamId' | 'keyId' | 'createdAt' | 'expiresAt' | 'sealedMetadata'
>;

/** A conversation without its items. */
export interface ConversationRow extends ResponsePlace {
  readonly id: string;
  readonly createdAt: Date;
  readonly sealedMetadata: Buffer;
  readonly items: number;
  readonly bytes: number;
}

export interface SealedItem {
  readonly id: string;
  readonly sealed: Buffer;
}

/** Items to add, and the time to which that moves the conversation's end. */
export interface Addition {
  readonly items: readonly SealedItem[];
  readonly expiresAt: Date;
}

/** The use of an organization: its conversations, and the sealed bytes of their items. */
export interface ConversationsUse {
  readonly conversations: number;
  readonly bytes: number;
}

/** Stores a new conversation with its first items. */
export async function create(db: Database, row: NewConversation, items: readonly SealedItem[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.insert(conversations).values({ ...row, ...sizeOf(items), nextPosition: items.length });
    await insertItems(tx, row, items, 0);
  });
}

/** Returns what an organization uses, ended conversations included until the job deletes them. */
export async function useOf(db: Database, organizationId: string): Promise<ConversationsUse> {
  const [row] = await db
    .select({
      conversations: sql<number>`count(*)::int`,
      bytes: sql<string>`coalesce(sum(${conversations.bytes}), 0)::text`,
    })
    .from(conversations)
    .where(eq(conversations.organizationId, organizationId));
  return { conversations: row?.conversations ?? 0, bytes: Number(row?.bytes ?? 0) };
}

/** Finds a conversation that has not ended. Returns null if there is none. */
export async function find(db: Database, address: ResponseAddress, at: Date): Promise<ConversationRow | null> {
  const [row] = await db
    .select(COLUMNS)
    .from(conversations)
    .where(and(isAt(address), isLiving(conversations, at)));
  return row ?? null;
}

/** Returns all items of a conversation in their order. */
export function itemsOf(db: Database, { organizationId, id }: ResponseAddress): Promise<readonly SealedItem[]> {
  return db
    .select({ id: conversationItems.id, sealed: conversationItems.sealed })
    .from(conversationItems)
    .where(and(eq(conversationItems.organizationId, organizationId), eq(conversationItems.conversationId, id)))
    .orderBy(asc(conversationItems.position));
}

/** Replaces a conversation's metadata. Returns false if there is no such conversation. */
export async function setMetadata(db: Database, address: ResponseAddress, sealedMetadata: Buffer): Promise<boolean> {
  const rows = await db.update(conversations).set({ sealedMetadata }).where(isAt(address)).returning({ id: conversations.id });
  return rows.length > 0;
}

/** Adds items after the last one, in one step. Returns false if the conversation was deleted. */
export async function add(db: Database, address: ResponseAddress, { items, expiresAt }: Addition): Promise<boolean> {
  const size = sizeOf(items);
  return db.transaction(async (tx) => {
    const [row] = await tx
      .update(conversations)
      .set({
        nextPosition: sql`${conversations.nextPosition} + ${items.length}`,
        items: sql`${conversations.items} + ${size.items}`,
        bytes: sql`${conversations.bytes} + ${size.bytes}`,
        expiresAt,
      })
      .where(isAt(address))
      .returning({ next: conversations.nextPosition });
    if (row === undefined) return false;
    await insertItems(tx, address, items, row.next - items.length);
    return true;
  });
}

/** Deletes one item. Returns false if there is none. */
export async function removeItem(db: Database, address: ResponseAddress, itemId: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [gone] = await tx
      .delete(conversationItems)
      .where(
        and(
          eq(conversationItems.organizationId, address.organizationId),
          eq(conversationItems.conversationId, address.id),
          eq(conversationItems.id, itemId),
        ),
      )
      .returning({ sealed: conversationItems.sealed });
    if (gone === undefined) return false;
    await tx
      .update(conversations)
      .set({ items: sql`${conversations.items} - 1`, bytes: sql`${conversations.bytes} - ${gone.sealed.length}` })
      .where(isAt(address));
    return true;
  });
}

/** Deletes a conversation with its items. Returns false if there was none. */
export async function remove(db: Database, address: ResponseAddress): Promise<boolean> {
  const gone = await db.delete(conversations).where(isAt(address)).returning({ id: conversations.id });
  return gone.length > 0;
}

/** An insert names each value of a row: PostgreSQL takes 65,535 of them. */
const ROWS_AT_ONCE = 1_000;

async function insertItems(db: Database, address: ResponseAddress, items: readonly SealedItem[], first: number): Promise<void> {
  const place = { organizationId: address.organizationId, conversationId: address.id };
  for (let from = 0; from < items.length; from += ROWS_AT_ONCE) {
    const rows = items.slice(from, from + ROWS_AT_ONCE);
    await db.insert(conversationItems).values(rows.map((item, at) => ({ ...place, ...item, position: first + from + at })));
  }
}

function sizeOf(items: readonly SealedItem[]): { readonly items: number; readonly bytes: number } {
  return { items: items.length, bytes: items.reduce((sum, { sealed }) => sum + sealed.length, 0) };
}

const COLUMNS = {
  organizationId: conversations.organizationId,
  id: conversations.id,
  teamId: conversations.teamId,
  keyId: conversations.keyId,
  createdAt: conversations.createdAt,
  sealedMetadata: conversations.sealedMetadata,
  items: conversations.items,
  bytes: conversations.bytes,
};

function isAt({ organizationId, id }: ResponseAddress) {
  return and(eq(conversations.organizationId, organizationId), eq(conversations.id, id));
}
