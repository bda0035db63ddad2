import { z } from 'zod';
import { type Reach, reachOf } from '../../domain/tenancy/permission.ts';
import { OTHER_CLIENT } from '../../domain/usage/attribution.ts';
import type { EndRecord } from '../../ledger/records.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { ownAmong } from '../../store/catalogue/owners.ts';
import type { RequestFilter } from '../../store/usage/request-log.ts';
import type { AdminCall } from '../http/call.ts';
import { Problem } from '../http/problem.ts';
import { route } from '../http/route.ts';
import type { Feed, LiveEvent } from '../streams/sse.ts';
import { askedOrganization } from '../usage/usage-scope.ts';
import { renderRequest, rowsOfRecord } from './request-view.ts';
import { type FilterQuery, filterOf, requestFilters } from './requests.ts';

/** Streams requests as they end. */

const EVERY_MS = 500;
/** The most events sent at a time. If more requests end, the newest are sent with the number of those left out. */
const EVENTS_MAX = 200;

export const stream = route({
  summary: 'Stream requests as they end',
  description:
    'Sends server-sent events: `request`, a row of the list, within a second of its end; `missed` with a `count` if too many ended to send them all (null if the number visible to the caller is unknown); `end` with the reason before the server closes the stream. Takes the filters of the list.',
  permission: 'usage.read',
  query: z.strictObject(requestFilters),
  response: z.custom<Feed>(),
  form: 'events',
  load: askedOrganization,
  handle: async (call) => feedOf(call),
});

function feedOf(call: AdminCall): Feed {
  const { settled } = call.deps;
  if (settled === undefined)
    throw new Problem(
      503,
      'This process does not serve the data plane, so it has no live requests. Ask a process that does (HEADGATE_ROLE).',
    );
  const follower = settled.follow();
  let known: { readonly call: AdminCall; readonly isWanted: (record: EndRecord) => boolean } | null = null;
  return {
    everyMs: EVERY_MS,
    next: async (now, organization) => {
      if (known?.call !== now)
        known = { call: now, isWanted: await wantedBy(now, organization as { readonly id: string } | null) };
      const { records, missed } = follower.next();
      return eventsOf(now, records.filter(known.isWanted), missedBy(now, missed));
    },
    close: () => follower.close(),
  };
}

/**
 * Returns the number of requests that were not kept. They belong to all tenants, so a caller who may not see every request gets
 * null.
 */
function missedBy({ actor }: AdminCall, missed: number): number | null {
  const seesAll = reachOf(actor, 'usage.read').some((reach) => reach.is === 'everywhere');
  return missed === 0 || seesAll ? missed : null;
}

async function eventsOf(
  { deps }: AdminCall,
  records: readonly EndRecord[],
  missed: number | null,
): Promise<readonly LiveEvent[]> {
  const told = records.slice(-EVENTS_MAX);
  const count = missed === null ? null : missed + records.length - told.length;
  const own = await ownAmong(
    deps.db,
    told.map((record) => record.deploymentId),
  );
  const events: LiveEvent[] = told.map((record) => ({ event: 'request', data: renderRequest(rowsOfRecord(record).row, own) }));
  return count === 0 ? events : [{ event: 'missed', data: { count } }, ...events];
}

/** Returns a test for records, equal to the filter of the list: what the caller may see now, and the filters of the query. */
async function wantedBy(call: AdminCall, organization: { readonly id: string } | null): Promise<(record: EndRecord) => boolean> {
  // Sound: the call was built from this route's own schemas.
  const filter = filterOf(call as AdminCall<unknown, FilterQuery>, organization);
  const { accountId } = call.actor;
  const own = new Set(accountId === null ? [] : await accounts.membershipIds(call.deps.db, accountId));
  return (record) => filter.reaches.some((reach) => covers(reach, record, own)) && matches(filter, record);
}

function covers(reach: Reach, record: EndRecord, own: ReadonlySet<string>): boolean {
  switch (reach.is) {
    case 'everywhere':
      return true;
    case 'organization':
      return record.organizationId === reach.organizationId;
    case 'team':
      return record.organizationId === reach.organizationId && record.teamId === reach.teamId;
    case 'own':
      return (
        record.memberId !== null &&
        own.has(record.memberId) &&
        (reach.organizationId === null || record.organizationId === reach.organizationId) &&
        (reach.teamId === null || record.teamId === reach.teamId)
      );
  }
}

function matches(filter: Omit<RequestFilter, 'reaches'>, record: EndRecord): boolean {
  const { from, to } = filter;
  const pairs = [
    [filter.organizationId, record.organizationId],
    [filter.teamId, record.teamId],
    [filter.keyId, record.keyId],
    [filter.memberId, record.memberId],
    [filter.serviceAccountId, record.serviceAccountId],
    [filter.calledName, record.calledName],
    [filter.deploymentId, record.deploymentId],
    [filter.status, record.status],
    [filter.code, record.code],
    [filter.client, record.attribution?.client ?? OTHER_CLIENT],
  ];
  const { tag, endUsers, sessions } = filter;
  if (tag !== undefined && !record.tags?.includes(tag)) return false;
  if (endUsers !== undefined && !endUsers.includes(record.attribution?.endUser ?? '')) return false;
  if (sessions !== undefined && !sessions.includes(record.attribution?.session ?? '')) return false;
  if (from !== undefined && record.admittedAtMs < from.getTime()) return false;
  if (to !== undefined && record.admittedAtMs >= to.getTime()) return false;
  return pairs.every(([wanted, is]) => wanted === undefined || wanted === is);
}
