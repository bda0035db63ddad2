/** After an upgrade: determines how older accounts were created, which decides whether their addresses count as proved. */
import { originUnknownAfter, settleOrigins } from '../store/accounts/address-origins.ts';
import { goOn, type Job } from './job.ts';

const ACCOUNTS_AT_ONCE = 200;

/** Runs every minute: while a replica of the previous version runs, it creates accounts of unknown origin. */
export function accountOriginsJob(): Job {
  return {
    name: 'account-origins',
    about:
      'After an upgrade: determines from the audit log how older accounts were created, and which of their addresses were proved by mail.',
    cron: '* * * * *',
    run: async (context) => {
      const { db } = context.database;
      let [settled, after] = [0, ''];
      for (;;) {
        goOn(context);
        const ids = await originUnknownAfter(db, after, ACCOUNTS_AT_ONCE);
        await settleOrigins(db, ids);
        settled += ids.length;
        if (ids.length < ACCOUNTS_AT_ONCE) return `Determined the origin of ${settled} accounts.`;
        after = ids.at(-1) as string;
      }
    },
  };
}
