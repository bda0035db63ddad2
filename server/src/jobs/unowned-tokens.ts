/** Warns once a day in the log about admin tokens that nobody owns, until they end. */
import type { AdminTokenRow } from '../store/accounts/admin-tokens.ts';
import * as adminTokens from '../store/accounts/admin-tokens.ts';
import type { Job } from './job.ts';

/** The most tokens that the line names; the console lists all of them. */
const NAMED_MAX = 100;

/** Logs them in one line. `warn` writes to the operator's log. */
export function unownedTokensJob(warn: (facts: object, message: string) => void): Job {
  return {
    name: 'unowned-tokens',
    about: 'Logs the admin tokens without an owner. Each expires on its day unless a person takes it over.',
    cron: '40 6 * * *',
    run: async ({ database: { db }, clock }) => {
      const at = new Date(clock.nowMs());
      const total = await adminTokens.countUnowned(db, at);
      if (total === 0) return 'Every admin token has an owner.';
      const named = await adminTokens.listUnowned(db, at, NAMED_MAX);
      warn({ total, admin_tokens: named.map(facts) }, 'admin tokens without an owner will expire: take over those that you need');
      return `Admin tokens without an owner: ${total}; the first expires on ${named[0]?.unownedEndsAt?.toISOString().slice(0, 10)}.`;
    },
  };
}

function facts({ id, name, role, organizationId, unownedEndsAt, lastUsedAt }: AdminTokenRow): object {
  return {
    id,
    name,
    role,
    organization_id: organizationId,
    ends_at: unownedEndsAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
  };
}
