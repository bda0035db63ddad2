import type { ServerResponse } from 'node:http';
import type { Actor } from '../http/actor.ts';
import type { OpenExport, TextAnswer } from '../http/answer.ts';
import { forbidden, Problem, renderProblem } from '../http/problem.ts';
import { type Admission, stillAdmitted } from '../streams/admission.ts';
import { csvLine } from './csv.ts';

/**
 * The exports of this process: limits how many run at once, and writes them. Each page is read after the reader took the one
 * before.
 */

const AT_ONCE_MAX = 2;
const RETRY_AFTER_S = 5;

/**
 * The time limits of an export, in milliseconds: for a reader that reads nothing (`unreadMsMax`), and for the whole export
 * (`msMax`).
 */
export interface ExportBounds {
  readonly unreadMsMax: number;
  readonly msMax: number;
}

const BOUNDS: ExportBounds = { unreadMsMax: 60_000, msMax: 30 * 60_000 };

/** Turns an error into the problem that the reader of the export gets. */
export type Describe = (error: unknown) => { readonly problem: Problem; readonly requestId: string };

export class Exports {
  readonly #bounds: ExportBounds;
  #open = 0;

  constructor(bounds: ExportBounds = BOUNDS) {
    this.#bounds = bounds;
  }

  /** Starts an export and reads its first lines. Throws 429 if two are running, and rethrows errors of the first lines. */
  async open(start: () => Promise<TextAnswer>, describe: Describe): Promise<OpenExport> {
    if (this.#open >= AT_ONCE_MAX) {
      const detail = 'Two exports are running, the most that one process writes at once. Try again when one of them has ended.';
      throw new Problem(429, detail, { headers: { 'retry-after': String(RETRY_AFTER_S) } });
    }
    this.#open += 1;
    const leave = () => {
      this.#open -= 1;
    };
    try {
      const { lines, ...file } = await start();
      const pages = lines[Symbol.asyncIterator]();
      const first = await pages.next();
      const writeTo = (response: ServerResponse) =>
        write(response, { type: file.type, first, pages, describe }, this.#bounds).finally(leave);
      return { ...file, writeTo };
    } catch (error) {
      leave();
      throw error;
    }
  }
}

/**
 * Yields pages while their reader may have them. A slow reader can take half an hour, and may lose a role in that time. The rows
 * that the caller may see are computed once, so any change of roles ends the export. Throws a Problem in place of a page.
 */
export async function* whileAdmitted(lines: AsyncIterable<string>, admission: Admission): AsyncGenerator<string> {
  const admitted = stillAdmitted(admission);
  const held = holdingsOf(admission.first.call.actor);
  for await (const page of lines) {
    if (holdingsOf((await admitted()).call.actor) !== held)
      throw forbidden('Your permissions changed during the export. Start it again.');
    yield page;
  }
}

function holdingsOf({ roles, narrowing }: Actor): string {
  return JSON.stringify([roles, narrowing]);
}

interface Begun {
  readonly type: TextAnswer['type'];
  readonly first: IteratorResult<string>;
  readonly pages: AsyncIterator<string>;
  readonly describe: Describe;
}

async function write(response: ServerResponse, { type, first, pages, describe }: Begun, bounds: ExportBounds): Promise<void> {
  try {
    if (response.req.method !== 'HEAD') await writePages(response, first, pages, bounds);
    response.end();
  } catch (error) {
    breakOff(response, lastLine(type, describe(error)), bounds.unreadMsMax);
  } finally {
    // Releases the database resources of the pages, even if nobody reads them to the end.
    await pages.return?.().catch(() => {});
  }
}

/** Returns early if the reader left. Throws if a page cannot be read or the time is over. */
async function writePages(
  response: ServerResponse,
  first: IteratorResult<string>,
  pages: AsyncIterator<string>,
  { unreadMsMax, msMax }: ExportBounds,
): Promise<void> {
  const endsAtMs = performance.now() + msMax;
  for (let page = first; page.done !== true && !response.destroyed; page = await pages.next()) {
    if (performance.now() > endsAtMs)
      throw new Problem(
        503,
        `The export took longer than the allowed ${msMax / 60_000} minutes. Narrow the filters and try again.`,
      );
    if (!response.write(page.value)) await drained(response, unreadMsMax);
  }
}

/** Waits until the reader has taken everything. Closes the connection of a reader that takes longer than `msMax`. */
function drained(response: ServerResponse, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => response.destroy(), msMax);
    const done = () => {
      clearTimeout(cut);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
    if (response.destroyed) done();
  });
}

/**
 * Sends a last line and closes the connection before the answer's end. So both a person and a program can see that lines are
 * missing.
 */
function breakOff(response: ServerResponse, line: string, msMax: number): void {
  const cut = setTimeout(() => response.destroy(), msMax);
  response.once('close', () => clearTimeout(cut));
  response.write(line, () => response.destroy());
}

function lastLine(type: TextAnswer['type'], { problem, requestId }: ReturnType<Describe>): string {
  const detail = `This export is not complete. ${problem.message}`;
  if (type === 'text/csv') return csvLine([`${detail} (${requestId})`]);
  return `${JSON.stringify({ ...renderProblem(problem, requestId), detail })}\n`;
}
