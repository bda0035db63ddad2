/**
 * The message under construction: one for the whole process, in one piece of memory, which is reused as soon as a socket has
 * taken what was written. Text is latin1.
 */
import type { Socket } from 'node:net';
import { type Bytes, Pieces } from '../pieces.ts';
import { COLON, CR, IS_WRITABLE, LF, SPACE, UNWRITABLE } from './characters.ts';

/** The owner of a message that is begun and not sent. It takes over the bytes when the next message begins. */
export interface Waiting {
  keepBegun(bytes: Buffer): void;
}

/** The largest body that is copied behind its head, in bytes. A larger one is written separately. */
const COPIED_BYTES_MAX = 16 * 1024;
const FIRST_BYTES = 64 * 1024;
/** Enough for most messages, with the largest body that is copied. */
const ROOM_BYTES_MIN = 24 * 1024;
/** The longest text that we copy; the runtime copies a longer one faster. */
const SHORT_CHARS_MAX = 80;

/** The memory. The message is from `start` to `end`; slow sockets still read the bytes before it. */
let bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
let start = 0;
let end = 0;
let waiting: Waiting | null = null;

/** Begins a message. If the one before is still here, its owner gets a copy. */
export function beginMessage(): void {
  if (waiting !== null) {
    const begun = waiting;
    waiting = null;
    begun.keepBegun(Buffer.from(bytes.subarray(start, end)));
  }
  end = start;
}

/** Leaves the message as it is until `whose` continues it. */
export function waitWith(whose: Waiting): void {
  waiting = whose;
}

/** Reports whether the message that `whose` began is still here; then it may continue and send it. */
export function goOn(whose: Waiting): boolean {
  if (waiting !== whose) return false;
  waiting = null;
  return true;
}

export function addText(text: string): void {
  room(text.length);
  if (text.length > SHORT_CHARS_MAX) {
    end += bytes.write(text, end, 'latin1');
    return;
  }
  for (let at = 0; at < text.length; at += 1) bytes[end + at] = text.charCodeAt(at);
  end += text.length;
}

export function addBytes(more: Buffer): void {
  room(more.length);
  more.copy(bytes, end);
  end += more.length;
}

/** Appends one line of a head. Throws TypeError for a value that cannot be written. */
export function addHeader(name: string, value: string): void {
  addText(name);
  room(value.length);
  bytes[end] = COLON;
  bytes[end + 1] = SPACE;
  end += 2;
  addValue(name, value);
  bytes[end] = CR;
  bytes[end + 1] = LF;
  end += 2;
}

function addValue(name: string, value: string): void {
  if (value.length > SHORT_CHARS_MAX) {
    if (longBefore.get(name) !== value) checkLong(name, value);
    end += bytes.write(value, end, 'latin1');
    return;
  }
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (IS_WRITABLE[code] !== 1) throw unwritable(name);
    bytes[end + at] = code;
  }
  end += value.length;
}

/** The last long value of each of our headers that has one: the limits of a plan are the same in every answer. */
const longBefore = new Map<string, string>();

function checkLong(name: string, value: string): void {
  if (UNWRITABLE.test(value)) throw unwritable(name);
  longBefore.set(name, value);
}

function unwritable(name: string): TypeError {
  return new TypeError(`the header ${name} has a character that HTTP does not allow`);
}

/**
 * Writes the message, then a body and `after`: in one write, or for a large body in three that are sent together. Returns false
 * if the other end reads more slowly than we write.
 */
export function sendMessage(socket: Socket, body: Bytes | null, after: string): boolean {
  if (body !== null && (body.length > COPIED_BYTES_MAX || body instanceof Pieces)) return sendBeside(socket, body, after);
  if (body !== null) addBytes(body);
  if (after !== '') addText(after);
  if (end === start) return true;
  const whole = bytes.subarray(start, end);
  // A socket that is busy, or that encrypts the bytes first, reads them later.
  if (socket.connecting || socket.writableLength > 0 || 'encrypted' in socket) return socket.write(Buffer.from(whole));
  const hasRoom = socket.write(whole);
  if (socket.writableLength > 0) leave();
  return hasRoom;
}

/** Leaves the message in place. The next one begins after it, or in new memory if little is left. */
function leave(): void {
  start = end;
  if (bytes.length - start >= ROOM_BYTES_MIN) return;
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  start = 0;
}

function sendBeside(socket: Socket, body: Bytes, after: string): boolean {
  socket.cork();
  if (end > start) socket.write(Buffer.from(bytes.subarray(start, end)));
  let hasRoom = true;
  for (const piece of body instanceof Pieces ? body.buffers : [body]) hasRoom = socket.write(piece);
  const roomAfter = after === '' ? hasRoom : socket.write(after, 'latin1');
  socket.uncork();
  return roomAfter;
}

/** Makes room for `chars` characters, and for the separators of a header line. */
function room(chars: number): void {
  if (end + chars + 8 <= bytes.length) return;
  const grown = Buffer.allocUnsafeSlow((end - start + chars) * 2 + FIRST_BYTES);
  bytes.copy(grown, 0, start, end);
  bytes = grown;
  end -= start;
  start = 0;
}
