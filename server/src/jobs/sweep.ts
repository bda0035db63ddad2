/** Deletes what expired, and queues deliveries again that are pending without a place in the queue. */

import { dropExpired } from '../store/accounts/sign-in.ts';
import * as deliveries from '../store/alerts/alert-deliveries.ts';
import { dropClosedBefore } from '../store/alerts/alert-rules.ts';
import { dropEndedSecrets } from '../store/catalogue/credentials.ts';
import { dropOwnOfDeleted } from '../store/catalogue/owners.ts';
import type { Database } from '../store/database.ts';
import { dropExpiredFlows } from '../store/identity/sign-in-flows.ts';
import * as runs from '../store/installation/job-runs.ts';
import { dropDeadReplicas } from '../store/installation/lease.ts';
import { dropOldAnswers } from '../store/installation/leftovers.ts';
import { dropBefore as dropCopiesBefore } from '../store/mirrors/mirror-copies.ts';
import type { Enqueue } from './alerts/announce.ts';
import type { Job, JobContext } from './job.ts';

const PENDING_AT_ONCE = 10_000;
/** Younger ones are queued already, or about to be. */
const LEFT_LYING_MS = 30_000;
const ALERTS_KEPT_MS = 400 * 86_400_000;
/** The rows of copies for mirrors are kept this long, as the API says. */
const COPIES_KEPT_MS = 90 * 86_400_000;
const ROWS_AT_ONCE = 5_000;

/**
 * Deletes expired sessions, links, invitations, idempotency answers, leases and replaced secrets, what deleted organizations brought,
 * alerts older than 400 days,
 * and rows of copies for mirrors older than 90 days.
 */
export function sweepJob(): Job {
  return {
    name: 'sweep',
    about:
      'Deletes expired sessions, links and leases, replaced secrets whose time is over, stored answers for Idempotency-Key, old alerts and old job runs.',
    cron: '*/5 * * * *',
    run: async ({ database: { db }, clock }) => {
      const nowMs = clock.nowMs();
      await dropExpired(db, new Date(nowMs));
      await dropExpiredFlows(db, new Date(nowMs));
      await dropDeadReplicas(db);
      await dropEndedSecrets(db, new Date(nowMs));
      await dropOwnOfDeleted(db, new Date(nowMs));
      const answers = await dropOldAnswers(db, new Date(nowMs), ROWS_AT_ONCE);
      const alerts = await deliveries.dropBefore(db, new Date(nowMs - ALERTS_KEPT_MS), ROWS_AT_ONCE);
      await dropClosedBefore(db, new Date(nowMs - ALERTS_KEPT_MS), ROWS_AT_ONCE);
      await dropCopiesBefore(db, new Date(nowMs - COPIES_KEPT_MS), ROWS_AT_ONCE);
      await runs.forgetOld(db);
      return `Deleted expired sessions, links and leases, ${answers} stored answers and ${alerts} old alerts.`;
    },
  };
}

/** Queues deliveries that the queue lost: after a move, a restore, or a start in which the queue opened late. */
export function requeueJob(enqueue: Enqueue): Job {
  return {
    name: 'requeue',
    about: 'Queues alert deliveries that are pending but not in the queue, as after a move or a restore.',
    cron: '* * * * *',
    run: ({ database: { db }, clock }: JobContext) => requeue(db, enqueue, clock.nowMs()),
  };
}

async function requeue(db: Database, enqueue: Enqueue, nowMs: number): Promise<string> {
  const waiting = await deliveries.pendingSince(db, new Date(nowMs - LEFT_LYING_MS), PENDING_AT_ONCE);
  // The queue ignores those it already has.
  if (waiting.length > 0) await enqueue(db, waiting);
  return `Queued ${waiting.length} pending deliveries.`;
}
