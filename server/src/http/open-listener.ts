import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type HeadVerdict, readAll } from '../lib/buffered-bytes.ts';
import { openFastLane } from './fast/listener.ts';
import { connectionRefusal, createListener, KEEP_ALIVE_MS, type ListenerOptions, PATIENCE } from './node/listener.ts';

/** The server, and how its connections end whichever of the two reads them. */
export interface Listening {
  readonly server: Server;
  /** Closes idle connections; what is under way may finish. */
  drain(): void;
  /** Closes every connection. */
  cut(): void;
}

/** The listener, with the fast lane in front of it or without: the same walk, the same bounds, the same words. */
export function openListener(fastLane: 'on' | 'off', options: ListenerOptions): Listening {
  const server = createListener(options);
  const { connections } = options;
  if (connections !== undefined) server.maxConnections = connections.max;
  if (fastLane === 'off') {
    server.prependListener('connection', (socket) => {
      if (connections?.bounds.enter(socket) === false) socket.destroy();
    });
  }
  const lane = fastLane === 'off' ? null : openFastLane(server, laneOptions(options));
  return {
    server,
    drain: () => {
      lane?.drain();
      closeWhenIdle(server);
    },
    cut: () => {
      lane?.cut();
      server.closeAllConnections();
    },
  };
}

function laneOptions({
  clock,
  bodyBytesMax,
  patience = PATIENCE,
  isLeaving = never,
  serve,
  judge = readsAll,
  requestId,
  connections,
}: ListenerOptions) {
  return {
    enter: (socket: Socket) => connections?.bounds.enter(socket) ?? true,
    clock,
    bodyBytesMax,
    patience: { ...patience, idleMsMax: KEEP_ALIVE_MS },
    isLeaving,
    serve,
    judge,
    refusal: (why: 'unreadable' | 'late') => connectionRefusal(why, requestId()),
  };
}

const LOOK_MS = 50;

/** Node keeps a connection whose answer had begun before: it becomes idle with the answer's end, and nothing says when. */
function closeWhenIdle(server: Server): void {
  server.closeIdleConnections();
  const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  server.once('close', () => clearInterval(looking));
}

/** The lane takes no body that is larger than the bound, so nothing is refused while one is read. */
function readsAll(): HeadVerdict {
  return readAll(() => {});
}

function never(): boolean {
  return false;
}
