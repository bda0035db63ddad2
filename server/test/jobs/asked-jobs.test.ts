import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobDesk } from '../../src/admin/http/deps.ts';
import type { Job } from '../../src/jobs/job.ts';
import * as runs from '../../src/store/installation/job-runs.ts';
import { must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { openReplica, type Replica, until } from './support.ts';

onOneDatabase('a job that somebody asks for', (given) => {
  let replica: Replica;
  let trouble: string | null = null;
  const job: Job = { name: 'counted', about: 'Does nothing.', cron: '0 0 1 1 *', run: async () => 'done' };
  const desk: JobDesk = {
    jobs: [{ name: job.name, about: job.about, schedule: job.cron }],
    trouble: () => trouble,
    nextRunAt: (name) => replica.runner.nextRunAt(name),
    queue: (...asked) => replica.runner.queue(...asked),
    wake: () => replica.runner.wake(),
    enqueueDeliveries: async () => {},
    checkWebhookUrl: () => null,
  };
  const world = withAdmin(given, { jobs: desk });
  beforeAll(async () => {
    replica = openReplica(given(), { key: Buffer.alloc(32), jobs: [job] });
    await until(() => replica.runner.trouble() === null);
  });
  afterAll(() => replica.stop());

  const run = () => world().root('POST', '/jobs/counted/run');
  const runsOf = async () => (await runs.newest(given().db, [job.name], 10)).get(job.name) ?? [];
  const eventsOf = async () => must(await world().root('GET', '/audit-events?action=job.run')).data;
  const waiting = sql`select 1 from headgate_jobs.job where singleton_key = 'counted' and state < 'completed'`;
  const allDone = () => until(async () => (await given().db.execute(waiting)).rows.length === 0);

  test('runs, and leaves an event that names them', async () => {
    expect(must(await run())).toEqual({ queued: true });
    await allDone();
    expect(await runsOf()).toMatchObject([{ outcome: 'done', summary: 'done', askedBy: 'root' }]);
    expect(await eventsOf()).toMatchObject([{ object: { id: 'counted' }, actor: { name: 'root' } }]);
    expect((await world().root('POST', '/jobs/nothing/run')).status).toBe(404);
  });

  test('does not run when its event cannot be stored', async () => {
    const { db } = given();
    const before = (await runsOf()).length;
    await db.execute(sql`
      create function refuse_job_run() returns trigger language plpgsql as
      $$ begin raise exception 'no room for events'; end $$`);
    await db.execute(sql`
      create trigger refuse_job_run before insert on audit_events
      for each row when (new.action = 'job.run') execute function refuse_job_run()`);
    expect((await run()).status).toBeGreaterThanOrEqual(500);
    await db.execute(sql`drop trigger refuse_job_run on audit_events`);
    await allDone();
    expect(await runsOf()).toHaveLength(before);
    expect(must(await run())).toEqual({ queued: true });
    await allDone();
    expect(await runsOf()).toHaveLength(before + 1);
    expect(await eventsOf()).toHaveLength(before + 1);
  });

  test('that is in the queue or running is left to that, without another event', async () => {
    const before = [(await runsOf()).length, (await eventsOf()).length];
    expect(await given().db.transaction((tx) => replica.runner.queue(tx, 'counted', 'somebody'))).toBe(true);
    const answers = await Promise.all([run(), run()]);
    const queued = answers.filter((answer) => must(answer).queued).length;
    await allDone();
    const after = [(await runsOf()).length, (await eventsOf()).length];
    expect(after).toEqual([(before[0] ?? 0) + 1 + queued, (before[1] ?? 0) + queued]);
  });

  test('is refused with the reason while no job runs here', async () => {
    trouble = 'the schema cannot be made';
    expect((await run()).body).toMatchObject({ status: 503, detail: expect.stringContaining(trouble) });
    expect(must(await world().root('GET', '/jobs'))).toMatchObject({ trouble, data: [{ name: 'counted' }] });
  });
});
