/** The thread of large-bodies.ts: reads one body after the other and hands each over in pieces, the next when the last was taken. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { readLargeBody } from '../dialects/exchange.ts';
import { type JsonPiece, piecesOf } from '../lib/json-pieces.ts';
import type { FromThread, ToThread } from './large-bodies.ts';

const port = parentPort as MessagePort;
let pieces: Iterator<JsonPiece> | null = null;
let end: FromThread | null = null;
let written: Uint8Array<ArrayBuffer> | null = null;

port.on('message', (message: ToThread) => {
  if (message.is === 'read') begin(message.bytes);
  giveNext();
});

function begin(bytes: Uint8Array<ArrayBuffer>): void {
  const reading = readLargeBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  pieces = reading.ok ? piecesOf(reading.body) : null;
  written = reading.ok && reading.written !== null ? new Uint8Array(reading.written) : null;
  end = reading.ok ? { is: 'whole', written, spans: reading.spans } : { is: 'problem', problem: reading.problem };
}

function giveNext(): void {
  const next = pieces?.next();
  if (next !== undefined && next.done !== true) {
    port.postMessage({ is: 'piece', piece: next.value } satisfies FromThread);
    return;
  }
  port.postMessage(end, written === null ? [] : [written.buffer]);
  // Nothing of a body stays here.
  [pieces, end, written] = [null, null, null];
}
