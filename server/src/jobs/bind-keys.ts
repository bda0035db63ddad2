import { bindKeys } from '../store/sealing/key-seal.ts';
import type { Job } from './job.ts';

/** Seals provider keys for their addresses, which a start cannot do while replicas of an older version may run. */
export function bindKeysJob({ key }: { readonly key: Buffer }): Job {
  return {
    name: 'bind-keys',
    about:
      'After an upgrade: seals each provider key for the address that it is sent to. Waits until no replica of the older version can run.',
    cron: '* * * * *',
    run: async ({ database: { db } }) => {
      const { bound, waits, unreadable } = await bindKeys(db, key);
      if (waits) return 'Did nothing yet: a replica of an older version may still be running.';
      const cannot = unreadable.length === 0 ? '' : ` These cannot be decrypted; enter them again: ${unreadable.join(', ')}.`;
      return `Sealed ${bound} provider keys for their addresses.${cannot}`;
    },
  };
}
