import type { Logger } from '../lib/log.ts';
import { bindKeys } from '../store/sealing/key-seal.ts';
import type { Stores } from './open-stores.ts';

/**
 * Seals again, each for the address it is sent to, the provider keys that an older version stored. While replicas of that version
 * may run, the job `bind-keys` does it later. A key that cannot be opened does not stop the start: its deployments are out of
 * service until someone enters it again.
 */
export async function bindStoredKeys(
  { database, installation }: Pick<Stores, 'database' | 'installation'>,
  log: Logger,
): Promise<void> {
  const { bound, waits, unreadable } = await bindKeys(database.db, installation.credentials);
  if (bound > 0) log.info({ credentials: bound }, 'credentials: stored provider keys are now sealed for their addresses');
  if (waits)
    log.info('credentials: stored provider keys will be sealed for their addresses when no replica of an older version can run');
  if (unreadable.length > 0)
    log.warn({ credentials: unreadable }, 'credentials: the keys of these credentials cannot be decrypted; enter them again');
}
