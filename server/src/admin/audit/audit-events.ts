import { z } from 'zod';
import type { AuditEvent, AuditFilter, ChainedEvent } from '../../store/audit/audit.ts';
import { auditEventsQuery, listAuditEvents, PLATFORM_CHAIN, streamAuditEvents } from '../../store/audit/audit.ts';
import { type AuditVerdict, verifyAuditChain } from '../../store/audit/audit-proof.ts';
import { totalOf } from '../../store/paging.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { csvLine } from '../exports/csv.ts';
import { csvFile, jsonLines, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams, instant, instantOut, isoOf } from '../http/fields.ts';
import { listQuery, pageOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';

const eventOut = z
  .object({
    seq: z.int().meta({ description: 'The position in the chain, from 1 without gaps.' }),
    at: instantOut,
    organization_id: z
      .string()
      .nullable()
      .meta({ description: 'The organization of the chain. Null for the platform’s own chain.' }),
    actor: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
    action: z.string(),
    object: z.object({ type: z.string(), id: z.string(), name: z.string().nullable() }),
    before: z.unknown(),
    after: z.unknown(),
    reason: z.string().nullable(),
    ip: z.string().nullable(),
    request_id: z.string().nullable(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' });

const organizationQuery = {
  organization_id: id.optional().meta({ description: 'The organization of the chain. Default: the platform’s own chain.' }),
};
const filters = {
  limit: listQuery.limit,
  cursor: listQuery.cursor,
  seq: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'Returns only the event at this position.' }),
  object_type: z.string().max(64).optional(),
  object_id: z.string().max(200).optional(),
  actor_id: id.optional(),
  action: z.string().max(64).optional(),
  from: instant.optional(),
  to: instant.optional(),
};
const filterQuery = z.strictObject(filters);

const verdictOut = z
  .object({
    intact: z.boolean(),
    events: z.int().nullable().meta({ description: 'The number of events checked. Null if the chain is not intact.' }),
    head_hash: z.string().nullable(),
    broken_at_seq: z
      .int()
      .nullable()
      .meta({ description: 'The position of the first event that was edited, removed or inserted.' }),
    broken_because: z.enum(['hash', 'key', 'no_key', 'head', 'remembered']).nullable().meta({
      description:
        '`hash`: the event does not follow from the one before. `key`: its check under the audit key fails. `no_key`: it was written without the audit key when every writer had the key. `head`: the chain does not end at its recorded head. `remembered`: it differs from the copy in a file on this host.',
    }),
    keyed_from_seq: z.int().nullable().meta({
      description:
        'The position of the first event under the audit key. Only hashes, up to that event, protect earlier ones. Null if no event is under the key.',
    }),
    unkeyed_since: z.int().meta({
      description:
        'The number of events after `keyed_from_seq` that replicas of an earlier version wrote without the key during the upgrade.',
    }),
    last_unkeyed_seq: z.int().nullable().meta({ description: 'The position of the newest event without the key.' }),
    compared_with: z.array(z.object({ file: z.string(), seq: z.int(), hash: z.string() })).meta({
      description:
        'The recorded heads that the chain was compared with. They come from files in the data directory of this process and beside it.',
    }),
  })
  .meta({ id: 'AuditVerdict' });

export const list = route({
  summary: 'List audit events, newest first',
  permission: 'audit.read',
  query: z.strictObject({ ...organizationQuery, ...filters }),
  response: pageOut(eventOut),
  load: loadChain,
  handle: (call, chain) => listOf(call, chain),
});

export const listOfOrganization = route({
  summary: 'List an organization’s audit events, newest first',
  permission: 'audit.read',
  params: idParams,
  query: filterQuery,
  response: pageOut(eventOut),
  load: load.organizationEver,
  handle: (call, organization) => listOf(call, organization.id),
});

export const verify = route({
  summary: 'Verify an audit chain',
  permission: 'audit.read',
  query: z.strictObject(organizationQuery),
  response: verdictOut,
  load: loadChain,
  handle: async (call, chain) => {
    return verdictView(await verifyAuditChain(call.deps.db, call.deps.audit, chain, call.deps.clock.nowMs()));
  },
});

export const exportLines = route({
  summary: 'Export an audit chain, oldest first',
  description:
    'JSON lines contain everything needed to verify the chain. With `format=csv`, `before` and `after` are JSON in one cell, and a cell that begins like a formula gets a leading apostrophe.',
  permission: 'audit.read',
  query: z.strictObject({ ...organizationQuery, format: z.enum(['jsonl', 'csv']).default('jsonl') }),
  response: textOut,
  form: 'text',
  load: loadChain,
  handle: async (call, chain) =>
    call.query.format === 'csv' ? csvFile('headgate-audit.csv', csvLinesOf(call, chain)) : jsonLines(linesOf(call, chain)),
});

function verdictView(verdict: AuditVerdict): z.output<typeof verdictOut> {
  const isIntact = verdict.is === 'intact';
  return {
    intact: isIntact,
    events: isIntact ? verdict.events : null,
    head_hash: isIntact ? verdict.headHash : null,
    broken_at_seq: isIntact ? null : verdict.seq,
    broken_because: isIntact ? null : verdict.because,
    keyed_from_seq: verdict.keyedFromSeq,
    unkeyed_since: verdict.unkeyedSince,
    last_unkeyed_seq: verdict.lastUnkeyedSeq,
    compared_with: verdict.remembered.map(({ file, seq, hash }) => ({ file, seq, hash })),
  };
}

/**
 * Loads the chain that a query names: an organization's, even a deleted one's, or the platform's. Throws 404 for an unknown
 * organization.
 */
async function loadChain(
  call: AdminCall<unknown, { readonly organization_id?: string | undefined }, unknown>,
): Promise<Loaded<string | null>> {
  const organizationId = call.query.organization_id ?? null;
  if (organizationId !== null && (await organizations.find(call.deps.db, organizationId)) === null)
    throw notFound('organization');
  return { place: { organizationId }, object: organizationId };
}

async function listOf(call: AdminCall<unknown, z.output<typeof filterQuery>>, organizationId: string | null) {
  const { query, deps } = call;
  const filter: AuditFilter = {
    organizationId,
    seq: query.seq,
    objectType: query.object_type,
    objectId: query.object_id,
    actorId: query.actor_id,
    action: query.action,
    from: dateOf(query.from),
    to: dateOf(query.to),
  };
  if (filter.from !== undefined && filter.to !== undefined && filter.from > filter.to)
    throw invalid('?from', 'must not be after `to`');
  const page = await listAuditEvents(deps.db, filter, query);
  return {
    data: page.rows.map(view),
    next_cursor: page.nextCursor,
    total: await totalOf(deps.db, auditEventsQuery(deps.db, filter)),
  };
}

async function* linesOf(call: AdminCall<unknown, unknown>, organizationId: string | null): AsyncGenerator<string> {
  for await (const rows of streamAuditEvents(call.deps.db, organizationId)) yield rows.map(jsonLineOf).join('');
}

function jsonLineOf({ chain, prevHash, hash, mac, ...facts }: ChainedEvent): string {
  const event = { ...facts, organizationId: chain === PLATFORM_CHAIN ? null : chain, hash: hash.toString('hex') } as AuditEvent;
  return `${JSON.stringify({ ...view(event), previous_hash: prevHash.toString('hex'), mac: mac?.toString('hex') ?? null })}\n`;
}

const CSV_HEAD = [
  'seq',
  'at',
  'organization_id',
  'actor_kind',
  'actor_id',
  'actor_name',
  'action',
  'object_type',
  'object_id',
].concat(['object_name', 'before', 'after', 'reason', 'ip', 'request_id', 'hash']);

async function* csvLinesOf(call: AdminCall<unknown, unknown>, organizationId: string | null): AsyncGenerator<string> {
  let head = csvLine(CSV_HEAD);
  for await (const rows of streamAuditEvents(call.deps.db, organizationId)) {
    yield head + rows.map(csvLineOf).join('');
    head = '';
  }
  if (head !== '') yield head;
}

function csvLineOf(row: ChainedEvent): string {
  const { seq, actorKind, actorId, actorName, action, objectType, objectId, objectName, reason, ip, requestId } = row;
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const who = [actorKind, actorId, actorName, action, objectType, objectId, objectName];
  const what = [json(row.before), json(row.after), reason, ip, requestId, row.hash.toString('hex')];
  return csvLine([seq, isoOf(row.at), row.chain === PLATFORM_CHAIN ? null : row.chain, ...who, ...what]);
}

function view(event: AuditEvent): z.output<typeof eventOut> {
  return {
    seq: event.seq,
    at: isoOf(event.at),
    organization_id: event.organizationId,
    actor: { kind: event.actorKind, id: event.actorId, name: event.actorName },
    action: event.action,
    object: { type: event.objectType, id: event.objectId, name: event.objectName },
    before: event.before,
    after: event.after,
    reason: event.reason,
    ip: event.ip,
    request_id: event.requestId,
    hash: event.hash,
  };
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
