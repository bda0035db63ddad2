/** One request at the vendor's double, and the writing of its answer: what was written is what the record says. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { room } from './raw-http.ts';
import type { VendorEvent, VendorKind, VendorUsage } from './vendor-answers.ts';

/** One request as the vendor saw it, and how far it came with its answer. */
export interface Served {
  readonly model: string;
  readonly kind: VendorKind;
  readonly stream: boolean;
  readonly bodyBytes: number;
  /** The output cap that was sent; null when none was. */
  readonly outputCap: number | null;
  /** Bytes of answer text that were written. */
  textBytes: number;
  /** What was told of the usage so far; null: nothing. */
  usage: VendorUsage | null;
  /** The answer was written to its end. */
  isComplete: boolean;
  /** The connection it came over is gone, and served nothing after it. */
  isClosed: boolean;
}

/** What one answer needs. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: Served;
  readonly words: number;
  readonly usage: VendorUsage;
}

/** Writes a whole answer and its head. */
export function writeWhole({ response, record, usage }: Exchange, body: string): void {
  record.textBytes = Buffer.byteLength(body);
  record.usage = usage;
  record.isComplete = true;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(body);
}

/** Writes a stream to its end. */
export async function writeStream(exchange: Exchange, events: readonly VendorEvent[]): Promise<void> {
  await writeEvents(exchange, events);
  exchange.record.isComplete = events.at(-1)?.isTerminator === true;
  exchange.response.end();
}

/** Writes events, a few a turn, as far as the other side stays; the stream stays open. */
export async function writeEvents({ response, record }: Exchange, events: readonly VendorEvent[]): Promise<void> {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const { bytes, textBytes, usage } of events) {
    if (response.destroyed) return;
    record.textBytes += textBytes;
    record.usage = usage ?? record.usage;
    if (!response.write(bytes)) await room(response);
  }
}
