import { z } from 'zod';
import { BATCH_STATUSES } from '../../domain/batches/batch.ts';
import { LINE_ERRORS } from '../../domain/batches/line-plan.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import * as batchList from '../../store/batches/batch-list.ts';
import * as stored from '../../store/batches/batches.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { capabilities, id, idParams, instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { listQuery, pageOut, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { placesOf } from './places.ts';

/** The batches of an organization, without the content of their lines: only keys read that, over the data plane. */

const LINE_ERRORS_MAX = 100;

const batchFields = {
  id: z.string(),
  organization_id: z.string(),
  status: z.enum(BATCH_STATUSES),
  endpoint: z.string(),
  model: z.string().meta({ description: 'The called name.' }),
  lines: z.object({
    total: z.int(),
    completed: z.int(),
    failed: z.int().meta({ description: 'Lines that were not sent, and lines that failed at the provider.' }),
  }),
  spend: z.string().meta({ description: 'What its lines cost so far, in USD.' }),
  team_id: z.string(),
  team_name: z.string().nullable(),
  key_id: z.string().meta({ description: 'The key that made it, and that is charged.' }),
  key_name: z.string().nullable(),
  created_at: instantOut,
  ended_at: instantOut.nullable(),
  expires_at: instantOut.meta({ description: 'The end of its completion window.' }),
  capabilities,
};
const batchOut = z.object(batchFields).meta({ id: 'Batch' });

const batchDetailOut = z
  .object({
    ...batchFields,
    provider: z.string(),
    input_file_id: z.string(),
    output_file_id: z.string().nullable(),
    error_file_id: z.string().nullable(),
    trouble: z
      .string()
      .nullable()
      .meta({ description: 'Why the next step fails at present and is tried again. Null: it does not.' }),
    errors: z
      .array(z.object({ code: z.string(), message: z.string(), line: z.int().nullable() }))
      .meta({ description: 'Why the batch as a whole failed.' }),
    refused_lines: z
      .object({ data: z.array(z.object({ line: z.int(), error: z.enum(LINE_ERRORS) })), total: z.int() })
      .meta({ description: `Lines that were not sent: the first ${LINE_ERRORS_MAX}, and the number of all.` }),
  })
  .meta({ id: 'BatchDetail' });

const batchParams = z.object({ id, batch_id: text(64) });

export const list = route({
  summary: 'List the batches of an organization',
  description: 'Returns the batches that the caller may see, newest first, with their progress and cost.',
  permission: 'usage.read',
  params: idParams,
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    search: text(400).optional().meta({ description: 'Matches a part of the called name, or the whole id.' }),
    team_id: id.optional(),
    key_id: id.optional(),
    status: z.enum(BATCH_STATUSES).optional(),
  }),
  response: pageOut(batchOut),
  load: load.withinOrganization,
  handle: async (call, { id: organizationId }) => {
    const { query, deps, actor } = call;
    const filter = {
      ...{ organizationId, reach: reachWithin(actor, 'usage.read', { organizationId }), search: searchOf(query) },
      ...{ teamId: query.team_id, keyId: query.key_id, status: query.status },
    };
    const page = await batchList.listForAdmin(deps.db, filter, query);
    const placeOf = await placesOf(call, page.rows);
    const data = page.rows.map((row) => ({ ...factsOf(row), capabilities: [...capabilitiesOf(actor, placeOf(row))] }));
    return { data, next_cursor: page.nextCursor, total: page.total };
  },
});

export const read = route({
  summary: 'Get a batch',
  description: 'Returns one batch with its files, its errors and the lines that were not sent. Content of lines is not included.',
  permission: 'usage.read',
  params: batchParams,
  response: batchDetailOut,
  load: loadBatch,
  handle: viewDetail,
});

export const cancel = route({
  summary: 'Cancel a batch',
  description:
    'Lines that the provider has answered by then stay charged, and their results are written to the output file. Returns 409 if the batch has ended or is about to.',
  permission: 'keys.manage',
  params: batchParams,
  response: batchDetailOut,
  load: loadBatch,
  handle: async (call, row) => {
    await change(call as AdminCall, async ({ tx, now, record }) => {
      const before = row.status;
      const after = await stored.requestCancel(tx, row, now);
      if (after === null) throw notFound('batch');
      if (after.status !== 'cancelling') throw conflict(`A batch with the status ${after.status} cannot be cancelled.`);
      await record({
        ...{ action: 'batch.cancel', organizationId: row.organizationId, objectType: 'batch', objectId: row.id },
        ...{ objectName: row.calledName, before: { status: before }, after: { status: after.status } },
      });
    });
    return viewDetail(call, (await batchList.findForAdmin(call.deps.db, row)) ?? row);
  },
});

async function loadBatch(
  call: AdminCall<{ readonly id: string; readonly batch_id: string }, unknown, unknown>,
): Promise<Loaded<batchList.ListedBatch>> {
  const { id: organizationId } = await load.findOrganization(call, call.params.id);
  const row = await batchList.findForAdmin(call.deps.db, { organizationId, id: call.params.batch_id });
  if (row === null) throw notFound('batch');
  return { place: (await placesOf(call, [row]))(row), object: row };
}

async function viewDetail(
  call: AdminCall<unknown, unknown, unknown>,
  row: batchList.ListedBatch,
): Promise<z.output<typeof batchDetailOut>> {
  const placeOf = await placesOf(call, [row]);
  const refused = await batchList.refusedLines(call.deps.db, row, LINE_ERRORS_MAX);
  return {
    ...factsOf(row),
    provider: row.provider,
    input_file_id: row.inputFileId,
    output_file_id: row.outputFileId,
    error_file_id: row.errorFileId,
    trouble: row.trouble,
    errors: (row.errors ?? []).map(({ code, message, line }) => ({ code, message, line })),
    refused_lines: { data: [...refused.lines], total: refused.total },
    capabilities: [...capabilitiesOf(call.actor, placeOf(row))],
  };
}

function factsOf(row: batchList.ListedBatch) {
  return {
    id: row.id,
    organization_id: row.organizationId,
    status: row.status,
    endpoint: row.endpoint,
    model: row.calledName,
    lines: { total: row.total, completed: row.completed, failed: row.failed },
    spend: formatUsd(row.spentNanoUsd),
    team_id: row.teamId,
    team_name: row.teamName,
    key_id: row.keyId,
    key_name: row.keyName,
    created_at: isoOf(row.createdAt),
    ended_at: isoOrNull(row.endedAt),
    expires_at: isoOf(row.expiresAt),
  };
}
