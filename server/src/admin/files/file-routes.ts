import type { RouteTable } from '../http/route.ts';
import * as batches from './batches.ts';
import * as files from './files.ts';

/** The routes of files and batches, below /api/v1. */
export const FILE_ROUTES: RouteTable = {
  'GET /organizations/:id/files': files.list,
  'DELETE /organizations/:id/files/:file_id': files.remove,
  'GET /organizations/:id/batches': batches.list,
  'GET /organizations/:id/batches/:batch_id': batches.read,
  'POST /organizations/:id/batches/:batch_id/cancel': batches.cancel,
};
