/** Closes audit chains written without the audit key: all after an upgrade, and those that older replicas still write to. */
import { type AuditTrail, closeUnkeyedChain, rememberAppended, unkeyedChains } from '../store/audit/audit.ts';
import { goOn, type Job } from './job.ts';

const CHAINS_AT_ONCE = 500;

/** Closes each chain in its own transaction, so that no other writer waits for more than one event. */
export function closeAuditChainsJob({ audit }: { readonly audit: AuditTrail }): Job {
  return {
    name: 'audit-close',
    about: 'Adds an event with the audit key to each audit chain whose newest event was written without it.',
    cron: '*/5 * * * *',
    run: async (context) => {
      const { db } = context.database;
      let [closed, after] = [0, ''];
      for (;;) {
        const chains = await unkeyedChains(db, { after, most: CHAINS_AT_ONCE });
        for (const chain of chains) {
          goOn(context);
          const at = new Date(context.clock.nowMs());
          const appended = await db.transaction((tx) => closeUnkeyedChain(tx, audit, chain, at));
          if (appended === null) continue;
          await rememberAppended(audit, [appended]);
          closed += 1;
        }
        if (chains.length < CHAINS_AT_ONCE) return `Closed ${closed} audit chains.`;
        after = chains.at(-1) as string;
      }
    },
  };
}
