import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';

/** Text that is made while it is sent, in pages of whole lines. With a file name browsers keep it instead of showing it. */
export interface TextAnswer {
  readonly type: 'application/x-ndjson' | 'text/csv';
  readonly fileName?: string;
  readonly lines: AsyncIterable<string>;
}

/** An export whose first lines were read. It holds its place until it is written. */
export interface OpenExport extends Omit<TextAnswer, 'lines'> {
  /** Writes the body and ends the response. Called once. Never rejects. */
  writeTo(response: ServerResponse): Promise<void>;
}

/** What a route that answers with text says of its response. */
export const textOut = z.custom<TextAnswer>();

export function jsonLines(lines: AsyncIterable<string>): TextAnswer {
  return { type: 'application/x-ndjson', lines };
}

export function csvFile(fileName: string, lines: AsyncIterable<string>): TextAnswer {
  return { type: 'text/csv', fileName, lines };
}

/** Writes an answer by itself: what another part of the house says is passed on as it is. */
export type PassOn = (response: ServerResponse) => void;

/** An answer ready to be sent. */
export interface Answer {
  readonly status: number;
  /** JSON text; null for none. */
  readonly body: string | null;
  readonly etag: string | null;
  /** In place of a body. */
  readonly text?: OpenExport;
  /** In place of a body: server-sent events, until one side ends them. */
  readonly events?: Readable;
  /** In place of everything above. */
  readonly passOn?: PassOn;
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[];
}
