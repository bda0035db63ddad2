/** The store of responses and conversations in plain memory, for tests of the walk without a database. */
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { FileStore } from '../../src/proxy/files/file-store.ts';
import {
  type ConversationStore,
  type ConversationsState,
  createConversationsState,
} from '../../src/proxy/responses/conversations-state.ts';
import { createResponsesState, type ResponseStore, type ResponsesState } from '../../src/proxy/responses/responses-state.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { ConversationRow, SealedItem } from '../../src/store/responses/conversations.ts';
import type { NewStoredResponse, ResponseAddress } from '../../src/store/responses/stored-responses.ts';

const nameOf = ({ organizationId, id }: ResponseAddress) => `${organizationId} ${id}`;
const UNSEALED = {
  clock: systemClock,
  seal: (_organization: unknown, _name: string, text: string) => Buffer.from(text),
  open: (_organization: unknown, _name: string, sealed: Uint8Array) => Buffer.from(sealed),
  onLost: () => {},
};

export function memoryResponses(more: Partial<ResponseStore> = {}): ResponsesState {
  const rows = new Map<string, NewStoredResponse>();
  const running = (address: ResponseAddress) => {
    const row = rows.get(nameOf(address));
    return row?.status === 'in_progress' ? row : null;
  };
  const store: ResponseStore = {
    insert: async (added) => {
      for (const row of added) rows.set(nameOf(row), row);
    },
    end: async (row) => {
      if (running(row) !== null) rows.set(nameOf(row), row);
    },
    renew: async (addresses, until) => {
      const found = addresses.flatMap((address) => running(address) ?? []);
      for (const row of found) rows.set(nameOf(row), { ...row, runningUntil: until });
      return found.map(({ id }) => id);
    },
    cancel: async (address) => {
      const row = running(address);
      if (row !== null) rows.set(nameOf(row), { ...row, status: 'cancelled', runningUntil: null });
      return row !== null;
    },
    find: async (address) => rows.get(nameOf(address)) ?? null,
    findChain: async ({ organizationId, id }) => {
      const links: NewStoredResponse[] = [];
      for (let next: string | null = id; next !== null; ) {
        const row = rows.get(nameOf({ organizationId, id: next }));
        if (row === undefined) break;
        links.push(row);
        next = row.previousId;
      }
      return { links, isTooLong: false };
    },
    remove: async (address) => rows.delete(nameOf(address)),
    ...more,
  };
  return createResponsesState({ ...UNSEALED, store });
}

const NO_DATABASE = new StoreUnavailable('this house has no database', '08006');

/** The store of files of a house without a database. */
export const noFiles: FileStore = {
  keptMs: 0,
  begin: () => Promise.reject(NO_DATABASE),
  find: () => Promise.reject(NO_DATABASE),
  list: () => Promise.reject(NO_DATABASE),
  // biome-ignore lint/correctness/useYield: there is nothing to read.
  read: async function* () {
    throw NO_DATABASE;
  },
  remove: () => Promise.reject(NO_DATABASE),
};

export function memoryConversations(more: Partial<ConversationStore> = {}): ConversationsState {
  const rows = new Map<string, ConversationRow & { readonly all: readonly SealedItem[] }>();
  const change = (address: ResponseAddress, to: (all: readonly SealedItem[]) => readonly SealedItem[]) => {
    const row = rows.get(nameOf(address));
    if (row === undefined) return false;
    const all = to(row.all);
    const bytes = all.reduce((sum, { sealed }) => sum + sealed.length, 0);
    rows.set(nameOf(address), { ...row, all, items: all.length, bytes });
    return all.length !== row.all.length;
  };
  const store: ConversationStore = {
    create: async (row, all) => {
      const { createdAt = new Date(), ...more } = row;
      rows.set(nameOf(row), { ...more, createdAt, items: 0, bytes: 0, all: [] });
      change(row, () => all);
    },
    useOf: async () => ({ conversations: rows.size, bytes: [...rows.values()].reduce((sum, { bytes }) => sum + bytes, 0) }),
    find: async (address) => rows.get(nameOf(address)) ?? null,
    itemsOf: async (address) => rows.get(nameOf(address))?.all ?? [],
    setMetadata: async (address, sealedMetadata) => {
      const row = rows.get(nameOf(address));
      if (row !== undefined) rows.set(nameOf(address), { ...row, sealedMetadata });
      return row !== undefined;
    },
    add: async (address, { items }) => change(address, (all) => [...all, ...items]),
    removeItem: async (address, itemId) => change(address, (all) => all.filter(({ id }) => id !== itemId)),
    remove: async (address) => rows.delete(nameOf(address)),
    ...more,
  };
  return createConversationsState({ ...UNSEALED, store });
}
