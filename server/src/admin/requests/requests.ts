import { z } from 'zod';
import { can, reachOf } from '../../domain/tenancy/permission.ts';
import type { WrappedContentKey } from '../../domain/tenancy/tenancy.ts';
import { type ContentWrappers, open, openContentKey, UnsealFailure } from '../../lib/secrets.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { totalOf } from '../../store/paging.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { RequestRow } from '../../store/usage/request-log.ts';
import * as log from '../../store/usage/request-log.ts';
import { authorize, reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { id, instant } from '../http/fields.ts';
import { listQuery, pageOut } from '../http/lists.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { askedOrganization } from '../usage/usage-scope.ts';
import { decisionOut, viewDecision } from './decision-fields.ts';
import {
  type LedgerEntryRow,
  ledgerEntryOut,
  renderLedgerEntry,
  renderRequest,
  requestOut,
  rowsOfRecord,
} from './request-view.ts';

/** The request log: every request of a known key, why it was admitted or refused, what it cost, and, for few, what was said. */

const params = z.object({ request_id: z.string().min(1).max(64) });

/** What narrows a list of requests, an export and a stream of them. */
export const requestFilters = {
  organization_id: id.optional(),
  team_id: id.optional(),
  key_id: id.optional(),
  member_id: id.optional(),
  service_account_id: id.optional(),
  model: z.string().max(200).optional(),
  deployment_id: id.optional(),
  status: requestOut.shape.status.optional(),
  code: z.string().max(64).optional(),
  from: instant.optional(),
  to: instant.optional().meta({ description: 'Not included.' }),
};
const filterQuery = z.strictObject(requestFilters);
export type FilterQuery = z.output<typeof filterQuery>;

export const list = route({
  summary: 'List requests',
  description: 'Newest first.',
  permission: 'usage.read',
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor, ...requestFilters }),
  response: pageOut(requestOut),
  load: askedOrganization,
  handle: async (call, organization) => {
    const { query, deps } = call;
    const filter = filterOf(call, organization);
    const page = await log.listRequests(deps.db, filter, { limit: query.limit, cursor: query.cursor });
    const total = await totalOf(deps.db, log.requestsQuery(deps.db, filter));
    return { data: page.rows.map(renderRequest), next_cursor: page.nextCursor, total };
  },
});

/** The question of a call, within what its caller may see. */
export function filterOf(call: AdminCall<unknown, FilterQuery>, organization: { readonly id: string } | null) {
  const { query } = call;
  return {
    organizationId: organization?.id,
    teamId: query.team_id,
    keyId: query.key_id,
    memberId: query.member_id,
    serviceAccountId: query.service_account_id,
    calledName: query.model,
    deploymentId: query.deployment_id,
    status: query.status,
    code: query.code,
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
    reaches: reachWithin(call.actor, 'usage.read', organization === null ? 'platform' : { organizationId: organization.id }),
  };
}

const contentOut = z
  .object({ mode: z.string(), request: z.unknown(), response: z.unknown() })
  .nullable()
  .optional()
  .meta({ description: 'Only for who may read it; null when none is stored. Each read is an audit event.' });

export const read = route({
  summary: 'Read a request: its row, ledger entries, decision and content',
  description:
    'Content comes for who may read it, and each read of it is an audit event; `content=false` leaves it out, `content=true` is 403 for who may not.',
  permission: 'usage.read',
  params,
  query: z.strictObject({ content: z.enum(['true', 'false']).optional() }),
  response: requestOut.extend({ ledger: z.array(ledgerEntryOut), decision: decisionOut, content: contentOut }),
  load: loadRequest,
  handle: async (call, found) => {
    const { row, ledger } = found;
    const priced = await prices.findMany(
      call.deps.db,
      ledger.flatMap((entry) => entry.priceId ?? []),
    );
    const mayRead = can(call.actor, 'content.read', found.place);
    if (call.query.content === 'true' && !mayRead) authorize(call.actor, 'content.read', found.place);
    const isWanted = mayRead && call.query.content !== 'false';
    return {
      ...renderRequest(row),
      ledger: ledger.map((entry) => renderLedgerEntry(entry, priced.get(entry.priceId ?? ''))),
      decision: await decisionOf(call, found),
      ...(isWanted ? { content: await readContent(call, found) } : {}),
    };
  },
});

export const readDecision = route({
  summary: 'Read a request’s decision',
  description:
    'Every rule in order with its limit, use and verdict, and one sentence. The id of a repeated refusal has the shared decision.',
  permission: 'usage.read',
  params,
  response: decisionOut,
  load: loadRequest,
  handle: (call, found) => decisionOf(call, found),
});

/** A request, from the database or from what this process still remembers. */
interface FoundRequest {
  readonly askedId: string;
  readonly row: RequestRow;
  readonly ledger: readonly LedgerEntryRow[];
  readonly sealed: Buffer | null;
  readonly place: { readonly organizationId: string; readonly teamId: string; readonly ownerAccountId: string | null };
}

async function loadRequest(call: AdminCall<{ readonly request_id: string }, unknown, unknown>): Promise<Loaded<FoundRequest>> {
  const askedId = call.params.request_id;
  const found = (await findStored(call, askedId)) ?? findRecent(call, askedId);
  if (found === null) throw notFound('request');
  const { organizationId, teamId, memberId } = found.row;
  // Whoever the membership belongs to: it keeps its row when the member is removed.
  const owner =
    memberId === null ? undefined : (await memberships.people(call.deps.db, [organizationId], [memberId])).get(memberId);
  const place = { organizationId, teamId, ownerAccountId: owner?.accountId ?? null };
  return { place, object: { askedId, ...found, place } };
}

type Found = Pick<FoundRequest, 'row' | 'ledger' | 'sealed'>;

async function findStored(call: AdminCall<unknown, unknown, unknown>, requestId: string): Promise<Found | null> {
  const { db } = call.deps;
  for (const organizationId of placesToLook(call)) {
    const row = await log.findRequest(db, { organizationId, requestId });
    if (row !== null) return { row, ledger: await log.findLedgerRows(db, row), sealed: await log.findContent(db, row) };
  }
  return null;
}

function findRecent(call: AdminCall<unknown, unknown, unknown>, requestId: string): Found | null {
  const end = call.deps.recent?.find(requestId) ?? null;
  return end === null ? null : { ...rowsOfRecord(end), sealed: end.content };
}

/** The id does not say whose it is: the platform looks everywhere, anybody else in the organizations they have a role in. */
function placesToLook({ actor }: AdminCall<unknown, unknown, unknown>): readonly (string | undefined)[] {
  if (reachOf(actor, 'usage.read').some((reach) => reach.is === 'everywhere')) return [undefined];
  const kept = actor.narrowing?.organizationIds ?? null;
  if (kept !== null) return kept;
  return [...new Set(actor.roles.flatMap((grant) => ('organizationId' in grant ? [grant.organizationId] : [])))];
}

function decisionOf(call: AdminCall, { askedId, row }: FoundRequest) {
  const facts = { ...row, requestId: askedId, atMs: row.admittedAt.getTime() };
  return viewDecision(call, facts);
}

/** The audit event is committed before a word of the content leaves; what is not stored, or no longer readable, was not read. */
async function readContent(call: AdminCall, { row, sealed }: FoundRequest): Promise<z.output<typeof contentOut>> {
  if (sealed === null) return null;
  const organization = await organizations.find(call.deps.db, row.organizationId);
  if (organization === null || organization.contentKey === null) return null;
  const wrapped = { bytes: organization.contentKey, by: organization.contentKeyBy };
  const content = opened(call.deps.keys.content, row, wrapped, sealed);
  if (content === null) return null;
  await change(call, ({ record }) =>
    record({
      organizationId: row.organizationId,
      action: 'request_content.read',
      objectType: 'request',
      objectId: row.requestId,
      objectName: row.calledName,
      before: null,
      after: { key_id: row.keyId, mode: content.mode },
    }),
  );
  return content;
}

/** Null where the organization's key, or the content, cannot be opened: it was sealed under a key that is lost. */
function opened(
  wrappers: ContentWrappers,
  { organizationId, requestId }: FoundRequest['row'],
  wrapped: WrappedContentKey,
  sealed: Buffer,
): NonNullable<z.output<typeof contentOut>> | null {
  try {
    const key = openContentKey(wrappers, organizationId, wrapped);
    return JSON.parse(open(key, sealed, requestId).toString()) as NonNullable<z.output<typeof contentOut>>;
  } catch (error) {
    if (error instanceof UnsealFailure) return null;
    throw error;
  }
}
