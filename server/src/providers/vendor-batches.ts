/** OpenAI's files and batches, as its own API and compatible servers serve them. Nothing here reads a line of a batch. */
import { randomUUID } from 'node:crypto';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { FileAnswer } from '../upstream/file-calls.ts';
import type { BatchAccess, BatchCall } from './batch-access.ts';
import type { Provider } from './provider.ts';

/** A vendor's batch. Texts are untrusted and bounded. */
export interface VendorBatch {
  readonly id: string;
  readonly status: string;
  readonly outputFileId: string | null;
  readonly errorFileId: string | null;
  readonly completed: number;
  readonly failed: number;
  readonly errors: readonly { readonly code: string; readonly message: string; readonly line: number | null }[];
}

/** A call that did not lead to what was wanted. The message holds no secret. */
export class VendorProblem extends Error {
  /** `again`: another try may help. `refused`: it never will. `missing`: what was named does not exist there. */
  readonly kind: 'again' | 'refused' | 'missing';
  readonly retryAfterMs: number | null;

  constructor(kind: VendorProblem['kind'], message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'VendorProblem';
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The name under which a batch of the vendor says which batch of ours it is. */
const MARK = 'headgate_batch';
const JSON_BYTES_MAX = 4 * 1024 * 1024;
const ID_CHARS_MAX = 200;
const PAGE = 100;
const PAGES_MAX = 20;

export interface VendorBatches {
  /** Uploads the lines as a file of this name. Returns its id. */
  upload(filename: string, lines: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string>;
  /** Returns the ids of files of this name. An upload of it may have been cut off after it arrived. */
  filesNamed(filename: string, signal: AbortSignal): Promise<readonly string[]>;
  create(
    batch: { readonly ours: string; readonly fileId: string; readonly endpoint: string },
    signal: AbortSignal,
  ): Promise<VendorBatch>;
  /** Finds a batch that `create` made for a batch of ours, `sinceMs` or later. */
  findOurs(ours: string, sinceMs: number, signal: AbortSignal): Promise<VendorBatch | null>;
  get(id: string, signal: AbortSignal): Promise<VendorBatch>;
  cancel(id: string, signal: AbortSignal): Promise<void>;
  /** Returns the content of a file. Rejects in the middle if it is cut off. */
  content(fileId: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  remove(fileId: string, signal: AbortSignal): Promise<void>;
}

/** Opens the batches of a credential; null if its vendor has none. */
export function vendorBatches(provider: Provider | undefined, credential: CredentialConfig | null): VendorBatches | null {
  const access = credential === null ? null : (provider?.batches?.(credential) ?? null);
  if (provider === undefined || credential === null || access === null) return null;
  return new Vendor(access, (answer, body) => problemOf(provider, credential, answer, body));
}

type ProblemOf = (answer: FileAnswer, body: Buffer) => VendorProblem;

class Vendor implements VendorBatches {
  readonly #access: BatchAccess;
  readonly #problemOf: ProblemOf;

  constructor(access: BatchAccess, problemOfAnswer: ProblemOf) {
    this.#access = access;
    this.#problemOf = problemOfAnswer;
  }

  async upload(filename: string, lines: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
    const boundary = `headgate-${randomUUID()}`;
    const contentType = `multipart/form-data; boundary=${boundary}`;
    const answer = await this.#json({
      method: 'POST',
      path: '/files',
      body: form(boundary, filename, lines),
      contentType,
      signal,
    });
    return idIn(answer);
  }

  async filesNamed(filename: string, signal: AbortSignal): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const file of this.#pages('/files?purpose=batch&order=desc', signal)) {
      if (file.filename === filename) found.push(idIn(file));
    }
    return found;
  }

  async create(
    { ours, fileId, endpoint }: { readonly ours: string; readonly fileId: string; readonly endpoint: string },
    signal: AbortSignal,
  ): Promise<VendorBatch> {
    const asked = { input_file_id: fileId, endpoint, completion_window: '24h', metadata: { [MARK]: ours } };
    return batchFrom(await this.#post('/batches', asked, signal));
  }

  async findOurs(ours: string, sinceMs: number, signal: AbortSignal): Promise<VendorBatch | null> {
    for await (const batch of this.#pages('/batches?', signal)) {
      if (objectIn(batch.metadata)[MARK] === ours) return batchFrom(batch);
      // The newest come first. Clocks differ, so the margin is wide.
      if (typeof batch.created_at === 'number' && batch.created_at * 1_000 < sinceMs - CLOCKS_APART_MS) return null;
    }
    return null;
  }

  async get(id: string, signal: AbortSignal): Promise<VendorBatch> {
    return batchFrom(await this.#json({ method: 'GET', path: `/batches/${encodeURIComponent(id)}`, body: null, signal }));
  }

  async cancel(id: string, signal: AbortSignal): Promise<void> {
    await this.#post(`/batches/${encodeURIComponent(id)}/cancel`, {}, signal);
  }

  async content(fileId: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const answer = await this.#send({ method: 'GET', path: `/files/${encodeURIComponent(fileId)}/content`, body: null, signal });
    return answer.body;
  }

  async remove(fileId: string, signal: AbortSignal): Promise<void> {
    await this.#json({ method: 'DELETE', path: `/files/${encodeURIComponent(fileId)}`, body: null, signal });
  }

  #post(path: string, body: object, signal: AbortSignal): Promise<Fields> {
    const bytes = Buffer.from(JSON.stringify(body));
    return this.#json({ method: 'POST', path, body: bytes, contentType: 'application/json', signal });
  }

  async *#pages(path: string, signal: AbortSignal): AsyncGenerator<Fields> {
    let after = '';
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const from = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
      const answer = await this.#json({ method: 'GET', path: `${path}&limit=${PAGE}${from}`, body: null, signal });
      const data = Array.isArray(answer.data) ? answer.data.map(objectIn) : [];
      yield* data;
      const last = data.at(-1);
      if (answer.has_more !== true || last === undefined) return;
      after = idIn(last);
    }
  }

  async #json(call: BatchCall): Promise<Fields> {
    const answer = await this.#send(call);
    const body = await readBounded(answer);
    try {
      return objectIn(JSON.parse(body.toString('utf8')));
    } catch {
      throw new VendorProblem('again', 'the provider answered with something that is not JSON');
    }
  }

  async #send(call: BatchCall): Promise<FileAnswer> {
    let answer: FileAnswer;
    try {
      answer = await this.#access.send(call);
    } catch (error) {
      if (call.signal.aborted) throw error;
      throw new VendorProblem('again', `the provider cannot be reached: ${connectionWords(error)}`);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw this.#problemOf(answer, await readBounded(answer));
  }
}

const CLOCKS_APART_MS = 3_600_000;

function problemOf(
  provider: Provider,
  credential: CredentialConfig,
  { status, headers }: FileAnswer,
  body: Buffer,
): VendorProblem {
  const { kind, message, retryAfterMs } = provider.readError(status, headers, body, credential);
  const words = `the provider answered ${status}: ${message}`;
  if (status === 404) return new VendorProblem('missing', words);
  // A credential can be repaired, and a quota can be raised, while a batch waits.
  const isLasting = kind === 'caller' || kind === 'context_length' || kind === 'refused';
  return new VendorProblem(isLasting ? 'refused' : 'again', words, retryAfterMs);
}

/** The words of a connection's failure, without an address. */
function connectionWords(error: unknown): string {
  const { code, name } = (error ?? {}) as NodeJS.ErrnoException;
  return code ?? name ?? 'unknown';
}

type Fields = Record<string, unknown>;

function objectIn(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function idIn({ id }: Fields): string {
  if (typeof id === 'string' && id !== '' && id.length <= ID_CHARS_MAX) return id;
  throw new VendorProblem('again', 'the provider answered without an id');
}

function batchFrom(fields: Fields): VendorBatch {
  const counts = objectIn(fields.request_counts);
  const { data } = objectIn(fields.errors);
  return {
    id: idIn(fields),
    status: textIn(fields.status, 40) ?? '',
    outputFileId: textIn(fields.output_file_id, ID_CHARS_MAX),
    errorFileId: textIn(fields.error_file_id, ID_CHARS_MAX),
    completed: countIn(counts.completed),
    failed: countIn(counts.failed),
    errors: (Array.isArray(data) ? data.slice(0, 10).map(objectIn) : []).map(({ code, message, line }) => ({
      code: textIn(code, 100) ?? 'provider_error',
      message: textIn(message, 500) ?? '',
      line: Number.isSafeInteger(line) ? (line as number) : null,
    })),
  };
}

function textIn(value: unknown, charsMax: number): string | null {
  return typeof value === 'string' && value !== '' ? value.replace(/\p{Cc}/gu, ' ').slice(0, charsMax) : null;
}

function countIn(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? Math.min(value as number, 1_000_000) : 0;
}

async function readBounded({ body }: FileAnswer): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      length += part.length;
      if (length > JSON_BYTES_MAX) throw new VendorProblem('again', 'the answer of the provider is too long');
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof VendorProblem) throw error;
    throw new VendorProblem('again', `the answer of the provider was cut off: ${connectionWords(error)}`);
  }
  return Buffer.concat(parts);
}

async function* form(boundary: string, filename: string, lines: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const field = (name: string, more: string) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n`;
  yield Buffer.from(
    `${field('purpose', '')}\r\nbatch\r\n${field('file', `; filename="${filename}"`)}content-type: application/jsonl\r\n\r\n`,
  );
  yield* lines;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}
