/** How a process stops: what is in flight may finish, within a bound. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listening } from '../http/open-listener.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { OpenGateway } from './open-gateway.ts';

const IMPATIENT_AFTER_MS = 1_000;
/** For an error in a stream to reach its client. */
const LAST_WORDS_MS = 500;
const LOOK_MS = 20;

/** The first signal drains, a second one does not wait. */
export function onSignal(log: Logger, stop: () => Promise<void>): void {
  let stoppingSinceMs: number | null = null;
  const onStop = (signal: NodeJS.Signals) => {
    // `npm start` passes on what the terminal already sent to all, so only a later signal means: at once.
    if (stoppingSinceMs !== null && clock.nowMs() - stoppingSinceMs > IMPATIENT_AFTER_MS) process.exit(130);
    if (stoppingSinceMs !== null) return;
    stoppingSinceMs = clock.nowMs();
    log.info(`${signal}: no new requests; what is in flight may finish`);
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed; the journal keeps what was not stored');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onStop);
  process.on('SIGINT', onStop);
}

/**
 * No new connections; streams may finish. At the bound what still streams ends with an error in the stream, and what is open after that is
 * cut and settles as a hang-up.
 */
export async function closeWithin(listening: Listening, ms: number, cutStreams: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => listening.server.close(() => resolve()));
  listening.drain();
  const end = setTimeout(cutStreams, ms);
  const cut = setTimeout(() => listening.cut(), ms + LAST_WORDS_MS);
  await closed;
  clearTimeout(end);
  clearTimeout(cut);
}

/**
 * Answers that are read on for clients that hung up may come to their end within the bound as well. What is left of them then is let go of, and
 * charged as one that broke.
 */
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
