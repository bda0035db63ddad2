/**
 * The conversations of the Responses API, which the gateway keeps itself.
 *
 * Approach. Each item is sealed by itself under the organization's content key, and has an id of ours. A request that names a
 * conversation is preceded by all its items, and adds its own and those of its answer when it is settled (conversation-appends.ts).
 *
 * Bounds. Items and bytes of one conversation, and conversations and bytes of an organization. A conversation takes no more once it
 * reached a bound; the answer that reaches it is still added, so that no turn is lost.
 *
 * What breaks it. Resolving an id in any other way than through `findsResponse`.
 */
import { findsResponse, placeOf } from '../../domain/tenancy/stored-responses.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { isId, newId } from '../../lib/id.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type {
  Addition,
  ConversationRow,
  ConversationsUse,
  NewConversation,
  SealedItem,
} from '../../store/responses/conversations.ts';
import type { ResponseAddress } from '../../store/responses/stored-responses.ts';
import { invalidRequest, type Refusal } from '../refusal.ts';
import { type AppendsOptions, ConversationAppends } from './conversation-appends.ts';
import { conversationNotFound, itemNotFound, storesNone } from './refusals.ts';
import { type ConversationItem, ConversationSeals, type FoundConversation, type Metadata } from './sealed-conversations.ts';
import { expiryOf, type Open, type Seal } from './sealed-responses.ts';
import { OF_OTHERS, StoredReading } from './stored-reading.ts';

/** The items that precede a request, and their sealed length. */
export interface ConversationHistory {
  readonly items: readonly unknown[];
  readonly bytes: number;
}

/** The conversations, as request handling uses them. Each method but `create` and `append` throws 404 if the caller finds none. */
export interface ConversationsState {
  create(caller: Caller, metadata: Metadata, items: readonly unknown[]): Promise<FoundConversation>;
  find(caller: Caller, id: string): Promise<FoundConversation>;
  update(caller: Caller, id: string, metadata: Metadata): Promise<FoundConversation>;
  remove(caller: Caller, id: string): Promise<void>;
  items(caller: Caller, id: string): Promise<readonly ConversationItem[]>;
  addItems(caller: Caller, id: string, items: readonly unknown[]): Promise<readonly ConversationItem[]>;
  removeItem(caller: Caller, id: string, itemId: string): Promise<FoundConversation>;
  /** Returns what precedes a request that adds `adding` items. Throws 400 if the conversation is full. */
  history(caller: Caller, id: string, adding: number): Promise<ConversationHistory>;
  /** Adds items after the last one. Never rejects: what cannot be stored within a minute is given up and logged. */
  append(caller: Caller, id: string, items: readonly unknown[]): Promise<void>;
  /** Stores what is waiting, for at most some seconds. */
  close(): Promise<void>;
}

/** The queries on conversations. */
export interface ConversationStore {
  create(row: NewConversation, items: readonly SealedItem[]): Promise<void>;
  useOf(organizationId: string): Promise<ConversationsUse>;
  find(address: ResponseAddress, at: Date): Promise<ConversationRow | null>;
  itemsOf(address: ResponseAddress): Promise<readonly SealedItem[]>;
  setMetadata(address: ResponseAddress, sealedMetadata: Buffer): Promise<boolean>;
  add(address: ResponseAddress, addition: Addition): Promise<boolean>;
  removeItem(address: ResponseAddress, itemId: string): Promise<boolean>;
  remove(address: ResponseAddress): Promise<boolean>;
}

export interface ConversationsOptions extends Pick<AppendsOptions, 'onLost'> {
  readonly store: ConversationStore;
  readonly clock: Clock;
  readonly seal: Seal;
  readonly open: Open;
  /** The longest wait for the database; a second if absent. */
  readonly readMsMax?: number;
}

export const CONVERSATION_BOUNDS = {
  /** Of one conversation. All of it is read by each request that continues it. */
  items: 1_000,
  bytes: 8 * 1024 * 1024,
  /** Of one organization. */
  conversations: 10_000,
  allBytes: 1024 * 1024 * 1024,
} as const;

export function createConversationsState(options: ConversationsOptions): ConversationsState {
  return new StoredConversations(options);
}

class StoredConversations implements ConversationsState {
  readonly #store: ConversationStore;
  readonly #clock: Clock;
  readonly #seals: ConversationSeals;
  readonly #reading: StoredReading;
  readonly #appends: ConversationAppends;

  constructor(options: ConversationsOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#seals = new ConversationSeals(options);
    this.#reading = new StoredReading(options.readMsMax);
    this.#appends = new ConversationAppends(options);
  }

  create(caller: Caller, metadata: Metadata, items: readonly unknown[]): Promise<FoundConversation> {
    return this.#reading.soon(async () => {
      if (storesNone(caller)) throw invalidRequest(STORES_NONE);
      await this.#checkRoom(caller);
      const [id, createdAtMs] = [newId('conv'), this.#clock.nowMs()];
      const { rows } = this.#seals.items(caller, id, items, createdAtMs);
      const sealedMetadata = this.#seals.metadata(caller, id, metadata);
      const times = { createdAt: new Date(createdAtMs), expiresAt: expiryOf(createdAtMs) };
      await this.#store.create({ ...placeOf(caller), id, ...times, sealedMetadata }, rows);
      return { id, createdAtMs, metadata };
    });
  }

  find(caller: Caller, id: string): Promise<FoundConversation> {
    return this.#reading.soon(async () => this.#seals.openConversation(caller, await this.#row(caller, id)));
  }

  update(caller: Caller, id: string, metadata: Metadata): Promise<FoundConversation> {
    return this.#reading.soon(async () => {
      const row = await this.#row(caller, id);
      const sealedMetadata = this.#seals.metadata(caller, id, metadata);
      if (!(await this.#store.setMetadata(addressOf(caller, id), sealedMetadata))) throw conversationNotFound(caller, id, null);
      return this.#seals.openConversation(caller, { ...row, sealedMetadata });
    });
  }

  remove(caller: Caller, id: string): Promise<void> {
    return this.#reading.soon(async () => {
      await this.#row(caller, id);
      await this.#store.remove(addressOf(caller, id));
    });
  }

  items(caller: Caller, id: string): Promise<readonly ConversationItem[]> {
    return this.#reading.soon(async () => this.#items(caller, await this.#row(caller, id)));
  }

  addItems(caller: Caller, id: string, items: readonly unknown[]): Promise<readonly ConversationItem[]> {
    return this.#reading.soon(async () => {
      checkFull(await this.#row(caller, id), items.length);
      await this.#checkRoom(caller);
      const nowMs = this.#clock.nowMs();
      const { added, rows } = this.#seals.items(caller, id, items, nowMs);
      const isAdded = await this.#store.add(addressOf(caller, id), { items: rows, expiresAt: expiryOf(nowMs) });
      if (!isAdded) throw conversationNotFound(caller, id, null);
      return added;
    });
  }

  removeItem(caller: Caller, id: string, itemId: string): Promise<FoundConversation> {
    return this.#reading.soon(async () => {
      const row = await this.#row(caller, id);
      const isGone = isItemId(itemId) && (await this.#store.removeItem(addressOf(caller, id), itemId));
      if (!isGone) throw itemNotFound(itemId);
      return this.#seals.openConversation(caller, row);
    });
  }

  history(caller: Caller, id: string, adding: number): Promise<ConversationHistory> {
    return this.#reading.soon(async () => {
      // What a request before it adds may still wait in this process.
      await this.#appends.added(addressOf(caller, id));
      const row = await this.#row(caller, id, 'conversation');
      checkFull(row, adding);
      const items = await this.#items(caller, row);
      // An id would name the item at a provider, which does not know it.
      return { items: items.map(({ id: _id, ...item }) => item), bytes: row.bytes };
    });
  }

  append(caller: Caller, id: string, items: readonly unknown[]): Promise<void> {
    return this.#appends.add(addressOf(caller, id), () => {
      const nowMs = this.#clock.nowMs();
      return { items: this.#seals.items(caller, id, items, nowMs).rows, expiresAt: expiryOf(nowMs) };
    });
  }

  close(): Promise<void> {
    return this.#appends.close();
  }

  /** Returns a row that the caller finds. Throws 404, naming `param`. */
  async #row(caller: Caller, id: string, param: string | null = null): Promise<ConversationRow> {
    const look = async () => {
      const at = new Date(this.#clock.nowMs());
      const row = await this.#reading.few(() => this.#store.find(addressOf(caller, id), at));
      return row === null || findsResponse(caller, row) ? row : OF_OTHERS;
    };
    const found = storesNone(caller) || !isId('conv', id) ? null : await this.#reading.again(look);
    if (found === null) throw conversationNotFound(caller, id, param);
    return found;
  }

  async #items(caller: Caller, { id }: ConversationRow): Promise<readonly ConversationItem[]> {
    const rows = await this.#reading.few(() => this.#store.itemsOf(addressOf(caller, id)));
    return rows.map((row) => this.#seals.openItem(caller, id, row));
  }

  /** Checks what an organization uses, before it adds without a model call. */
  async #checkRoom({ organization }: Caller): Promise<void> {
    const { conversations, allBytes } = CONVERSATION_BOUNDS;
    const used = await this.#reading.few(() => this.#store.useOf(organization.id));
    if (used.conversations >= conversations) throw noRoom(`${conversations} conversations`);
    if (used.bytes >= allBytes) throw noRoom(`${allBytes} bytes of conversations`);
  }
}

function addressOf({ organization }: Caller, id: string): ResponseAddress {
  return { organizationId: organization.id, id };
}

function checkFull({ items, bytes }: ConversationRow, adding: number): void {
  if (items + adding <= CONVERSATION_BOUNDS.items && bytes < CONVERSATION_BOUNDS.bytes) return;
  throw invalidRequest(
    `The conversation is full: it has ${items} items and ${bytes} bytes, and takes ${CONVERSATION_BOUNDS.items} items and ${CONVERSATION_BOUNDS.bytes} bytes. Begin another one with the part that matters, or delete items.`,
    'conversation',
  );
}

function noRoom(what: string): Refusal {
  return invalidRequest(`This organization has ${what}, the most that are kept. Delete some, or let them end after 30 days.`);
}

/** Reports whether a text can be the id of an item. */
function isItemId(id: string): boolean {
  return isId('msg', id) || isId('item', id);
}

const STORES_NONE = 'This organization does not store responses (responses_storage is off), so it has no conversations.';
