import type { Socket } from 'node:net';

/** Above this a body is written beside its head instead of being copied behind it. */
const COPIED_BYTES_MAX = 16 * 1024;
const SCRATCH_BYTES = 64 * 1024;

/** What is written next is put together here; memory that a socket could not write at once is left to it. */
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/**
 * Writes head, body and what follows it: one write, and for a large body three that leave together. Text is latin1. False: the other end
 * reads more slowly than we write.
 */
export function writeMessage(socket: Socket, before: string, body: Buffer | null, after: string): boolean {
  if (body === null) return before === '' && after === '' ? true : socket.write(before + after, 'latin1');
  if (body.length > COPIED_BYTES_MAX) return writeBeside(socket, before, body, after);
  if (before === '' && after === '') return socket.write(body);
  const length = before.length + body.length + after.length;
  const isWrittenAtOnce =
    length <= SCRATCH_BYTES && !socket.connecting && socket.writableLength === 0 && !('encrypted' in socket);
  const whole = isWrittenAtOnce ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
  whole.write(before, 0, 'latin1');
  body.copy(whole, before.length);
  if (after !== '') whole.write(after, before.length + body.length, 'latin1');
  const hasRoom = socket.write(whole);
  // What the kernel did not take is still read from there.
  if (isWrittenAtOnce && socket.writableLength > 0) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  return hasRoom;
}

function writeBeside(socket: Socket, before: string, body: Buffer, after: string): boolean {
  socket.cork();
  if (before !== '') socket.write(before, 'latin1');
  const hasRoom = socket.write(body);
  const roomAfter = after === '' ? hasRoom : socket.write(after, 'latin1');
  socket.uncork();
  return roomAfter;
}
