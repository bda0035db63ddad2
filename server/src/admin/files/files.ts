import { z } from 'zod';
import { FILE_PURPOSES } from '../../domain/tenancy/files.ts';
import { capabilitiesOf, type Permission } from '../../domain/tenancy/permission.ts';
import * as fileList from '../../store/files/file-list.ts';
import * as files from '../../store/files/files.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { capabilities, id, idParams, instantOut, isoOf } from '../http/fields.ts';
import { listQuery, pageOut, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { placesOf } from './places.ts';

/** The files of an organization's batches, without their content: only keys read that, over the data plane. */

const fileOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    filename: z.string(),
    purpose: z.enum(FILE_PURPOSES),
    bytes: z.int(),
    lines: z.int(),
    team_id: z.string(),
    team_name: z.string().nullable(),
    key_id: z.string().meta({ description: 'The key that uploaded it, or whose batch made it.' }),
    key_name: z.string().nullable(),
    created_at: instantOut,
    expires_at: instantOut,
    capabilities,
  })
  .meta({ id: 'File' });

const fileParams = z.object({ id, file_id: text(64) });

export const list = route({
  summary: 'List the files of an organization',
  description: 'Returns the files of batches that the caller may see, newest first, without their content.',
  permission: 'usage.read',
  params: idParams,
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    search: text(400).optional().meta({ description: 'Matches a part of the file name, or the whole id.' }),
    team_id: id.optional(),
    key_id: id.optional(),
    purpose: z.enum(FILE_PURPOSES).optional(),
  }),
  response: pageOut(fileOut),
  load: load.withinOrganization,
  handle: async (call, { id: organizationId }) => {
    const { query, deps, actor } = call;
    const filter = {
      ...{ organizationId, reach: reachWithin(actor, 'usage.read', { organizationId }), search: searchOf(query) },
      ...{ teamId: query.team_id, keyId: query.key_id, purpose: query.purpose },
    };
    const page = await fileList.listForAdmin(deps.db, filter, query, new Date(deps.clock.nowMs()));
    const placeOf = await placesOf(call, page.rows);
    const data = page.rows.map((row) => viewOf(row, capabilitiesOf(actor, placeOf(row))));
    return { data, next_cursor: page.nextCursor, total: page.total };
  },
});

export const remove = route({
  summary: 'Delete a file',
  description:
    'Nobody finds the file from then on, and its content is deleted within minutes. A batch that still has to read it fails.',
  permission: 'keys.manage',
  params: fileParams,
  status: 204,
  response: z.void(),
  load: loadFile,
  handle: async (call, file) => {
    await change(call, async ({ tx, record }) => {
      if (!(await files.remove(tx, file))) throw notFound('file');
      const { organizationId, id: objectId, filename: objectName } = file;
      await record({
        ...{ action: 'file.delete', organizationId, objectType: 'file', objectId, objectName },
        ...{ before: factsOf(file), after: null },
      });
    });
    return undefined;
  },
});

async function loadFile(
  call: AdminCall<{ readonly id: string; readonly file_id: string }, unknown, unknown>,
): Promise<Loaded<fileList.ListedFile>> {
  const { db, clock } = call.deps;
  const { id: organizationId } = await load.findOrganization(call, call.params.id);
  const row = await fileList.findForAdmin(db, { organizationId, id: call.params.file_id }, new Date(clock.nowMs()));
  if (row === null) throw notFound('file');
  return { place: (await placesOf(call, [row]))(row), object: row };
}

function viewOf(row: fileList.ListedFile, may: readonly Permission[]): z.output<typeof fileOut> {
  const { id: fileId, organizationId } = row;
  return { id: fileId, organization_id: organizationId, ...factsOf(row), capabilities: [...may] };
}

/** Returns what the audit log keeps of a file. */
function factsOf(row: fileList.ListedFile) {
  return {
    filename: row.filename,
    purpose: row.purpose,
    bytes: row.bytes,
    lines: row.lines,
    team_id: row.teamId,
    team_name: row.teamName,
    key_id: row.keyId,
    key_name: row.keyName,
    created_at: isoOf(row.createdAt),
    expires_at: isoOf(row.expiresAt),
  };
}
