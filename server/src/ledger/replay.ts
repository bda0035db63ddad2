/**
 * Reads what earlier runs left in the journal, at the start: rows on their way to the database, and requests that never ended.
 */
import { statSync } from 'node:fs';
import { LINE_TAGS } from '../domain/usage/settled-rows.ts';
import { type BadBytes, FRAME_HEADER_BYTES, walkFrames } from './frames.ts';
import { parseBegin, parseEnd, parseRepeat, readEnd, UnreadableRecord } from './parse-lines.ts';
import type { BeginRecord, EndRecord } from './records.ts';
import { checkHeader, listSegments, openSegment, pathOf, readInto, type Segment } from './segments.ts';

export interface Replayed {
  readonly segments: readonly Segment[];
  /** The number of `end` and `shape` lines found. */
  readonly rows: number;
  /** The ends under which requests without an end are settled, in the order in which they began. */
  readonly unfinished: readonly EndRecord[];
  readonly bad: readonly (BadBytes & { readonly path: string })[];
}

/** Called for every `end` line in order, with the place of its row. */
export type OnRow = (requestIds: readonly string[], segment: number, offset: number) => void;

/**
 * Reads all segments in order. Skips and reports what cannot be read; its file is set aside once its rows are stored. Throws
 * JournalUnusable if a directory or a file is not this installation's.
 */
export async function replay(directory: string, installationId: string, onRow: OnRow): Promise<Replayed> {
  const unfinished = new Unfinished();
  const segments: Segment[] = [];
  const bad: (BadBytes & { path: string })[] = [];
  let rows = 0;
  for (const number of listSegments(directory)) {
    const path = pathOf(directory, number);
    const segment = openSegment(path, number, statSync(path).size);
    const bytes = await readInto(Buffer.allocUnsafe(segment.size), segment, 0);
    checkHeader(bytes, path, installationId);
    const onFrame = (at: number, end: number) => {
      const tag = String.fromCharCode(bytes[at + FRAME_HEADER_BYTES] as number);
      if (tag === LINE_TAGS.end || tag === LINE_TAGS.shape) rows += 1;
      const line = { text: bytes.toString('utf8', at + FRAME_HEADER_BYTES, end), segment, at, bytes: end - at };
      const ids = unfinished.read(tag, line);
      if (tag === LINE_TAGS.end) onRow(ids, number, at);
    };
    walkFrames(bytes, onFrame, (found) => {
      bad.push({ ...found, path });
      if (found.is === 'damaged') segment.damaged = true;
      // The rest of a write that a crash cut short: nothing will ever follow it in this file.
      else segment.size = found.offset;
    });
    segments.push(segment);
  }
  const settled = unfinished.settled(({ segment, at: offset, bytes }) => {
    bad.push({ is: 'unreadable', offset, bytes, path: segment.path });
    segment.damaged = true;
  });
  return { segments, rows, unfinished: settled, bad };
}

/** One record's text and its place. */
interface Line {
  readonly text: string;
  readonly segment: Segment;
  readonly at: number;
  readonly bytes: number;
}

/** The requests begun and not yet ended, in the order in which they began. */
class Unfinished {
  readonly #begun = new Map<string, Line>();
  /** The rows that refusals were going to share, with the ids read so far. */
  readonly #shared = new Map<string, { readonly line: Line; readonly repeatIds: string[] }>();

  /** Takes one line; returns the ids of the requests that an `end` line ends. */
  read(tag: string, line: Line): readonly string[] {
    const id = idOf(line.text);
    switch (tag) {
      case LINE_TAGS.begin:
        this.#begun.set(id, line);
        return NONE;
      case LINE_TAGS.shared:
        if (!this.#shared.has(id)) this.#shared.set(id, { line, repeatIds: [] });
        return NONE;
      case LINE_TAGS.repeat: {
        const { requestId, sharedId } = parseRepeat(line.text);
        const ids = this.#shared.get(sharedId)?.repeatIds;
        // A line carried forward to a later segment may be read twice.
        if (ids !== undefined && !ids.includes(requestId)) ids.push(requestId);
        return NONE;
      }
      // The database checks the row itself; one that it refuses is set aside.
      case LINE_TAGS.end:
        this.#begun.delete(id);
        return this.#shared.delete(id) ? [id, ...(readEnd(line.text)?.repeatIds ?? NONE)] : [id];
      default:
        return NONE;
    }
  }

  settled(onUnreadable: (line: Line) => void): readonly EndRecord[] {
    const read = (line: Line, end: () => EndRecord): readonly EndRecord[] => {
      try {
        return [end()];
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        onUnreadable(line);
        return [];
      }
    };
    const lost = [...this.#begun.values()].flatMap((line) => read(line, () => estimatedEnd(parseBegin(line.text))));
    const shared = [...this.#shared.values()].flatMap(({ line, repeatIds }) =>
      read(line, () => ({ ...parseEnd(line.text), count: 1 + repeatIds.length, repeatIds })),
    );
    return [...lost, ...shared];
  }
}

const NONE: readonly string[] = [];

function idOf(line: string): string {
  return line.slice(2, line.indexOf('\t', 2));
}

/** No answer is known. */
const NOTHING_SAID = { serviceTier: null, unpricedUnits: null };

/**
 * Returns the end of a request whose process died before the answer. It is charged what it held, as an estimate. Its time is the
 * journal's.
 */
export function estimatedEnd(begin: BeginRecord): EndRecord {
  const { heldInputTokens, heldOutputTokens, heldNanoUsd, upstreamModel, priceId, ...asked } = begin;
  const { deploymentId, provider, attempts = 1 } = begin;
  const usage = { input: heldInputTokens, output: heldOutputTokens };
  const nanoUsd = priceId === null ? null : heldNanoUsd;
  return {
    ...asked,
    clientRequestId: begin.clientRequestId ?? null,
    endpoint: begin.endpoint ?? '',
    stream: begin.stream ?? false,
    attempts,
    decision: begin.decision ?? '',
    status: 'estimated',
    // No answer is known.
    httpStatus: 0,
    code: null,
    param: null,
    finishReason: null,
    gatewayUs: 0,
    providerMs: null,
    firstTokenMs: null,
    entries: [
      { attempt: attempts, kind: 'estimated', deploymentId, provider, upstreamModel, priceId, usage, nanoUsd, ...NOTHING_SAID },
    ],
    count: 1,
    repeatIds: [],
    content: null,
    tried: null,
  };
}
