import { afterEach, describe, expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import * as runs from '../../src/store/installation/job-runs.ts';
import { onOneDatabase } from '../support/database.ts';
import { openReplica, type Replica, until } from './support.ts';

const NEVER = '0 0 1 1 *';

onOneDatabase('jobs', (given, kind) => {
  let replicas: Replica[] = [];
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    replicas = [];
  });

  /** Started at the same moment, on a database without a queue at first. */
  async function open(count: number, jobs: readonly Job[]): Promise<Replica> {
    replicas = Array.from({ length: kind === 'embedded' ? 1 : count }, () =>
      openReplica(given(), { key: Buffer.alloc(32), jobs }),
    );
    await until(() => replicas.every(({ runner }) => runner.trouble() === null));
    return replicas[0] as Replica;
  }
  const newest = async (job: string) => (await runs.newest(given().db, [job], 10)).get(job) ?? [];

  test('run one at a time over all replicas, and what runs is not put in line again', async () => {
    let [running, most, total] = [0, 0, 0];
    const job: Job = {
      name: 'slow',
      about: 'Takes a while.',
      cron: NEVER,
      run: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 300));
        running -= 1;
        total += 1;
        return 'slept';
      },
    };
    const { runner } = await open(3, [job]);
    const asked = await Promise.all(replicas.map((replica) => replica.runner.runNow('slow', 'somebody')));
    expect(asked.filter((queued) => queued)).toHaveLength(1);
    await until(() => total === 1);
    await until(async () => (await newest('slow'))[0]?.outcome === 'done');
    expect(await newest('slow')).toMatchObject([{ outcome: 'done', summary: 'slept', askedBy: 'somebody' }]);
    await until(() => runner.runNow('slow', 'somebody'));
    await until(() => total === 2);
    expect(most).toBe(1);
    expect(runner.nextRunAt('slow')?.toISOString()).toMatch(/-01-01T00:00:00/);
  }, 20_000);

  test('that fail say why, and run again', async () => {
    let fails = true;
    const job: Job = {
      name: 'shaky',
      about: 'Fails once.',
      cron: NEVER,
      run: async () => {
        if (fails) throw new Error('the disk is made of cheese');
        return 'fine';
      },
    };
    const { runner } = await open(1, [job]);
    await runner.runNow('shaky', 'somebody');
    await until(async () => (await newest('shaky'))[0]?.outcome === 'failed');
    expect((await newest('shaky'))[0]).toMatchObject({ summary: 'the disk is made of cheese' });
    fails = false;
    await until(() => runner.runNow('shaky', 'somebody'));
    await until(async () => (await newest('shaky'))[0]?.outcome === 'done');
  }, 20_000);

  describe('of a version that is gone', () => {
    test('lose their schedule, those of this one keep it', async () => {
      const job = (name: string): Job => ({ name, about: name, cron: NEVER, run: async () => '' });
      await open(1, [job('old'), job('kept')]);
      await Promise.all(replicas.map((replica) => replica.stop()));
      await open(1, [job('kept')]);
      const { rows } = await given().db.execute<{ key: string }>('select key from headgate_jobs.schedule order by key');
      expect(rows.map(({ key }) => key)).toEqual(['kept', 'requeue']);
    }, 20_000);
  });
});
