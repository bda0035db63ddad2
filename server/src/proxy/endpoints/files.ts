/** The paths of OpenAI's Files API: files of batches, which the gateway keeps itself. */
import { FILE_PURPOSES, filesFilter, findsFile } from '../../domain/tenancy/files.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import { isFileId, type StoredFile } from '../files/file-store.ts';
import { checkAllowed, fileNotFound } from '../files/refusals.ts';
import { type UploadOptions, upload } from '../files/upload.ts';
import { invalidRequest } from '../refusal.ts';
import { formOf } from '../spool/form-of.ts';
import { type Page, pageOf } from './list-page.ts';

/** A request about files. */
export interface FileQuestion {
  readonly is: 'file';
  /** As it stands in the path; null for the path of all files. */
  readonly id: string | null;
  readonly part: 'file' | 'content';
  /** The methods that the path supports. */
  readonly methods: readonly string[];
}

const PATH = '/v1/files';
/** As at OpenAI. A file takes few bytes in a list. */
const LIST_BOUNDS = { limitMax: 10_000, limitDefault: 1_000 } as const;

/** Returns the question at a path of files; null for any other path. */
export function fileQuestionOf(path: string): FileQuestion | null {
  if (path === PATH) return { is: 'file', id: null, part: 'file', methods: ['GET', 'POST'] };
  if (!path.startsWith(`${PATH}/`)) return null;
  const [id = '', content = null, ...more] = path.slice(PATH.length + 1).split('/');
  if (id === '' || more.length > 0 || (content !== null && content !== 'content')) return null;
  return content === null
    ? { is: 'file', id, part: 'file', methods: ['GET', 'DELETE'] }
    : { is: 'file', id, part: 'content', methods: ['GET'] };
}

/** Answers a question about files, or returns the file whose content is asked for. For an id that the caller does not find it is 404, in the same words. */
export async function answerFile(
  { id, part }: FileQuestion,
  caller: Caller,
  request: GatewayRequest,
  options: UploadOptions,
): Promise<{ readonly json: object } | { readonly content: StoredFile }> {
  if (id === null) {
    checkAllowed(caller);
    if (request.method === 'POST') return { json: viewOf(await upload(caller, formOf(request), options)) };
    return { json: await list(caller, new URLSearchParams(request.query), options) };
  }
  const file = await options.files.find(caller.organization.id, id);
  if (file === null || !findsFile(caller, file)) throw fileNotFound(caller, id);
  if (part === 'content') return { content: file };
  if (request.method === 'GET') return { json: viewOf(file) };
  if (!(await options.files.remove(caller.organization.id, id))) throw fileNotFound(caller, id);
  return { json: { id, object: 'file', deleted: true } };
}

async function list(caller: Caller, query: URLSearchParams, { files }: UploadOptions): Promise<object> {
  const page = pageOf(query, LIST_BOUNDS);
  if (page.after !== null && !isFileId(page.after)) throw invalidRequest('after must be the id of a file.', 'after');
  const rows = await found(caller, page, query.get('purpose'), files);
  const data = rows.slice(0, page.limit).map(viewOf);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: rows.length > page.limit,
  };
}

/** Returns the files of a page that the caller finds, and one more if there are more. */
async function found(
  caller: Caller,
  page: Page,
  wanted: string | null,
  files: UploadOptions['files'],
): Promise<readonly StoredFile[]> {
  const filter = filesFilter(caller);
  const purpose = FILE_PURPOSES.find((one) => one === wanted) ?? null;
  if (filter === null || (wanted !== null && purpose === null)) return [];
  return files.list({ organizationId: caller.organization.id, ...filter, purpose, ...page, limit: page.limit + 1 });
}

function viewOf({ id, bytes, createdAt, expiresAt, filename, purpose }: StoredFile) {
  return {
    ...{ id, object: 'file', bytes, created_at: seconds(createdAt), expires_at: seconds(expiresAt), filename, purpose },
    // Deprecated at OpenAI, and required by the types of older clients.
    ...{ status: 'processed', status_details: null },
  };
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}
