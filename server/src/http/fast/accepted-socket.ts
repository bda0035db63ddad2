import { Socket, type SocketConstructorOpts } from 'node:net';
import { sharedReads } from '../../lib/shared-reads.ts';

/** What Node keeps in a socket that a server accepted. No part of its promises: where it is not there, nothing is changed. */
interface Accepted {
  _handle?: { readonly useUserBuffer?: unknown } | null;
  _server?: unknown;
  server?: unknown;
}

/**
 * The same connection as a socket that reads into shared memory and tells what came as `data`, like any other. Sockets can be told to when
 * they are made, but a server makes those it accepts without asking: so the connection is moved from the one to the other before anything
 * was read. The one it was accepted as must not be used any more.
 */
export function withSharedReads(accepted: Socket): Socket {
  const { _handle: handle, _server, server } = accepted as Accepted;
  const onread = sharedReads((bytes) => socket.emit('data', bytes));
  if (onread === null || typeof handle?.useUserBuffer !== 'function') return accepted;
  const options = { handle, allowHalfOpen: accepted.allowHalfOpen, onread };
  const socket = new Socket(options as SocketConstructorOpts);
  // The server counts its connections when they close.
  Object.assign(socket, { _server, server });
  Object.assign(accepted, { _handle: null, _server: null, server: null });
  return socket;
}
