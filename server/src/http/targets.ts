import type { Socket } from 'node:net';

/**
 * The target of the newest request of a connection, as far as one was read. The parser does not tell it of a head that is too large
 * or too late.
 */
const targets = new WeakMap<Socket, string>();

/** Remembers the target of a request whose head may turn out to be unreadable: the target itself, or the first bytes of the head. */
export function noteTarget(socket: Socket, from: string | Buffer): void {
  const target = typeof from === 'string' ? from : targetIn(from);
  if (target !== null) targets.set(socket, target);
}

export function notedTarget(socket: Socket): string | undefined {
  return targets.get(socket);
}

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} (\S+) ?/;
const LOOKED_AT_BYTES_MAX = 2_048;

/** Returns the target in bytes that begin with a request line, or null if they do not. A long target is cut. */
export function targetIn(bytes: Buffer): string | null {
  return REQUEST_LINE.exec(bytes.toString('latin1', 0, LOOKED_AT_BYTES_MAX))?.[1] ?? null;
}
