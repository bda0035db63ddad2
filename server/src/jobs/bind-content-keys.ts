import type { ContentWrappers } from '../lib/secrets.ts';
import { bindContentKeys } from '../store/sealing/content-keys.ts';
import { goOn, type Job } from './job.ts';

/** Migrates content keys of older versions, which the master key wraps directly. */
export function bindContentKeysJob({ wrappers }: { readonly wrappers: ContentWrappers }): Job {
  return {
    name: 'bind-content-keys',
    about:
      'After an upgrade: wraps each organization’s content key with the installation’s key, so that the master key can be rotated. Waits until no replica of the older version can run.',
    cron: '* * * * *',
    run: async (context) => {
      const { bound, waits, unreadable } = await bindContentKeys(context.database.db, wrappers, () => goOn(context));
      if (waits) return 'Did nothing yet: a replica of an older version may still be running.';
      const cannot =
        unreadable.length === 0 ? '' : ` The content keys of these organizations cannot be decrypted: ${unreadable.join(', ')}.`;
      return `Wrapped ${bound} content keys with the installation’s key.${cannot}`;
    },
  };
}
