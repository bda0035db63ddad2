/** Three tenants over one database, each with two teams and three keys. The keys of all have the same ids. */

import type { Caller, OrganizationConfig, ResponsesScope } from '../../src/domain/tenancy/tenancy.ts';
import { newId } from '../../src/lib/id.ts';
import { contentKeyPurpose, newDataKey, wrapKey } from '../../src/lib/secrets.ts';
import { type Clock, systemClock } from '../../src/lib/timing/clock.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { callerOf } from '../../src/proxy/authenticate.ts';
import { createContentOpener, createContentSealer } from '../../src/proxy/content/content-sealer.ts';
import type { Gateway } from '../../src/proxy/gateway.ts';
import {
  type ConversationStore,
  type ConversationsState,
  createConversationsState,
} from '../../src/proxy/responses/conversations-state.ts';
import { createResponsesState, type ResponseStore, type ResponsesState } from '../../src/proxy/responses/responses-state.ts';
import type { ResponseToKeep } from '../../src/proxy/responses/sealed-responses.ts';
import type { Database } from '../../src/store/database.ts';
import * as conversations from '../../src/store/responses/conversations.ts';
import * as stored from '../../src/store/responses/stored-responses.ts';
import { conversations as conversationRows, organizations, storedResponses, teams } from '../../src/store/schema.ts';
import { until } from '../jobs/support.ts';
import { openHouse, type WalkHouse } from '../support/walk.ts';

export const wrappers = { master: newDataKey(), installation: newDataKey() };
export const ORGANIZATIONS = ['org_a', 'org_b', 'org_c'] as const;
/** The team of each key, in the order of a house's keys. */
export const TEAM_OF = [1, 1, 2] as const;

export function storeOver(db: Database): ResponseStore {
  return {
    insert: (rows) => stored.insert(db, rows),
    end: (row) => stored.end(db, row),
    renew: (addresses, until) => stored.renew(db, addresses, until),
    cancel: (address, at) => stored.cancel(db, address, at),
    find: (address, at) => stored.find(db, address, at),
    findChain: (address, at, bounds) => stored.findChain(db, address, at, bounds),
    remove: (address) => stored.remove(db, address),
  };
}

export function conversationStoreOver(db: Database): ConversationStore {
  return {
    create: (row, items) => conversations.create(db, row, items),
    useOf: (organizationId) => conversations.useOf(db, organizationId),
    find: (address, at) => conversations.find(db, address, at),
    itemsOf: (address) => conversations.itemsOf(db, address),
    setMetadata: (address, sealed) => conversations.setMetadata(db, address, sealed),
    add: (address, addition) => conversations.add(db, address, addition),
    removeItem: (address, itemId) => conversations.removeItem(db, address, itemId),
    remove: (address) => conversations.remove(db, address),
  };
}

/** The conversations as a process opens them: with the real seals. */
export function openConversations(db: Database, clock: Clock = systemClock, readMsMax = 20_000): ConversationsState {
  const [seal, open] = [createContentSealer(wrappers), createContentOpener(wrappers)];
  return createConversationsState({ store: conversationStoreOver(db), clock, seal, open, readMsMax, onLost: () => {} });
}

export interface StateOptions {
  readonly store: ResponseStore;
  readonly clock?: Clock;
  readonly onLost?: (facts: Readonly<Record<string, unknown>>) => void;
  /** On a busy machine a read of hundreds of rows takes longer than a caller waits. */
  readonly readMsMax?: number;
}

/** The stored state as a process opens it: with the real seals. */
export function openState({ store, clock = systemClock, onLost = () => {}, ...more }: StateOptions): ResponsesState {
  const [seal, open] = [createContentSealer(wrappers), createContentOpener(wrappers)];
  return createResponsesState({ store, clock, seal, open, onLost, ...more });
}

/** The id of a tenant's first or second team. Ids of teams are never those of another tenant's. */
export function teamOf(organizationId: string, number: 1 | 2): string {
  return `team_${organizationId}_${number}`;
}

/** Inserts the tenants' rows, as they were at first, and removes all responses. */
export async function insertTenants(db: Database): Promise<void> {
  await db.delete(storedResponses);
  await db.delete(conversationRows);
  await db
    .insert(organizations)
    .values(ORGANIZATIONS.map((id) => ({ id, slug: id.replace('_', '-'), name: id })))
    .onConflictDoNothing();
  await db
    .insert(teams)
    .values(
      ORGANIZATIONS.flatMap((organizationId) =>
        ([1, 2] as const).map((number) => ({ organizationId, id: teamOf(organizationId, number), name: 'Team' })),
      ),
    )
    .onConflictDoNothing();
  await db.update(organizations).set({ status: 'active' });
  await db.update(teams).set({ deletedAt: null });
}

const contentKeys = new Map<string, OrganizationConfig['wrappedContentKey']>(
  ORGANIZATIONS.map((id) => [
    id,
    { bytes: wrapKey(wrappers.installation, newDataKey(), contentKeyPurpose(id)), by: 'installation' },
  ]),
);

/** A tenant as far as its content is sealed and opened. */
export function organizationOf(id: string): OrganizationConfig {
  return { id, wrappedContentKey: contentKeys.get(id) ?? null } as OrganizationConfig;
}

/** A tenant's gateway, with keys `key_1` and `key_2` of its first team and `key_3` of its second. */
export function openTenant(
  id: string,
  responses: ResponsesScope | null,
  state: ResponsesState,
  more: Partial<Gateway> = {},
  provider?: Provider,
): Promise<WalkHouse> {
  return openHouse({
    organization: { id, slug: id, responses, files: responses, wrappedContentKey: contentKeys.get(id) ?? null },
    team: { id: teamOf(id, 1) },
    moreTeams: [{ id: teamOf(id, 2) }],
    key: { organizationId: id, teamId: teamOf(id, 1) },
    moreKeys: [{}, { teamId: teamOf(id, 2) }],
    gateway: { responses: state, ...more },
    ...(provider === undefined ? {} : { provider }),
  });
}

/** The caller of one of a tenant's keys. */
export async function callerAt(house: WalkHouse, key: number): Promise<Caller> {
  const found = await house.gateway.snapshot.keyBySecret(house.secrets[key] as string);
  if (found === null) throw new Error('there is no such key');
  return callerOf(found);
}

export function response(more: Partial<ResponseToKeep> = {}): ResponseToKeep {
  const id = more.id ?? newId('resp');
  return {
    id,
    previousId: null,
    model: 'fast',
    status: 'completed',
    input: [{ role: 'user', content: `asked of ${id}` }],
    response: { ...{ id, object: 'response', status: 'completed' }, output: [{ type: 'message', content: `answer of ${id}` }] },
    ...more,
  };
}

/** Waits until nothing waits to be stored. */
export async function allStored(state: ResponsesState): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await until(() => state.read().waiting === 0);
}
