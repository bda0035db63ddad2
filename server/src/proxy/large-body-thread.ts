/** The thread of large-bodies.ts: reads one body after the other and hands each over in pieces, the next when the last was taken. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { BodyProblem, FieldSpans } from '../dialects/dialect.ts';
import { readLargeBody } from '../dialects/exchange.ts';
import { type JsonPiece, piecesOf } from '../lib/json-pieces.ts';

/** What the thread is told. `next`: the last piece is in its place. */
export type ToThread = { readonly is: 'read'; readonly bytes: Uint8Array<ArrayBuffer> } | { readonly is: 'next' };

/** What the thread says: pieces of the body, then one of the others, with the bytes that it was given. */
export type FromThread =
  | { readonly is: 'piece'; readonly piece: JsonPiece }
  | (Bytes & { readonly is: 'whole'; readonly written: Uint8Array<ArrayBuffer> | null; readonly spans: FieldSpans })
  | (Bytes & { readonly is: 'problem'; readonly problem: BodyProblem });

interface Bytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const port = parentPort as MessagePort;
let pieces: Iterator<JsonPiece> | null = null;
let end: Exclude<FromThread, { is: 'piece' }> | null = null;

port.on('message', (message: ToThread) => {
  if (message.is === 'read') begin(message.bytes);
  giveNext();
});

function begin(bytes: Uint8Array<ArrayBuffer>): void {
  const reading = readLargeBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  pieces = reading.ok ? piecesOf(reading.body) : null;
  if (reading.ok) {
    const written = reading.written === null ? null : new Uint8Array(reading.written);
    end = { is: 'whole', bytes, written, spans: reading.spans };
  } else {
    end = { is: 'problem', bytes, problem: reading.problem };
  }
}

function giveNext(): void {
  const next = pieces?.next();
  if (next !== undefined && next.done !== true) {
    port.postMessage({ is: 'piece', piece: next.value } satisfies FromThread);
    return;
  }
  if (end === null) return;
  const written = end.is === 'whole' ? end.written : null;
  port.postMessage(end, written === null ? [end.bytes.buffer] : [end.bytes.buffer, written.buffer]);
  // Nothing of a body stays here.
  [pieces, end] = [null, null];
}
