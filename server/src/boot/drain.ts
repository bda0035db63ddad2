/** Stops a process: requests in flight may finish within a time limit. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listening } from '../http/open-listener.ts';
import { stopListening } from '../http/stop-listening.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { Port } from './port.ts';

const IMPATIENT_AFTER_MS = 1_000;
/** The time for a stream's error to reach its client. */
const LAST_WORDS_MS = 500;
const LOOK_MS = 20;
const KEEPS_CONNECTIONS_MS = 1_000;

/** Calls `stop` on the first signal. A second one ends the process at once. */
export function onSignal(log: Logger, stop: () => Promise<void>): void {
  let stoppingSinceMs: number | null = null;
  const onStop = (signal: NodeJS.Signals) => {
    // `npm start` repeats a signal that the terminal sent to all processes, so only one at least a second later counts.
    if (stoppingSinceMs !== null && clock.nowMs() - stoppingSinceMs > IMPATIENT_AFTER_MS) process.exit(130);
    if (stoppingSinceMs !== null) return;
    stoppingSinceMs = clock.nowMs();
    log.info(`${signal}: stopping; new requests are refused, and requests in flight may finish`);
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed; the journal has what was not stored yet, and the next start stores it');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onStop);
  process.on('SIGINT', onStop);
}

/**
 * Serves for `ms` while `/health/ready` says that this process leaves. Each answer closes its connection, so that clients of a balancer
 * of connections open the next one elsewhere. Not so in the last second: a proxy without health checks then holds connections when the
 * listener closes, and hardly opens one just then.
 */
export async function letProxiesNotice(port: Pick<Port, 'notReady' | 'isLeaving'>, ms: number): Promise<void> {
  const keepsMs = Math.min(ms, KEEPS_CONNECTIONS_MS);
  port.notReady = 'draining';
  port.isLeaving = true;
  await sleep(ms - keepsMs);
  port.isLeaving = false;
  await sleep(keepsMs);
}

/**
 * Refuses new connections and lets streams finish. After `ms` it ends the remaining streams with an error. Whatever is still open
 * after that is closed and settles as a hang-up. Connections close once they were idle for `idleMs`.
 */
export async function closeWithin(
  listening: Listening,
  { ms, idleMs }: { readonly ms: number; readonly idleMs: number },
  cutStreams: () => void,
): Promise<void> {
  const closed = once(listening.server, 'close');
  await stopListening(listening.server);
  listening.drain(idleMs);
  const end = setTimeout(cutStreams, ms);
  const cut = setTimeout(() => listening.cut(), ms + LAST_WORDS_MS);
  await closed;
  clearTimeout(end);
  clearTimeout(cut);
}

/** Waits at most `ms` for answers to clients that hung up. Then it stops reading them, and they are charged as broken off. */
export async function settleUnheard({ gateway }: OpenGateway, ms: number, cut: () => void): Promise<void> {
  const isSettled = () => gateway.traffic.inFlight().length === 0;
  await untilOrAtMost(isSettled, ms);
  cut();
  await untilOrAtMost(isSettled, LAST_WORDS_MS);
}

async function untilOrAtMost(is: () => boolean, ms: number): Promise<void> {
  const endMs = clock.monotonicMs() + ms;
  while (!is() && clock.monotonicMs() < endMs) await sleep(LOOK_MS);
}
