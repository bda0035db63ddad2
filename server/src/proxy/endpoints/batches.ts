/** The paths of OpenAI's batches: make, read, list and cancel. */
import type { JsonObject } from '../../dialects/dialect.ts';
import { BATCH_BOUNDS, COMPLETION_WINDOW } from '../../domain/batches/batch.ts';
import { FILE_URLS } from '../../domain/tenancy/files.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import type { AskedBatch, Batches } from '../batches/batches.ts';
import { invalidRequest } from '../refusal.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';
import { type Endpoint, walkAt } from './endpoint.ts';
import { pageOf } from './list-page.ts';

/** A request about batches. */
export interface BatchQuestion {
  readonly is: 'batch';
  /** As it stands in the path; null for all of them. */
  readonly id: string | null;
  readonly part: 'batch' | 'cancel';
  /** The methods that the path supports. */
  readonly methods: readonly string[];
}

const PATH = '/v1/batches';

/** Returns the question at a path of batches; null for any other path. */
export function batchQuestionOf(path: string): BatchQuestion | null {
  if (path === PATH) return { is: 'batch', id: null, part: 'batch', methods: ['GET', 'POST'] };
  if (!path.startsWith(`${PATH}/`)) return null;
  const [id = '', part, ...more] = path.slice(PATH.length + 1).split('/');
  if (id === '' || more.length > 0) return null;
  if (part === undefined) return { is: 'batch', id, part: 'batch', methods: ['GET'] };
  return part === 'cancel' ? { is: 'batch', id, part, methods: ['POST'] } : null;
}

/** The request of a question, and its key. `body` is null unless it writes. */
export interface BatchCallOf {
  readonly key: CachedKey;
  readonly caller: Caller;
  readonly request: Pick<GatewayRequest, 'method' | 'query'>;
  readonly body: JsonObject | null;
  readonly requestId: string;
  readonly clientRequestId: string | null;
}

/** Answers a question about batches that the caller finds. For any other id it is 404, in the same words. */
export function answerBatch({ id, part }: BatchQuestion, call: BatchCallOf, batches: Batches): Promise<object> {
  const { key, caller, request, body } = call;
  if (id !== null) return part === 'cancel' ? batches.cancel(caller, id) : batches.find(caller, id);
  if (request.method === 'GET') return batches.list(caller, pageOf(new URLSearchParams(request.query)));
  return batches.create(key, askedIn(body ?? {}, call));
}

const FIELDS: ReadonlySet<string> = new Set(['input_file_id', 'endpoint', 'completion_window', 'metadata']);

function askedIn(body: JsonObject, { requestId, clientRequestId }: BatchCallOf): AskedBatch {
  for (const name in body)
    if (!FIELDS.has(name)) throw invalidRequest(`${name.slice(0, 80)} is not a field of a batch.`, name.slice(0, 80));
  const { input_file_id: inputFileId, completion_window: window, metadata } = body;
  if (typeof inputFileId !== 'string' || inputFileId === '')
    throw invalidRequest('input_file_id must be the id of a file with the purpose `batch`.', 'input_file_id');
  if (window !== COMPLETION_WINDOW)
    throw invalidRequest(`completion_window must be "${COMPLETION_WINDOW}".`, 'completion_window');
  return { inputFileId, endpoint: endpointIn(body.endpoint), metadata: metadataIn(metadata), requestId, clientRequestId };
}

function endpointIn(path: unknown): Endpoint {
  const known = FILE_URLS.find((one) => one === path);
  const endpoint = known === undefined ? null : walkAt(known);
  if (endpoint === null) throw invalidRequest(`endpoint must be one of ${FILE_URLS.join(', ')}.`, 'endpoint');
  return endpoint;
}

function metadataIn(given: unknown): Record<string, string> | null {
  if (given === undefined || given === null) return null;
  const { metadataPairs, metadataKeyChars, metadataValueChars } = BATCH_BOUNDS;
  const pairs = typeof given === 'object' && !Array.isArray(given) ? Object.entries(given) : null;
  const isGood = pairs?.every(([name, value]) => {
    return name.length <= metadataKeyChars && typeof value === 'string' && value.length <= metadataValueChars;
  });
  if (pairs === null || isGood !== true || pairs.length > metadataPairs)
    throw invalidRequest(
      `metadata must be an object of at most ${metadataPairs} texts, with names of at most ${metadataKeyChars} characters and texts of at most ${metadataValueChars}.`,
      'metadata',
    );
  return Object.fromEntries(pairs) as Record<string, string>;
}
