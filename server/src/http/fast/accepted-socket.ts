import { Socket, type SocketConstructorOpts } from 'node:net';
import { sharedReads } from '../../lib/shared-reads.ts';

/** Internal fields of a socket that a server accepted. They are no public API: without them the socket stays as it is. */
interface Accepted {
  _handle?: { readonly useUserBuffer?: unknown } | null;
  _server?: unknown;
  server?: unknown;
}

/**
 * Returns a socket for the same connection that reads into shared memory and still emits `data`. A socket takes that option only
 * when it is created, and a server creates the sockets that it accepts. So this moves the connection to a new socket before
 * anything is read. The caller must not use `accepted` afterwards. Returns `accepted` itself if memory cannot be shared or Node's
 * fields are missing.
 */
export function withSharedReads(accepted: Socket): Socket {
  const { _handle: handle, _server, server } = accepted as Accepted;
  const onread = sharedReads((bytes) => socket.emit('data', bytes));
  if (onread === null || typeof handle?.useUserBuffer !== 'function') return accepted;
  const options = { handle, allowHalfOpen: accepted.allowHalfOpen, onread };
  const socket = new Socket(options as SocketConstructorOpts);
  // On close, a socket lowers its server's count of connections.
  Object.assign(socket, { _server, server });
  Object.assign(accepted, { _handle: null, _server: null, server: null });
  return socket;
}
