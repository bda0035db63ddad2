import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type HeadVerdict, readAll } from '../lib/buffered-bytes.ts';
import { openFastLane } from './fast/listener.ts';
import { connectionRefusal } from './node/last-answer.ts';
import { createListener, KEEP_ALIVE_MS, type ListenerOptions, PATIENCE } from './node/listener.ts';

/** A server, with methods that end its connections whether the fast lane or Node reads them. */
export interface Listening {
  readonly server: Server;
  /**
   * Closes connections that were idle for `idleMs`. Requests in flight may finish. One that arrives before its connection closes is served,
   * and its answer is the last there.
   */
  drain(idleMs: number): void;
  /** Closes every connection. */
  cut(): void;
}

/** Opens the listener, with or without the fast lane. Both serve the same requests with the same bounds and answers. */
export function openListener(fastLane: 'on' | 'off', options: ListenerOptions): Listening {
  let isDraining = false;
  const server = createListener({ ...options, isLeaving: () => isDraining || options.isLeaving?.() === true });
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
    drain: (idleMs) => {
      isDraining = true;
      lane?.drain(idleMs);
      closeWhenIdle(server, idleMs);
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

/**
 * Closes connections as they become idle, looking every 50 ms or every `idleMs`: Node does not report when an answer in progress ends. It
 * does not count a connection without a first request as idle.
 */
function closeWhenIdle(server: Server, idleMs: number): void {
  if (idleMs === 0) server.closeIdleConnections();
  const looking = setInterval(() => server.closeIdleConnections(), Math.max(LOOK_MS, idleMs));
  server.once('close', () => clearInterval(looking));
}

/** Reads every body. It needs no refusal: the lane gives bodies above the bound to Node. */
function readsAll(): HeadVerdict {
  return readAll(() => {});
}

function never(): boolean {
  return false;
}
