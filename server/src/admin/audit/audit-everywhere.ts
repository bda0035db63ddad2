import { z } from 'zod';
import { eventFrom } from '../../store/audit/audit.ts';
import { listReachedEvents, type ReachedFilter, reachedEventsQuery } from '../../store/audit/audit-reach.ts';
import { totalOf } from '../../store/paging.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { organizationNames } from '../../store/tenancy/place-names.ts';
import { csvLine } from '../exports/csv.ts';
import { EXPORT_ROWS_MAX, moreRowsText } from '../exports/paged-export.ts';
import { csvFile, jsonLines, textOut } from '../http/answer.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { id } from '../http/fields.ts';
import { listQuery, pageOut, searchOf } from '../http/lists.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { CSV_HEAD, csvLineOf, eventFilters, eventOut, filterFrom, jsonLineOf, viewEvent } from './audit-view.ts';

/** One audit log over all organizations that the caller may audit, and the platform for those who may read it. */

const filters = {
  ...eventFilters,
  organization_id: id.optional().meta({ description: 'Returns only events of this organization, even a deleted one.' }),
  scope: z.enum(['platform', 'organizations']).optional().meta({
    description: 'Returns only the platform’s own events, or only those of organizations. Default: both.',
  }),
  search: text(200).optional().meta({
    description: 'Matches any part of the action, the reason, and the names and ids of actor and object, and of the request.',
  }),
};
const query = z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor, ...filters });
const exportQuery = z.strictObject({ ...filters, format: z.enum(['jsonl', 'csv']).default('jsonl') });
type Filters = Omit<z.output<typeof query>, 'limit' | 'cursor'>;

const reachedOut = eventOut
  .extend({
    organization_name: z.string().nullable().meta({ description: 'The organization’s name. Null for the platform’s events.' }),
  })
  .meta({ id: 'ReachedAuditEvent' });

export const list = route({
  summary: 'List audit events of all organizations, newest first',
  description:
    'Lists the events of every organization in which the caller may read the audit log. Only callers who may read it on the platform also see the platform’s own events.',
  permission: 'audit.read',
  query,
  response: pageOut(reachedOut),
  load: loadReached,
  handle: async (call) => {
    const { db } = call.deps;
    const filter = filterOf(call);
    const page = await listReachedEvents(db, filter, call.query);
    const events = page.rows.map((row) => viewEvent(eventFrom(row)));
    const nameOf = await organizationNames(db, [...new Set(events.flatMap((event) => event.organization_id ?? []))]);
    return {
      data: events.map((event) => ({ ...event, organization_name: nameOf.get(event.organization_id ?? '') ?? null })),
      next_cursor: page.nextCursor,
      total: await totalOf(db, reachedEventsQuery(db, filter)),
    };
  },
});

export const exportLines = route({
  summary: 'Export audit events of all organizations, newest first',
  description:
    'Takes the filters of the list. At most 100,000 events; if there are more, the last line says so. The export is an audit event itself: of each organization in the caller’s reach, or of the platform for callers who read it everywhere. To verify a chain, export it with `GET /audit-events/export`.',
  permission: 'audit.read',
  query: exportQuery,
  response: textOut,
  form: 'text',
  load: loadReached,
  handle: async (call) => {
    await recordExport(call);
    const filter = filterOf(call);
    return call.query.format === 'csv'
      ? csvFile('headgate-audit.csv', csvLinesOf(call, filter))
      : jsonLines(jsonLinesOf(call, filter));
  },
});

async function loadReached(
  call: AdminCall<unknown, { readonly organization_id?: string | undefined }, unknown>,
): Promise<Loaded<null>> {
  const organizationId = call.query.organization_id;
  if (organizationId === undefined) return { place: { anywhereIn: 'platform' }, object: null };
  if ((await organizations.find(call.deps.db, organizationId)) === null) throw notFound('organization');
  return { place: { organizationId }, object: null };
}

function filterOf(call: AdminCall<unknown, Filters>): ReachedFilter {
  const { organization_id: organizationId, scope } = call.query;
  const reaches = reachWithin(call.actor, 'audit.read', 'platform');
  return { ...filterFrom(call.query), reaches, organizationId, scope, search: searchOf({ search: call.query.search }) };
}

/** Writes the event of an export to the chain of everything that it can contain. */
async function recordExport(call: AdminCall<unknown, z.output<typeof exportQuery>>): Promise<void> {
  const { format, ...given } = call.query;
  const after = { format, ...given };
  await change(call, async ({ record }) => {
    for (const organizationId of chainsOf(call)) {
      const objectId = organizationId ?? 'platform';
      const event = { organizationId, objectType: 'audit_log', objectId, objectName: null };
      await record({ ...event, action: 'audit_log.export', before: null, after });
    }
  });
}

/** Returns the organizations of an export, or null for the platform, in an order that is the same for every export. */
function chainsOf({ actor, query }: AdminCall<unknown, Filters>): readonly (string | null)[] {
  if (query.organization_id !== undefined) return [query.organization_id];
  const reaches = reachWithin(actor, 'audit.read', 'platform');
  if (reaches.some(({ is }) => is === 'everywhere')) return [null];
  return [...new Set(reaches.flatMap((reach) => (reach.is === 'everywhere' ? [] : (reach.organizationId ?? []))))].sort();
}

const PAGE = 200;

async function* csvLinesOf(call: AdminCall<unknown, unknown>, filter: ReachedFilter): AsyncGenerator<string> {
  let head = csvLine(CSV_HEAD);
  for await (const rows of rowsOf(call, filter)) {
    yield head + (rows === 'more' ? csvLine([moreRowsText()]) : rows.map(csvLineOf).join(''));
    head = '';
  }
}

async function* jsonLinesOf(call: AdminCall<unknown, unknown>, filter: ReachedFilter): AsyncGenerator<string> {
  for await (const rows of rowsOf(call, filter)) {
    yield rows === 'more' ? `${JSON.stringify({ detail: moreRowsText() })}\n` : rows.map(jsonLineOf).join('');
  }
}

/** Yields pages of events up to the bound of an export, and then `more` if there are others. The first page may be empty. */
async function* rowsOf({ deps }: AdminCall<unknown, unknown>, filter: ReachedFilter) {
  let cursor: string | null = null;
  for (let rows = 0; rows < EXPORT_ROWS_MAX; ) {
    const page: Awaited<ReturnType<typeof listReachedEvents>> = await listReachedEvents(deps.db, filter, { limit: PAGE, cursor });
    yield page.rows;
    if (page.nextCursor === null) return;
    rows += page.rows.length;
    cursor = page.nextCursor;
  }
  yield 'more' as const;
}
