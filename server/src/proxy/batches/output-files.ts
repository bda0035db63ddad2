/** The files of a batch for its client: the answers, and the lines that failed. Each line has the client's id and our names. */
import { readBody } from '../../dialects/exchange.ts';
import { BATCH_BOUNDS, type EndedStatus } from '../../domain/batches/batch.ts';
import type { LineError } from '../../domain/batches/line-plan.ts';
import { linesOf } from '../../lib/lines-of.ts';
import { FileGone, type FileWriter, NoContentKey, NoRoomForFile } from '../files/file-store.ts';
import { lineRequestId } from './line-ids.ts';
import type { LineResult } from './read-result.ts';
import type { Work } from './work.ts';

/** The files that were written. Null: there was nothing to write. */
export interface WrittenFiles {
  readonly outputFileId: string | null;
  readonly errorFileId: string | null;
}

/** Reads the client's ids of all lines; an empty text for a line without one, and nothing if the input was deleted. */
export async function customIdsOf({ row, parts }: Work): Promise<readonly string[]> {
  const key = await parts.gateway.snapshot.keyById(row.organizationId, row.keyId);
  const organization = key?.holder.config ?? null;
  const file = await parts.files.find(row.organizationId, row.inputFileId);
  const ids: string[] = [];
  if (file === null || organization === null) return ids;
  try {
    for await (const { bytes } of linesOf(parts.files.read(organization, file), BATCH_BOUNDS.lineBytes)) ids.push(idIn(bytes));
  } catch (error) {
    if (!(error instanceof FileGone || error instanceof NoContentKey)) throw error;
  }
  return ids;
}

function idIn(bytes: Buffer | null): string {
  const reading = bytes === null ? null : readBody(bytes);
  const id = reading?.ok === true ? reading.body.custom_id : null;
  return typeof id === 'string' && id.length <= BATCH_BOUNDS.customIdChars ? id : '';
}

type Begin = (what: 'output' | 'error') => Promise<FileWriter>;

/** One file, begun with its first line. */
interface Begun {
  readonly writer: FileWriter;
  lines: number;
}

export class OutputFiles {
  readonly #work: Work;
  readonly #customIds: readonly string[];
  readonly #begin: Begin | null;
  readonly #files = new Map<'output' | 'error', Begun>();
  /** True once the files cannot be written. Lines are settled all the same. */
  #isLost = false;

  private constructor(work: Work, customIds: readonly string[], begin: Begin | null) {
    this.#work = work;
    this.#customIds = customIds;
    this.#begin = begin;
  }

  /** Prepares the files. Without the organization or its content key none are written, and the lines are settled. */
  static async begin(work: Work, customIds: readonly string[]): Promise<OutputFiles> {
    const { row, parts } = work;
    const key = await parts.gateway.snapshot.keyById(row.organizationId, row.keyId);
    const organization = key?.holder.config ?? null;
    if (organization === null) return new OutputFiles(work, customIds, null);
    const { organizationId, teamId, keyId } = row;
    return new OutputFiles(work, customIds, (what) =>
      parts.files.begin(organization, {
        place: { organizationId, teamId, keyId },
        purpose: 'batch_output',
        filename: `${row.id}_${what}.jsonl`,
        expiresAt: new Date(parts.gateway.clock.nowMs() + parts.files.keptMs),
      }),
    );
  }

  /** Writes a result of the provider: an answer, or its error. */
  async result({ line, httpStatus, body }: LineResult, isAnswer: boolean): Promise<void> {
    if (!isAnswer) return this.#error(line, httpStatus, this.#wordsOf(httpStatus, body));
    const named = body !== null && typeof body.model === 'string' ? { ...body, model: this.#work.row.calledName } : body;
    const response = { status_code: httpStatus, request_id: this.#requestId(line), body: named };
    await this.#write('output', { id: this.#resultId(line), custom_id: this.#customId(line), response, error: null });
  }

  refused(line: number, error: LineError): Promise<void> {
    return this.#error(line, 400, { code: error, message: REFUSED_WORDS[error] });
  }

  missing(line: number): Promise<void> {
    return this.#error(line, 0, MISSING[this.#work.row.vendorEnd as EndedStatus] ?? MISSING.failed);
  }

  /** Makes the files visible. */
  async finish(): Promise<WrittenFiles> {
    const idOf = async (what: 'output' | 'error') => {
      const begun = this.#files.get(what);
      if (begun === undefined || this.#isLost) return null;
      return (await begun.writer.finish(begun.lines)).id;
    };
    return { outputFileId: await idOf('output'), errorFileId: await idOf('error') };
  }

  async abandon(): Promise<void> {
    for (const { writer } of this.#files.values()) await writer.abandon();
  }

  #error(line: number, status: number, error: { readonly code: string; readonly message: string }): Promise<void> {
    const body = { error: { ...error, type: 'invalid_request_error', param: null } };
    const response = status === 0 ? null : { status_code: status, request_id: this.#requestId(line), body };
    const outside = status === 0 ? error : null;
    return this.#write('error', { id: this.#resultId(line), custom_id: this.#customId(line), response, error: outside });
  }

  /** The provider's words about one line, without what looks like a secret. */
  #wordsOf(status: number, body: LineResult['body']): { readonly code: string; readonly message: string } {
    const { deployment, parts } = this.#work;
    const provider = deployment === null ? undefined : parts.gateway.providers.get(deployment.provider);
    const read = provider?.readError(
      status === 0 ? 500 : status,
      {},
      Buffer.from(JSON.stringify(body ?? {})),
      deployment?.credential,
    );
    return { code: 'provider_error', message: read?.message ?? 'The provider did not answer this line.' };
  }

  async #write(what: 'output' | 'error', line: object): Promise<void> {
    if (this.#begin === null || this.#isLost) return;
    try {
      const known = this.#files.get(what);
      const begun = known ?? { writer: await this.#begin(what), lines: 0 };
      if (known === undefined) this.#files.set(what, begun);
      await begun.writer.write(Buffer.from(`${JSON.stringify(line)}\n`));
      begun.lines += 1;
    } catch (error) {
      if (!(error instanceof NoContentKey || error instanceof NoRoomForFile)) throw error;
      this.#isLost = true;
      const { row, parts } = this.#work;
      parts.log.warn({ batch_id: row.id, reason: error.message }, 'batches: results cannot be stored; the lines are charged');
    }
  }

  #customId(line: number): string {
    return this.#customIds[line] ?? `line-${line + 1}`;
  }

  #requestId(line: number): string {
    return lineRequestId(this.#work.row.id, line, this.#work.row.createdAt.getTime());
  }

  #resultId(line: number): string {
    return `batch_${this.#requestId(line)}`;
  }
}

const REFUSED_WORDS: Readonly<Record<LineError, string>> = {
  invalid_line: 'The line is not one JSON object in UTF-8.',
  line_too_long: `The line is longer than ${BATCH_BOUNDS.lineBytes} bytes, the most allowed.`,
  invalid_custom_id: `custom_id must be a text of 1 to ${BATCH_BOUNDS.customIdChars} characters.`,
  duplicate_custom_id: 'custom_id occurs in an earlier line of the file.',
  invalid_method: 'method must be POST.',
  endpoint_mismatch: 'url must be the endpoint of the batch.',
  invalid_body: 'body is not a valid request of the endpoint.',
  model_mismatch: 'All lines of a batch name one model, the one of its first valid line.',
  unsupported_field: 'The request has a field that a batch cannot have, or that has no price.',
};

const MISSING: Readonly<Record<EndedStatus, { readonly code: string; readonly message: string }>> = {
  completed: { code: 'result_missing', message: 'The provider returned no result for this line. It was not charged.' },
  failed: { code: 'batch_failed', message: 'The batch failed before this line was answered. It was not charged.' },
  expired: { code: 'batch_expired', message: 'The batch expired before this line was answered. It was not charged.' },
  cancelled: { code: 'batch_cancelled', message: 'The batch was cancelled before this line was answered. It was not charged.' },
};
