/** The end of a batch: reads the provider's results as a stream, settles each line, and writes the files for the client. */
import { BATCH_BOUNDS, type EndedStatus } from '../../domain/batches/batch.ts';
import { LineSet, PackedLines } from '../../domain/batches/line-plan.ts';
import { linesOf } from '../../lib/lines-of.ts';
import { VendorProblem } from '../../providers/vendor-batches.ts';
import { type Endpoint, walkAt } from '../endpoints/endpoint.ts';
import { customIdsOf, OutputFiles } from './output-files.ts';
import { chargeOf, readResult } from './read-result.ts';
import { BatchLost, type EndedLine, type Settling, settleLines } from './settle-lines.ts';
import { goOn, now, type Work } from './work.ts';

/** Lines that are settled together, and the bytes of their results that are in memory meanwhile. */
const LINES_AT_ONCE = 500;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** A result may be longer than its request. */
const RESULT_BYTES_MAX = 4 * BATCH_BOUNDS.lineBytes;
/** So often results that are cut off, or said not to exist, are fetched again. Then what is missing counts as missing. */
const FETCHES_MAX = 8;
/** So long results of a provider that cannot be reached are asked for. */
const FETCH_MS_MAX = 24 * 3_600_000;

/** Settles a batch whose end the provider reported, and ends it. Repeats from the beginning after a failure: no line is charged twice. */
export async function finishBatch(work: Work): Promise<void> {
  const { row, parts } = work;
  const [lines, customIds] = await Promise.all([parts.store.linesOf(row), customIdsOf(work)]);
  const endpoint = walkAt(row.endpoint);
  if (lines === null || endpoint === null) throw new Error('the lines of a batch are gone');
  const settling: Settling = { row, parts, plan: new PackedLines(lines.plan), settled: new LineSet(lines.settled) };
  const files = await OutputFiles.begin(work, customIds);
  try {
    const read = new Results(work, settling, endpoint, files);
    for (const fileId of [row.vendorOutputId, row.vendorErrorId]) if (fileId !== null) await read.file(fileId);
    await read.rest();
    const written = await files.finish();
    await parts.holds.end(row.id);
    const { completed, failed } = read;
    await goOn({ ...work, row: settling.row }, { ...written, ...endOf(work, completed), completed, failed, endedAt: now(parts) });
  } catch (error) {
    await files.abandon();
    if (error instanceof BatchLost) parts.holds.forget(row.id);
    else throw error;
  }
}

function endOf({ row }: Work, completed: number): { readonly status: EndedStatus } {
  const end = row.vendorEnd as EndedStatus;
  // A provider that reports a failure of the whole batch and answers lines has answered them.
  return { status: end === 'failed' && completed > 0 ? 'completed' : end };
}

/** The results of one batch, in the order in which they arrive. */
class Results {
  readonly #work: Work;
  readonly #settling: Settling;
  readonly #endpoint: Endpoint;
  readonly #files: OutputFiles;
  readonly #seen: LineSet;
  #waiting: EndedLine[] = [];
  #waitingBytes = 0;
  #unknown = 0;
  completed = 0;
  failed = 0;

  constructor(work: Work, settling: Settling, endpoint: Endpoint, files: OutputFiles) {
    this.#work = work;
    this.#settling = settling;
    this.#endpoint = endpoint;
    this.#files = files;
    this.#seen = LineSet.empty(settling.plan.count);
  }

  async file(fileId: string): Promise<void> {
    const { row } = this.#work;
    try {
      await this.#read(fileId);
    } catch (error) {
      // What arrived is settled, and a line that did not arrive was not answered for this client.
      if (!isHopeless(error, this.#work)) throw error;
      this.#work.parts.log.warn(
        { batch_id: row.id, reason: (error as Error).message },
        'batches: results of a provider cannot be fetched; their lines are not charged, but the provider may charge them',
      );
    }
    await this.#settle();
  }

  async #read(fileId: string): Promise<void> {
    const { vendor, signal } = this.#work;
    if (vendor === null)
      throw new VendorProblem('again', 'The deployment or its credential is gone, so the results cannot be fetched.');
    const content = checked(await vendor.content(fileId, signal));
    let last: Buffer | null = null;
    for await (const { bytes } of linesOf(content, RESULT_BYTES_MAX)) {
      last = bytes;
      if (bytes === null || bytes.length === 0) continue;
      await this.#take(bytes);
    }
    // The end of a connection is also what a proxy makes of a failure. A whole line at the end says that nothing is missing.
    if (last !== null && last.length > 0 && !isWhole(last)) throw new CutOff('');
  }

  async #take(bytes: Buffer): Promise<void> {
    const result = readResult(bytes);
    const held = result === null ? null : this.#settling.plan.at(result.line);
    if (result === null || held?.is !== 'held' || this.#seen.has(result.line)) {
      this.#unknown += 1;
      return;
    }
    this.#seen.add(result.line);
    const price = this.#work.row.price;
    const charge = result.isAnswer ? chargeOf(result.body ?? {}, held, this.#endpoint.wire, price) : null;
    if (charge === null) this.failed += 1;
    else this.completed += 1;
    await this.#files.result(result, charge !== null);
    this.#waiting.push({ line: result.line, held, httpStatus: result.httpStatus, charge });
    this.#waitingBytes += bytes.length;
    if (this.#waiting.length >= LINES_AT_ONCE || this.#waitingBytes >= BYTES_AT_ONCE) await this.#settle();
  }

  async #settle(): Promise<void> {
    const ended = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    await settleLines(this.#settling, ended);
  }

  /** Writes the lines without a result: they cost nothing. */
  async rest(): Promise<void> {
    const { plan } = this.#settling;
    for (let line = 0; line < plan.count; line += 1) {
      const planned = plan.at(line);
      if (planned?.is === 'refused') await this.#files.refused(line, planned.error);
      else if (this.#seen.has(line)) continue;
      else await this.#files.missing(line);
      this.failed += 1;
    }
    if (this.#unknown > 0)
      this.#work.parts.log.warn(
        { batch_id: this.#work.row.id, lines: this.#unknown },
        'batches: a provider returned results that belong to no line, or to a line that has one; they were left out',
      );
  }
}

/** Turns a break of a download into a failure that is worth another try. */
async function* checked(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    const { code, name } = (error ?? {}) as NodeJS.ErrnoException;
    throw new CutOff(`: ${code ?? name ?? 'unknown'}`);
  }
}

/** Reports whether results are not asked for again. */
function isHopeless(error: unknown, { row, parts }: Work): boolean {
  if (!(error instanceof VendorProblem)) return false;
  const isThere = error instanceof CutOff || error.kind !== 'again';
  const waitedMs = parts.gateway.clock.nowMs() - (row.finalizingAt ?? row.createdAt).getTime();
  return (isThere && row.failures >= FETCHES_MAX) || waitedMs >= FETCH_MS_MAX;
}

/** The results ended in the middle. */
class CutOff extends VendorProblem {
  constructor(reason: string) {
    super('again', `The results of the provider were cut off${reason}.`);
  }
}

function isWhole(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
