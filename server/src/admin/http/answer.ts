import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';

/** Text that is produced while it is sent, in pages of whole lines. With a file name, browsers save it instead of showing it. */
export interface TextAnswer {
  readonly type: 'application/x-ndjson' | 'text/csv';
  readonly fileName?: string;
  readonly lines: AsyncIterable<string>;
}

/** An export whose first lines were read. It counts as running until it is written. */
export interface OpenExport extends Omit<TextAnswer, 'lines'> {
  /** Writes the body and ends the response. Called once. Never rejects. */
  writeTo(response: ServerResponse): Promise<void>;
}

/** The response schema of a route that answers with text. */
export const textOut = z.custom<TextAnswer>();

export function jsonLines(lines: AsyncIterable<string>): TextAnswer {
  return { type: 'application/x-ndjson', lines };
}

export function csvFile(fileName: string, lines: AsyncIterable<string>): TextAnswer {
  return { type: 'text/csv', fileName, lines };
}

/** Writes the response itself. Used to pass an answer of the data plane on unchanged. */
export type PassOn = (response: ServerResponse) => void;

/** Sends the browser to another address: one of our own paths, or an address of an identity provider. */
export interface Redirect {
  readonly location: string;
}

/** The response schema of a route that redirects. */
export const redirectOut = z.custom<Redirect>();

/** An answer ready to be sent. */
export interface Answer {
  readonly status: number;
  /** JSON text; null for none. */
  readonly body: string | null;
  readonly etag: string | null;
  /** Sent in place of a body. */
  readonly text?: OpenExport;
  /** Sent in place of a body: server-sent events, until one side ends them. */
  readonly events?: Readable;
  /** Sent as `location`, in place of a body. */
  readonly location?: string;
  /** Replaces all fields above. */
  readonly passOn?: PassOn;
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[];
}
