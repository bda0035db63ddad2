/** The job side of a gateway over a suite's database: a budget watch, and a runner that delivers to real addresses. */
import type { SeedFrom } from '../../src/counters/counters.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { type Mailer, noMailer } from '../../src/identity/mail/mailer.ts';
import { type Announcer, createAnnouncer } from '../../src/jobs/alerts/announce.ts';
import { deliver } from '../../src/jobs/alerts/deliver.ts';
import { createBudgetWatch } from '../../src/jobs/alerts/watch-budgets.ts';
import type { Job } from '../../src/jobs/job.ts';
import { type Runner, startRunner } from '../../src/jobs/runner.ts';
import { createRefresh } from '../../src/jobs/standings.ts';
import { requeueJob } from '../../src/jobs/sweep.ts';
import { type Clock, systemClock } from '../../src/lib/timing/clock.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import type { OrganizationToJudge } from '../../src/store/tenancy/standings.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import { createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createWebhookPost } from '../../src/upstream/webhook-post.ts';

export interface Replica {
  readonly runner: Runner;
  readonly announcer: Announcer;
  /** One turn over what changed: judges organizations and tells of thresholds. Returns how many organizations it looked at. */
  look(): Promise<number>;
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  /** The credentials data key. */
  readonly key: Buffer;
  readonly clock?: Clock;
  readonly mailer?: Mailer;
  readonly jobs?: readonly Job[];
}

/** One process's worth of jobs. Several on one database are replicas. */
export function openReplica(
  database: OpenDatabase,
  { key, clock = systemClock, mailer = noMailer, jobs = [] }: ReplicaOptions,
): Replica {
  const { db } = database;
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1' });
  if ('problem' in policy) throw new Error(policy.problem);
  const post = createWebhookPost({ policy, clock: systemClock, timeoutMs: 2_000 });
  const delivering = { db, clock, post: post.send, mailer, key, publicUrl: 'https://gateway.example' };
  const enqueue: Runner['enqueue'] = (tx, ids) => runner.enqueue(tx, ids);
  const runner = startRunner({
    database,
    clock,
    jobs: [requeueJob(enqueue), ...jobs],
    deliver: (id) => deliver(delivering, id),
    onTrouble: () => {},
    onFailed: () => {},
    warn: () => {},
    pollSeconds: 0.5,
    retrySeconds: 1,
  });
  const announcer = createAnnouncer({ enqueue, mails: mailer.configured });
  const watch = createBudgetWatch();
  // Counters that begin now ask the ledger, as they do after a start: here nobody but the ledger knows of what was spent.
  const look = () => {
    const seedFrom = (...[counter, fromMs, toMs]: Parameters<SeedFrom>) => spendSince(db, counter, fromMs, toMs);
    const counters = createMemoryCounters({ clock, seedFrom });
    const alsoLook = (organizations: readonly OrganizationToJudge[], nowMs: number) =>
      watch({ db, counters, announcer, nowMs }, organizations);
    return createRefresh({ db, clock, counters, alsoLook })();
  };
  const stop = async () => {
    await runner.stop();
    await post.close();
  };
  return { runner, announcer, look, stop };
}

/** Waits until it is so, for at most so long. */
export async function until(isSo: () => boolean | Promise<boolean>, msMax = 10_000): Promise<void> {
  const deadline = performance.now() + msMax;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not so within ${msMax} ms: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
