/** The store of responses in plain memory, for tests of the walk without a database. */
import { systemClock } from '../../src/lib/timing/clock.ts';
import { createResponsesState, type ResponseStore, type ResponsesState } from '../../src/proxy/responses/responses-state.ts';
import type { NewStoredResponse } from '../../src/store/responses/stored-responses.ts';

export function memoryResponses(): ResponsesState {
  const rows = new Map<string, NewStoredResponse>();
  const nameOf = (organizationId: string, id: string) => `${organizationId} ${id}`;
  const store: ResponseStore = {
    insert: async (added) => {
      for (const row of added) rows.set(nameOf(row.organizationId, row.id), row);
    },
    find: async ({ organizationId, id }) => rows.get(nameOf(organizationId, id)) ?? null,
    findChain: async ({ organizationId, id }) => {
      const links: NewStoredResponse[] = [];
      for (let next: string | null = id; next !== null; ) {
        const row = rows.get(nameOf(organizationId, next));
        if (row === undefined) break;
        links.push(row);
        next = row.previousId;
      }
      return { links, isTooLong: false };
    },
    remove: async ({ organizationId, id }) => rows.delete(nameOf(organizationId, id)),
  };
  return createResponsesState({
    store,
    clock: systemClock,
    seal: (_organization, _name, text) => Buffer.from(text),
    open: (_organization, _name, sealed) => Buffer.from(sealed),
    onLost: () => {},
  });
}
