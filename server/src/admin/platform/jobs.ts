import { z } from 'zod';
import * as runs from '../../store/installation/job-runs.ts';
import * as drifts from '../../store/usage/drifts.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound, Problem } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';

/** Background jobs: their newest runs, the outcomes, and the time of the next run. */

const RUNS_SHOWN = 5;
const DRIFTS_SHOWN = 50;

const runOut = z.object({
  id: z.string(),
  started_at: instantOut,
  finished_at: instantOut
    .nullable()
    .meta({ description: 'The end of the run. Null if it still runs, or if its process ended first.' }),
  outcome: z.enum(['done', 'failed']).nullable(),
  summary: z.string().nullable(),
  asked_by: z.string().nullable().meta({ description: 'The name of the caller who started the run. Null if the schedule did.' }),
});

const jobOut = z
  .object({
    name: z.string(),
    about: z.string(),
    schedule: z
      .string()
      .meta({ description: 'A cron expression in UTC: minute, hour, day of the month, month, day of the week.' }),
    next_run_at: instantOut.nullable(),
    runs: z.array(runOut).meta({ description: 'The latest runs, newest first.' }),
  })
  .meta({ id: 'Job' });

export const list = route({
  summary: 'List background jobs',
  description: 'Returns each job with its state and its last run.',
  permission: 'platform.read',
  response: z.object({
    data: z.array(jobOut),
    next_cursor: z.string().nullable(),
    trouble: z
      .string()
      .nullable()
      .meta({ description: 'The reason that no jobs run in the process that answers. Null if they run.' }),
  }),
  load: load.platform,
  handle: async (call) => {
    const desk = call.deps.jobs;
    const names = desk.jobs.map(({ name }) => name);
    const newest = await runs.newest(call.deps.db, names, RUNS_SHOWN);
    return {
      data: desk.jobs.map(({ name, about, schedule }) => ({
        name,
        about,
        schedule,
        next_run_at: isoOrNull(desk.nextRunAt(name)),
        runs: (newest.get(name) ?? []).map(viewRun),
      })),
      next_cursor: null,
      trouble: desk.trouble(),
    };
  },
});

export const runNow = route({
  summary: 'Run a job now',
  description: 'Queues one extra run, outside the schedule. Does nothing if the job is running or queued already.',
  permission: 'settings.manage',
  params: z.object({ name: text(64) }),
  response: z.object({ queued: z.boolean().meta({ description: 'False if the job is running or queued already.' }) }),
  load: loadJob,
  handle: async (call, name) => {
    const desk = call.deps.jobs;
    const reason = desk.trouble();
    if (reason !== null) throw new Problem(503, `No jobs run in this process: ${reason}.`);
    const queued = await change(call, async ({ tx, record }) => {
      // Queued in the transaction of its event, so that no job runs that the log does not name.
      if (!(await desk.queue(tx, name, call.actor.name))) return false;
      const event = { organizationId: null, objectType: 'job', objectId: name, objectName: name };
      await record({ ...event, action: 'job.run', before: null, after: { asked: 'to run now' } });
      return true;
    });
    if (queued) desk.wake();
    return { queued };
  },
});

export const listDrifts = route({
  summary: 'List differences from the ledger',
  description: 'Open differences first, then the newest. The ledger is authoritative; counters and rollups are corrected to it.',
  permission: 'platform.read',
  response: z.object({
    data: z.array(
      z
        .object({
          id: z.string(),
          organization_id: z.string(),
          kind: z.enum(['counter', 'rollups']),
          subject: z.string().meta({ description: 'The counter and the start of its period, or the day.' }),
          found: z.int().meta({ description: 'The value found, in the counted unit: requests, tokens or nano-dollars.' }),
          ledger: z.int(),
          found_at: instantOut,
          corrected_at: instantOut.nullable(),
        })
        .meta({ id: 'LedgerDrift' }),
    ),
    next_cursor: z.string().nullable(),
  }),
  load: load.platform,
  handle: async (call) => {
    const rows = await drifts.newest(call.deps.db, DRIFTS_SHOWN);
    return {
      data: rows.map((row) => ({
        id: row.id,
        organization_id: row.organizationId,
        kind: row.kind,
        subject: row.subject,
        found: row.found,
        ledger: row.ledger,
        found_at: isoOf(row.foundAt),
        corrected_at: isoOrNull(row.correctedAt),
      })),
      next_cursor: null,
    };
  },
});

async function loadJob(call: AdminCall<{ readonly name: string }, unknown, unknown>): Promise<Loaded<string>> {
  const { name } = call.params;
  if (!call.deps.jobs.jobs.some((job) => job.name === name)) throw notFound('job');
  return { place: { organizationId: null }, object: name };
}

function viewRun(row: runs.JobRunRow): z.output<typeof runOut> {
  return {
    id: row.id,
    started_at: isoOf(row.startedAt),
    finished_at: isoOrNull(row.finishedAt),
    outcome: row.outcome,
    summary: row.summary,
    asked_by: row.askedBy,
  };
}
