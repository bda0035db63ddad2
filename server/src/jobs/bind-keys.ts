import { bindKeys } from '../store/sealing/key-seal.ts';
import type { Job } from './job.ts';

/** Seals provider keys for their addresses, which a start cannot do while replicas of an older version may run. */
export function bindKeysJob({ key }: { readonly key: Buffer }): Job {
  return {
    name: 'bind-keys',
    about:
      'After an upgrade: seals provider keys for the addresses they are sent to, once no replica of the older version can run.',
    cron: '* * * * *',
    run: async ({ database: { db } }) => {
      const { bound, waits, unreadable } = await bindKeys(db, key);
      if (waits) return 'Waits: a replica of an older version may still run.';
      const cannot = unreadable.length === 0 ? '' : ` These cannot be opened, give them again: ${unreadable.join(', ')}.`;
      return `Keys sealed for their addresses: ${bound}.${cannot}`;
    },
  };
}
