import type { ContentWrappers } from '../lib/secrets.ts';
import { bindContentKeys } from '../store/sealing/content-keys.ts';
import { goOn, type Job } from './job.ts';

/** Migrates content keys of older versions, which the master key wraps directly. */
export function bindContentKeysJob({ wrappers }: { readonly wrappers: ContentWrappers }): Job {
  return {
    name: 'bind-content-keys',
    about:
      'After an upgrade: wraps each organization’s content key with the installation’s, once no replica of the older version can run, so that the master key can be rotated.',
    cron: '* * * * *',
    run: async (context) => {
      const { bound, waits, unreadable } = await bindContentKeys(context.database.db, wrappers, () => goOn(context));
      if (waits) return 'Waits: a replica of an older version may still run.';
      const cannot = unreadable.length === 0 ? '' : ` These organizations’ keys cannot be opened: ${unreadable.join(', ')}.`;
      return `Content keys wrapped by the installation’s: ${bound}.${cannot}`;
    },
  };
}
