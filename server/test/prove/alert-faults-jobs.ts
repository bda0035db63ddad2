/** Alerts about jobs, and about what only jobs notice. A day passes in a moment: PostgreSQL and the gateway see a clock that is moved. */
import { chmodSync } from 'node:fs';
import { newId } from '../../src/lib/id.ts';
import { openReceiver, type Receiver } from '../jobs/receiver.ts';
import { type MovedClock, moveClock } from '../support/moved-clock.ts';
import { startPostgres } from '../support/postgres.ts';
import { callOnce, repeatedly } from './alert-calls.ts';
import { type AlertFault, type AlertSite, holds } from './alert-faults.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { inDatabase } from './stored-rows.ts';
import { makeKey, makeModel, makeTenant } from './tenant.ts';

const MODEL = 'fast';
/** Daily jobs may be two hours late before an alert: the clock starts less than 26 hours back, and the prove takes some minutes. */
const STARTS_MINUTES_BACK = 25 * 60 + 45;
/** What was used is an hour old by then, and folded. A delivery that begins then is given up before the clock is the machine's. */
const GOES_WRONG_MINUTES_BACK = 24 * 60 + 20;
const LATE_SECONDS = 7_200;
const RUN_MS_MAX = 30_000;

interface Ward {
  readonly gateway: Gateway;
  readonly databaseUrl: string;
  readonly clock: MovedClock;
  readonly receiver: Receiver;
  readonly hook: string;
  /** An organization without traffic. */
  readonly quietId: string;
}

/** Null where PostgreSQL or libfaketime is missing. */
export async function openJobsSite(): Promise<AlertSite | null> {
  const directory = temporaryDirectory();
  // The server runs as another user, who must read the clock.
  chmodSync(directory, 0o755);
  const clock = moveClock(directory, STARTS_MINUTES_BACK);
  const postgres = clock === null ? null : await startPostgres({}, clock.env);
  if (clock === null || postgres === null) return null;
  const receiver = await openReceiver();
  const gateway = await startGateway({
    env: { DATABASE_URL: postgres.url, HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1', ...clock.env },
  });
  await makeModel(gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
  const [busy, quiet] = [await makeTenant(gateway), await makeTenant(gateway)];
  const calling = { secret: (await makeKey(gateway, busy)).secret, model: MODEL };
  await callOnce(gateway.base, { ...calling, secret: (await makeKey(gateway, quiet)).secret });
  const { id: hook } = await gateway.admin<{ id: string }>('POST', '/webhooks', {
    organization_id: busy.organizationId,
    name: 'Operators',
    url: receiver.url,
    events: ['budget.threshold'],
  });
  const calls = repeatedly(() => gateway.base, calling);
  return {
    name: 'jobs',
    targets: [`127.0.0.1:${gateway.port}`],
    faults: faultsOf({ gateway, databaseUrl: postgres.url, clock, receiver, hook, quietId: quiet.organizationId }),
    close: async () => {
      await calls.stop();
      await gateway.stop();
      await receiver.down();
      await postgres.stop();
    },
  };
}

function faultsOf(ward: Ward): readonly AlertFault[] {
  return [
    {
      fault: 'an admin token that a version without owners made',
      fires: ['HeadgateAdminTokensUnowned'],
      make: () => makeUnownedToken(ward),
    },
    {
      fault: 'for a day the database has no room for folds, and a webhook answers 500',
      fires: ['HeadgateJobFails', 'HeadgateJobLate', 'HeadgateFoldsBehind', 'HeadgateAlertsLost'],
      make: () => letDayPass(ward),
    },
    {
      fault: 'the ledger has a row more, and the rollups cannot be repaired',
      fires: ['HeadgateLedgerDrift'],
      make: () => driftApart(ward),
    },
  ];
}

/** As a version before 0.2 writes it during a rolling upgrade: it names no owner, and the table's default gives it an end. */
async function makeUnownedToken({ databaseUrl, gateway }: Ward): Promise<() => Promise<unknown>> {
  const id = newId('adm');
  await inDatabase({ databaseUrl }, (query) =>
    query(`insert into admin_tokens (id, name, role, hash, last_four, created_by)
      values ('${id}', 'of before', 'platform_auditor', sha256('${id}'), 'last', 'start')`),
  );
  return () => gateway.admin('DELETE', `/admin-tokens/${id}`);
}

async function letDayPass(ward: Ward): Promise<() => Promise<unknown>> {
  const { gateway, databaseUrl, clock, receiver, hook } = ward;
  // What was used until now is folded once, so that it is known from where the next fold goes on.
  await clock.behind(GOES_WRONG_MINUTES_BACK);
  await runJob(gateway, 'fold', 'done');
  receiver.answer = 500;
  await gateway.admin('POST', `/webhooks/${hook}/test`);
  await inDatabase({ databaseUrl }, (query) => noRoom(query, 'scope_days'));
  await clock.behind(0);
  await runJob(gateway, 'fold', 'failed');
  return async () => {
    await inDatabase({ databaseUrl }, (query) => query('drop function no_room cascade'));
    receiver.answer = 200;
    for (const job of await lateJobs(gateway)) await runJob(gateway, job, 'done');
    await runJob(gateway, 'fold', 'done');
    const { data } = await gateway.admin<{ data: readonly { id: string }[] }>('GET', `/webhooks/${hook}/deliveries?status=lost`);
    for (const { id } of data) await gateway.admin('POST', `/webhooks/${hook}/deliveries/${id}/redeliver`);
  };
}

async function driftApart({ gateway, databaseUrl, quietId }: Ward): Promise<() => Promise<unknown>> {
  await inDatabase({ databaseUrl }, async (query) => {
    await query(`insert into ledger_records (organization_id, admitted_at, request_id, attempt, kind, team_id, key_id, called_name,
        deployment_id, provider, upstream_model, nano_usd)
      select organization_id, now(), request_id, 99, kind, team_id, key_id, called_name, deployment_id, provider, upstream_model, 1000000
      from ledger_records where organization_id = short_id('org', '${quietId}') limit 1`);
    await noRoom(query, 'rollups', `when (new.organization_id = '${quietId}')`);
  });
  await runJob(gateway, 'proof', 'done');
  return async () => {
    await inDatabase({ databaseUrl }, (query) => query('drop function no_room cascade'));
    await runJob(gateway, 'rollup-repair', 'done');
  };
}

/** From now on the table takes no row, as when its disk is full. */
async function noRoom(query: (sql: string) => Promise<unknown>, table: string, when = ''): Promise<void> {
  await query(`create function no_room() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file: no space left on device' using errcode = 'disk_full'; end $$`);
  await query(`create trigger no_room before insert or update on ${table} for each row ${when} execute function no_room()`);
}

/** The jobs whose success has been due for so long that an alert fires. */
async function lateJobs({ base }: Gateway): Promise<readonly string[]> {
  const metrics = await (await fetch(`${base}/metrics`)).text();
  return [...metrics.matchAll(/^headgate_job_overdue_seconds\{name="([^"]+)"\} (\S+)$/gm)]
    .filter(([, , seconds]) => Number(seconds) > LATE_SECONDS)
    .map(([, name]) => name as string);
}

interface JobRun {
  readonly id: string;
  readonly outcome: string | null;
  readonly summary: string | null;
}

/** Runs a job now. Throws unless the run ends with that outcome. */
async function runJob(gateway: Gateway, job: string, outcome: 'done' | 'failed'): Promise<void> {
  const newest = async () => {
    const { data } = await gateway.admin<{ data: readonly { name: string; runs: readonly JobRun[] }[] }>('GET', '/jobs');
    return data.find(({ name }) => name === job)?.runs[0];
  };
  const before = await newest();
  let last: JobRun | undefined;
  let isAsked = false;
  await holds(RUN_MS_MAX, async () => {
    if (!isAsked) isAsked = (await gateway.admin<{ queued: boolean }>('POST', `/jobs/${job}/run`)).queued;
    last = await newest();
    return last !== undefined && last.id !== before?.id && last.outcome !== null;
  });
  if (last?.id === before?.id || last?.outcome !== outcome)
    throw new Error(`the job ${job} ended as ${last?.outcome}, not as ${outcome}: ${last?.summary}`);
}
