import { z } from 'zod';
import { type AuditFilter, auditEventsQuery, listAuditEvents, streamAuditEvents } from '../../store/audit/audit.ts';
import { type AuditVerdict, type MissingChain, missingChains, verifyAuditChain } from '../../store/audit/audit-proof.ts';
import { totalOf } from '../../store/paging.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { csvLine } from '../exports/csv.ts';
import { csvFile, jsonLines, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import { listQuery, pageOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { wholeNumber } from '../http/schemas.ts';
import { CSV_HEAD, csvLineOf, eventFilters, eventOut, filterFrom, jsonLineOf, viewEvent } from './audit-view.ts';

const organizationQuery = {
  organization_id: id.optional().meta({ description: 'The organization of the chain. Default: the platform’s own chain.' }),
};
const filters = {
  limit: listQuery.limit,
  cursor: listQuery.cursor,
  seq: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({ description: 'Returns only the event at this position.' }),
  ...eventFilters,
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
    missing_chains: z.array(z.object({ organization_id: z.string(), file: z.string(), seq: z.int() })).meta({
      description:
        'Chains of organizations of which those files hold an event and the database has none, as after a recovery to a time before the organization was made. Only in the verdict of the platform’s chain, which they do not break.',
    }),
  })
  .meta({ id: 'AuditVerdict' });

export const list = route({
  summary: 'List audit events, newest first',
  description: 'Without `organization_id`, returns the events of the platform itself.',
  permission: 'audit.read',
  query: z.strictObject({ ...organizationQuery, ...filters }),
  response: pageOut(eventOut),
  load: loadChain,
  handle: (call, chain) => listOf(call, chain),
});

export const listOfOrganization = route({
  summary: 'List an organization’s audit events, newest first',
  description: 'Returns the events of the organization’s own chain.',
  permission: 'audit.read',
  params: idParams,
  query: filterQuery,
  response: pageOut(eventOut),
  load: load.organizationEver,
  handle: (call, organization) => listOf(call, organization.id),
});

export const verify = route({
  summary: 'Verify an audit chain',
  description:
    'Recomputes the checks of every event, and compares the end of the chain with its recorded head and with the copy on this host.',
  permission: 'audit.read',
  query: z.strictObject(organizationQuery),
  response: verdictOut,
  load: loadChain,
  handle: async (call, chain) => {
    const { db, audit, clock } = call.deps;
    const verdict = await verifyAuditChain(db, audit, chain, clock.nowMs());
    return verdictView(verdict, chain === null ? await missingChains(db, audit) : []);
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

function verdictView(verdict: AuditVerdict, missing: readonly MissingChain[]): z.output<typeof verdictOut> {
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
    missing_chains: missing.map(({ organizationId, file, seq }) => ({ organization_id: organizationId, file, seq })),
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
  const filter: AuditFilter = { organizationId, seq: query.seq, ...filterFrom(query) };
  const page = await listAuditEvents(deps.db, filter, query);
  return {
    data: page.rows.map(viewEvent),
    next_cursor: page.nextCursor,
    total: await totalOf(deps.db, auditEventsQuery(deps.db, filter)),
  };
}

async function* linesOf(call: AdminCall<unknown, unknown>, organizationId: string | null): AsyncGenerator<string> {
  for await (const rows of streamAuditEvents(call.deps.db, organizationId)) yield rows.map(jsonLineOf).join('');
}

async function* csvLinesOf(call: AdminCall<unknown, unknown>, organizationId: string | null): AsyncGenerator<string> {
  let head = csvLine(CSV_HEAD);
  for await (const rows of streamAuditEvents(call.deps.db, organizationId)) {
    yield head + rows.map(csvLineOf).join('');
    head = '';
  }
  if (head !== '') yield head;
}
