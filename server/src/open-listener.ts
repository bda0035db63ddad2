import type { Server } from 'node:http';
import { openFastLane } from './lane/listener.ts';
import { connectionRefusal, createListener, KEEP_ALIVE_MS, type ListenerOptions, PATIENCE } from './proxy/listener.ts';

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

function laneOptions({ clock, bodyBytesMax, patience = PATIENCE, isLeaving = never, serve, requestId }: ListenerOptions) {
  return {
    clock,
    bodyBytesMax,
    patience: { ...patience, idleMsMax: KEEP_ALIVE_MS },
    isLeaving,
    serve,
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

function never(): boolean {
  return false;
}
