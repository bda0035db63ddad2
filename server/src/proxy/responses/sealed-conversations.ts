/** Conversations and their items as rows: what they hold is sealed under their organization's content key. */
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { ConversationRow, SealedItem } from '../../store/responses/conversations.ts';
import { serviceUnavailable } from '../refusal.ts';
import { itemWithId } from './item-ids.ts';
import type { Open, Seal } from './sealed-responses.ts';

export type Metadata = Readonly<Record<string, string>>;
/** An item as it is stored and listed. */
export type ConversationItem = Readonly<Record<string, unknown>> & { readonly id: string };

/** A conversation as a caller finds it. */
export interface FoundConversation {
  readonly id: string;
  readonly createdAtMs: number;
  readonly metadata: Metadata;
}

export class ConversationSeals {
  readonly #seal: Seal;
  readonly #open: Open;

  constructor({ seal, open }: { readonly seal: Seal; readonly open: Open }) {
    this.#seal = seal;
    this.#open = open;
  }

  /** Returns items with ids of ours, and their rows. */
  items(caller: Caller, id: string, items: readonly unknown[], nowMs: number) {
    const added: readonly ConversationItem[] = items.map((item) => itemWithId(item, nowMs));
    const rows: readonly SealedItem[] = added.map((item) => ({
      id: item.id,
      sealed: this.#sealed(caller, itemName(id, item.id), item),
    }));
    return { added, rows };
  }

  metadata(caller: Caller, id: string, metadata: Metadata): Buffer {
    return this.#sealed(caller, metadataName(id), metadata);
  }

  openItem(caller: Caller, id: string, row: SealedItem): ConversationItem {
    return this.#opened(caller, itemName(id, row.id), row.sealed) as ConversationItem;
  }

  openConversation(caller: Caller, { id, createdAt, sealedMetadata }: ConversationRow): FoundConversation {
    const metadata = this.#opened(caller, metadataName(id), sealedMetadata) as Metadata;
    return { id, createdAtMs: createdAt.getTime(), metadata };
  }

  #sealed(caller: Caller, name: string, value: unknown): Buffer {
    const bytes = this.#seal(caller.organization, name, JSON.stringify(value));
    if (bytes === null) throw serviceUnavailable('Nothing can be stored, because the key of stored content was destroyed.');
    return bytes;
  }

  #opened(caller: Caller, name: string, bytes: Buffer): unknown {
    const text = this.#open(caller.organization, name, bytes);
    if (text === null) throw new Error('the content key of an organization with conversations is gone');
    return JSON.parse(text.toString());
  }
}

/** Returns the name that a value is sealed for, so that no other value opens in its place. */
function itemName(conversationId: string, itemId: string): string {
  return `${conversationId}:${itemId}`;
}

function metadataName(conversationId: string): string {
  return `${conversationId}:metadata`;
}
