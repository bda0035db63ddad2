/** The thread of large-bodies.ts. It reads one body at a time and returns it in pieces, each after the last was taken. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type BodyProblem, Untranslatable, type Wire } from '../../dialects/dialect.ts';
import {
  type LargeBodyHeaders,
  type LargeReading,
  readLargeBody,
  type Translation,
  translateLargeBody,
} from '../../dialects/exchange.ts';
import { type JsonPiece, piecesOf } from '../../lib/json/json-pieces.ts';
import { joined } from '../../lib/pieces.ts';

/** A message to the thread. `pieces`: a body's bytes, to be joined here. `next`: the last piece was taken. */
export type ToThread =
  | { readonly is: 'read'; readonly pieces: readonly Bytes[]; readonly wire: Wire; readonly headers: LargeBodyHeaders }
  | { readonly is: 'next' }
  | { readonly is: 'translate'; readonly pieces: readonly Bytes[]; readonly translation: Translation };

/** A message from the thread: pieces of a body, then one of the others. Those return the bytes that the thread was given. */
export type FromThread =
  | { readonly is: 'piece'; readonly piece: JsonPiece }
  | (Omit<Extract<LargeReading, { ok: true }>, 'body' | 'ok'> & { readonly is: 'whole'; readonly bytes: Bytes })
  | { readonly is: 'translated'; readonly bytes: Bytes; readonly written: Bytes; readonly dropped: readonly string[] }
  | { readonly is: 'problem'; readonly bytes: Bytes; readonly problem: BodyProblem };

type Bytes = Uint8Array<ArrayBuffer>;

const port = parentPort as MessagePort;
let pieces: Iterator<JsonPiece> | null = null;
let end: FromThread | null = null;

port.on('message', (message: ToThread) => {
  if (message.is === 'translate') {
    end = translated(bytesOf(message.pieces), message.translation);
  } else if (message.is === 'read') {
    const { wire, headers } = message;
    const bytes = bytesOf(message.pieces);
    const reading = readLargeBody(bufferOf(bytes), wire, headers);
    if (reading.ok) begin(bytes, reading);
    else end = { is: 'problem', bytes, problem: reading.problem };
  }
  giveNext();
});

function begin(bytes: Bytes, { body, left, facts, tags, tokens }: Extract<LargeReading, { ok: true }>): void {
  pieces = piecesOf(body);
  end = { is: 'whole', bytes, left, facts, tags, tokens };
}

function translated(bytes: Bytes, translation: Translation): FromThread {
  try {
    const { upstreamBody, dropped } = translateLargeBody(bufferOf(bytes), translation);
    return { is: 'translated', bytes, written: new Uint8Array(upstreamBody), dropped };
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return { is: 'problem', bytes, problem: { message: error.message, param: error.param } };
  }
}

function bytesOf(pieces: readonly Bytes[]): Bytes {
  const { buffer } = joined(pieces.map(bufferOf));
  return new Uint8Array(buffer as ArrayBuffer);
}

function bufferOf(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function giveNext(): void {
  const next = pieces?.next();
  if (next !== undefined && next.done !== true) {
    port.postMessage({ is: 'piece', piece: next.value } satisfies FromThread);
    return;
  }
  if (end === null) return;
  port.postMessage(end, buffersOf(end));
  // Keep no part of a body here.
  [pieces, end] = [null, null];
}

/** Returns the buffers of a message to move instead of copying. */
function buffersOf(message: FromThread): ArrayBuffer[] {
  if (message.is === 'piece') return [];
  const { buffer } = message.bytes;
  if (message.is === 'translated') return [buffer, message.written.buffer];
  return [buffer];
}
