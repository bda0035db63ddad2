/**
 * Closes audit chains written without the audit key: all after an upgrade, those that older replicas still write to, and those that
 * end under a lost key.
 */
import { type AuditTrail, closeUnkeyedChains } from '../store/audit/audit.ts';
import { goOn, type Job } from './job.ts';

export function closeAuditChainsJob({ audit }: { readonly audit: AuditTrail }): Job {
  return {
    name: 'audit-close',
    about: 'Adds an event with the audit key to each audit chain whose newest event was written without it.',
    cron: '*/5 * * * *',
    run: async (context) => {
      const { database, clock } = context;
      const now = () => new Date(clock.nowMs());
      const closed = await closeUnkeyedChains(database.db, audit, { now, goOn: () => goOn(context) });
      return `Closed ${closed} audit chains.`;
    },
  };
}
