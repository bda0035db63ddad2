/** Periodic work outside of requests. */

import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { Config } from '../settings/config.ts';
import { listenForChanges } from '../store/configuration/config-notices.ts';
import { markKeysUsed } from '../store/tenancy/keys.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { Stores } from './open-stores.ts';

const POLL_MS = 2_000;
const TIDY_MS = 60_000;

/**
 * Follows configuration changes by notification and polling, records when keys were used, and evicts what is idle. Returns a
 * function that stops it and records the last use.
 */
export function keepCurrent(
  config: Config,
  { database }: Stores,
  { gateway, counters }: OpenGateway,
  log: Logger,
): () => Promise<void> {
  const { snapshot } = gateway;
  const quietly = (what: string, work: () => Promise<void>) =>
    work().catch((error: Error) => log.debug({ reason: error.message }, `${what} failed and is tried again`));
  const pollNow = () => void quietly('configuration: reading changes', () => snapshot.poll());
  // A pooler gives the listening session to others, so nothing would be heard through it.
  const url = config.databaseDirectUrl ?? (database.isPooled ? null : config.databaseUrl);
  const notices =
    url === null
      ? null
      : listenForChanges({
          url,
          onChange: (changed) => void quietly('configuration: applying a change', () => snapshot.apply(changed)),
          onGap: pollNow,
          onUnheard: (reason) => {
            const setting = config.databaseDirectUrl === null ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL';
            log.warn({ setting, reason }, 'configuration: changes cannot be heard at once, so they arrive within 2 s');
          },
        });
  let notedMs = clock.nowMs();
  const noteLastUse = async () => {
    const sinceMs = notedMs;
    notedMs = clock.nowMs();
    await markKeysUsed(database.db, snapshot.usedSince(sinceMs));
  };
  const poll = setInterval(pollNow, POLL_MS);
  const tidy = setInterval(() => {
    snapshot.evictIdle(clock.nowMs());
    counters.evictIdle();
    void quietly('keys: storing their last use', noteLastUse);
  }, TIDY_MS);
  return async () => {
    clearInterval(poll);
    clearInterval(tidy);
    await notices?.stop();
    await quietly('keys: storing their last use', noteLastUse);
  };
}
