/** Ends logins whose time is over, that nobody uses, or whose tokens nobody fetched, and deletes old tokens. */
import { LOGIN_MS } from '../domain/logins/words.ts';
import { type AuditTrail, rememberAppended } from '../store/audit/audit.ts';
import { BY_JOB, endLogin } from '../store/logins/end-login.ts';
import { dropExpired } from '../store/logins/login-requests.ts';
import { overdue } from '../store/logins/logins.ts';
import { dropOld } from '../store/logins/tokens.ts';
import type { Job } from './job.ts';

const LOGINS_AT_ONCE = 1_000;
const ROWS_AT_ONCE = 20_000;
/** The code of a device lives ten minutes; its tokens may be fetched at the very end. */
const UNCLAIMED_MS = LOGIN_MS.deviceCode + 5 * 60_000;

export function endLoginsJob({ audit }: { readonly audit: AuditTrail }): Job {
  return {
    name: 'end-logins',
    about: 'Ends logins that are over or that nobody uses, and deletes expired tokens and codes.',
    cron: '*/5 * * * *',
    run: async ({ database: { db }, clock }) => {
      const at = new Date(clock.nowMs());
      const before = (ms: number) => new Date(at.getTime() - ms);
      const due = await overdue(db, at, {
        idleSince: before(LOGIN_MS.idle),
        unclaimedSince: before(UNCLAIMED_MS),
        most: LOGINS_AT_ONCE,
      });
      for (const { by: reason, ...login } of due) {
        const event = await db.transaction((tx) => endLogin(tx, audit, login, { reason, at, by: BY_JOB }));
        if (event !== null) await rememberAppended(audit, [event]);
      }
      await dropExpired(db, at);
      const dropped = await dropOld(db, at, ROWS_AT_ONCE);
      return `Ended ${due.length} logins and deleted ${dropped} old secrets.`;
    },
  };
}
