import { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A turn of the event loop counts as short below this. The bound doubles every 100 ms, because a busy process has no such turns. */
const SHORT_TURN_MS = 0.05;
const DOUBLES_EVERY_MS = 100;
const MS_MAX = 1_000;

/**
 * Stops listening, and loses as few connections as a process can. The kernel completes connections before the process accepts them, and
 * resets those that still wait when the listener closes. A proxy has often sent a request there by then, and answers 502. So this closes
 * the listener in a turn of the event loop that was short and in which nothing was accepted; after a second, in any turn. Connections
 * stay open, also idle ones, which `close` of `node:http` would end.
 */
export async function stopListening(server: Server): Promise<void> {
  let arrived = 0;
  const count = () => {
    arrived += 1;
  };
  for (const event of ['connection', 'drop']) server.on(event, count);
  await nextTurn();
  const startMs = performance.now();
  for (let turnMs = startMs, before = arrived; turnMs - startMs < MS_MAX; ) {
    await nextTurn();
    const nowMs = performance.now();
    if (arrived === before && nowMs - turnMs < SHORT_TURN_MS * 2 ** ((nowMs - startMs) / DOUBLES_EVERY_MS)) break;
    [turnMs, before] = [nowMs, arrived];
  }
  Server.prototype.close.call(server);
  for (const event of ['connection', 'drop']) server.off(event, count);
}
