import { z } from 'zod';
import type { AnsweredBy } from '../../domain/decision/attempts-made.ts';
import { can, reachOf } from '../../domain/tenancy/permission.ts';
import type { WrappedContentKey } from '../../domain/tenancy/tenancy.ts';
import { CLIENTS, OTHER_CLIENT } from '../../domain/usage/attribution.ts';
import { answeredBy } from '../../ledger/answered-by.ts';
import { type ContentWrappers, open, openContentKey, UnsealFailure } from '../../lib/secrets.ts';
import { ownAmong } from '../../store/catalogue/owners.ts';
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
import { onOff, text } from '../http/schemas.ts';
import { storedNamesOf } from '../usage/end-users.ts';
import { END_USER_CHARS_MAX } from '../usage/usage.ts';
import { askedOrganization } from '../usage/usage-scope.ts';
import { attemptsMadeOut, decisionOut, viewDecision } from './decision-fields.ts';
import { remedyOut, viewRemedies } from './remedies.ts';
import {
  type LedgerEntryRow,
  ledgerEntryOut,
  renderLedgerEntry,
  renderRequest,
  requestOut,
  rowsOfRecord,
} from './request-view.ts';

/** The request log: every request of a known key, with its decision, its cost and, if it is stored, its content. */

const params = z.object({ request_id: text(64, 1) });

/** The filters of a list, an export and a stream of requests. */
export const requestFilters = {
  organization_id: id.optional(),
  team_id: id.optional(),
  key_id: id.optional(),
  member_id: id.optional(),
  service_account_id: id.optional(),
  model: text(200).optional(),
  deployment_id: id.optional(),
  status: requestOut.shape.status.optional(),
  code: text(64).optional(),
  tag: text(64).optional().meta({ description: 'Only requests with this tag, their own or an added one.' }),
  end_user: text(END_USER_CHARS_MAX).optional().meta({
    description: 'The end user as the caller names it, or its pseudonym. A name finds its pseudonym only with `organization_id`.',
  }),
  session: text(END_USER_CHARS_MAX).optional().meta({
    description: 'The session as callers name it, or its pseudonym. A name finds its pseudonym only within one organization.',
  }),
  client: z.enum([...CLIENTS, OTHER_CLIENT]).optional(),
  from: instant.optional(),
  to: instant.optional().meta({ description: 'The end of the range, exclusive.' }),
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
    const own = await ownAmong(
      deps.db,
      page.rows.map((row) => row.deploymentId),
    );
    return { data: page.rows.map((row) => renderRequest(row, own)), next_cursor: page.nextCursor, total };
  },
});

/** Returns the filter of a call, limited to what its caller may see. */
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
    tag: query.tag,
    endUsers: query.end_user === undefined ? undefined : storedNamesOf(call, organization, query.end_user),
    sessions: query.session === undefined ? undefined : storedNamesOf(call, organization, query.session),
    client: query.client,
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
    reaches: reachWithin(call.actor, 'usage.read', organization === null ? 'platform' : { organizationId: organization.id }),
  };
}

const contentOut = z
  .object({ mode: z.string(), request: z.unknown(), response: z.unknown() })
  .nullable()
  .optional()
  .meta({ description: 'Only for callers who may read it. Null if none is stored. Each read is an audit event.' });

export const read = route({
  summary: 'Get a request with ledger entries, decision and content',
  description:
    'Content is included for callers who may read it, and each read is an audit event. `content=false` leaves it out; `content=true` returns 403 for other callers.',
  permission: 'usage.read',
  takesReason: true,
  params,
  query: z.strictObject({ content: onOff.optional() }),
  response: requestOut.extend({
    attempts_made: attemptsMadeOut,
    ledger: z.array(ledgerEntryOut),
    decision: decisionOut,
    remedies: z.array(remedyOut).meta({
      description:
        'The changes that a refused request needs, one for each rule that refused it. Empty if no change of the configuration helps.',
    }),
    content: contentOut,
  }),
  load: loadRequest,
  handle: async (call, found) => {
    const { row, ledger } = found;
    const priced = await prices.findMany(
      call.deps.db,
      ledger.flatMap((entry) => entry.priceId ?? []),
    );
    const mayRead = can(call.actor, 'content.read', found.place);
    if (call.query.content === true && !mayRead) authorize(call.actor, 'content.read', found.place);
    const isWanted = mayRead && call.query.content !== false;
    const decision = await decisionOf(call, found);
    const own = await ownAmong(call.deps.db, [row.deploymentId, ...ledger.map((entry) => entry.deploymentId)]);
    return {
      ...renderRequest(row, own),
      attempts_made: decision.attempts_made,
      ledger: ledger.map((entry) => renderLedgerEntry(entry, priced.get(entry.priceId ?? ''), own)),
      decision,
      remedies: await viewRemedies(call, decision, found.place),
      ...(isWanted ? { content: await readContent(call, found) } : {}),
    };
  },
});

export const readDecision = route({
  summary: 'Get the decision of a request',
  description:
    'Returns every rule in order with its limit, use and verdict, and one sentence that explains the result. The id of a repeated refusal returns the shared decision.',
  permission: 'usage.read',
  params,
  response: decisionOut,
  load: loadRequest,
  handle: (call, found) => decisionOf(call, found),
});

/** A request from the database, or from this process's memory. */
interface FoundRequest {
  readonly askedId: string;
  readonly row: RequestRow;
  readonly ledger: readonly LedgerEntryRow[];
  readonly sealed: Buffer | null;
  readonly answeredBy: AnsweredBy | null;
  readonly place: { readonly organizationId: string; readonly teamId: string; readonly ownerAccountId: string | null };
}

async function loadRequest(call: AdminCall<{ readonly request_id: string }, unknown, unknown>): Promise<Loaded<FoundRequest>> {
  const askedId = call.params.request_id;
  // It may have been stored, and left memory, between the first two.
  const found = (await findStored(call, askedId)) ?? findRecent(call, askedId) ?? (await findStored(call, askedId));
  if (found === null) throw notFound('request');
  const { organizationId, teamId, memberId } = found.row;
  // The row of a removed member stays, so its account is found as well.
  const owner =
    memberId === null ? undefined : (await memberships.people(call.deps.db, [organizationId], [memberId])).get(memberId);
  const place = { organizationId, teamId, ownerAccountId: owner?.accountId ?? null };
  return { place, object: { askedId, ...found, place } };
}

type Found = Pick<FoundRequest, 'row' | 'ledger' | 'sealed' | 'answeredBy'>;

async function findStored(call: AdminCall<unknown, unknown, unknown>, requestId: string): Promise<Found | null> {
  const { db } = call.deps;
  for (const organizationId of placesToLook(call)) {
    const row = await log.findRequest(db, { organizationId, requestId });
    if (row === null) continue;
    const ledger = await log.findLedgerRows(db, row);
    return { row, ledger, sealed: await log.findContent(db, row), answeredBy: await log.findAnsweredBy(db, row) };
  }
  return null;
}

function findRecent(call: AdminCall<unknown, unknown, unknown>, requestId: string): Found | null {
  const end = call.deps.recent?.find(requestId) ?? null;
  return end === null ? null : { ...rowsOfRecord(end), sealed: end.content, answeredBy: answeredBy(end) };
}

/**
 * Returns the organizations to search, because the id does not name one. Undefined, for the platform, searches everywhere; other
 * callers search the organizations in which they have a role.
 */
function placesToLook({ actor }: AdminCall<unknown, unknown, unknown>): readonly (string | undefined)[] {
  if (reachOf(actor, 'usage.read').some((reach) => reach.is === 'everywhere')) return [undefined];
  const kept = actor.narrowing?.organizationIds ?? null;
  if (kept !== null) return kept;
  return [...new Set(actor.roles.flatMap((grant) => ('organizationId' in grant ? [grant.organizationId] : [])))];
}

function decisionOf(call: AdminCall, { askedId, row, answeredBy }: FoundRequest) {
  const facts = { ...row, requestId: askedId, atMs: row.admittedAt.getTime(), answeredBy };
  return viewDecision(call, facts);
}

/**
 * Opens the content. Commits the audit event before any content is sent. Returns null without an event if the content is not
 * stored or cannot be opened.
 */
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

/** Opens sealed content. Returns null if the content, or the organization's key, was sealed under a key that is lost. */
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
