// PostgreSQL is lost with its disk while a gateway serves, and recovered from a base backup and archived WAL: to the end of the archive,
// where the gateway's journal has what is missing, and to a moment before a mistake.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { portOf, startPostgres, startRecovery, type TestPostgres, takeBaseBackup } from '../support/postgres.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';
import { makeKey, makeModel, makeTenant } from './tenant.ts';

/** What the guide names: a file of WAL is archived at least this often. */
const ARCHIVE_SECONDS = 5;
const MODEL = 'recovered';

interface Site {
  readonly primary: TestPostgres;
  /** The folder of archived WAL, and that of the base backup. */
  readonly wal: string;
  readonly backup: string;
}

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-recovery-'));
  const site = { wal: join(home, 'wal'), backup: join(home, 'base') };
  mkdirSync(site.wal);
  // The server runs as another user.
  for (const folder of [home, site.wal]) chmodSync(folder, 0o777);
  const primary = await startPostgres({
    ...{ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', wal_level: 'replica' },
    ...archivedTo(site.wal),
  });
  if (primary === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  try {
    return await lose({ primary, ...site }, quick ? ARCHIVE_SECONDS + 3 : 40, doing);
  } finally {
    await primary.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

function archivedTo(wal: string): Readonly<Record<string, string | number>> {
  return {
    ...{ archive_mode: 'on', archive_timeout: ARCHIVE_SECONDS },
    archive_command: `test ! -f ${wal}/%f && cp %p ${wal}/%f.new && mv ${wal}/%f.new ${wal}/%f`,
  };
}

async function lose(site: Site, seconds: number, doing: (what: string) => void): Promise<ProveResult> {
  const gateway = await startGateway({ env: { DATABASE_URL: site.primary.url } });
  await makeModel(gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
  const tenant = await makeTenant(gateway);
  const key = await makeKey(gateway, tenant);
  let answered = 0;
  const call = async () => {
    const response = await fetch(`${gateway.base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi.' }] }),
    });
    await response.arrayBuffer();
    if (response.status === 200) answered += 1;
  };
  for (let number = 0; number < 20; number += 1) await call();
  doing('takes the base backup');
  const backupMs = await timed(() => takeBaseBackup(portOf(site.primary.url), site.backup));
  for (let number = 0; number < 30; number += 1) await call();
  await stored(site.primary.url, answered);
  const target = { at: String((await ask(site.primary.url, 'select now()::text as at'))?.at), answered };
  await sleep(200);
  await inDatabase({ databaseUrl: site.primary.url }, (query) => query("update organizations set name = 'a mistake'"));
  doing('serves until the disk is lost');
  const untilMs = performance.now() + seconds * 1_000;
  while (performance.now() < untilMs) await Promise.all([call(), sleep(40)]);
  const last = await newest(site.primary.url);
  await site.primary.stop();
  for (let number = 0; number < 20; number += 1) await call();
  await gateway.kill();
  const latest = await recoverLatest(site, gateway, { last, answered }, doing);
  const toTime = await recoverToTime(site, tenant.organizationId, target, doing);
  const walMegabytes = readdirSync(site.wal).reduce((sum, file) => sum + statSync(join(site.wal, file)).size, 0) / 1e6;
  const about = `a base backup in ${(backupMs / 1_000).toFixed(1)} s, ${Math.round(walMegabytes)} MB of archived WAL`;
  return allOf([{ holds: true, figure: about }, latest, toTime]);
}

interface Newest {
  readonly rows: number;
  readonly atMs: number;
}

/** Recovers all that is archived, and starts the gateway on it: its journal has the rest. */
async function recoverLatest(
  site: Site,
  gateway: Gateway,
  { last, answered }: { readonly last: Newest; readonly answered: number },
  doing: (what: string) => void,
): Promise<ProveResult> {
  doing('recovers to the end of the archive');
  const startedMs = performance.now();
  const server = await recovered(site, {});
  const databaseMs = performance.now() - startedMs;
  try {
    const found = await newest(server.url);
    const again = await startGateway({
      env: { DATABASE_URL: server.url },
      dataDir: gateway.dataDir,
      adminToken: gateway.adminToken,
    });
    const rtoMs = performance.now() - startedMs;
    const rows = await stored(server.url, answered);
    await again.stop();
    const lostSeconds = (last.atMs - found.atMs) / 1_000;
    return {
      // The archive lags by its timeout, and by the time that a file of WAL takes.
      holds: rows === answered && lostSeconds <= ARCHIVE_SECONDS + 5,
      figure:
        `lost with its disk: ${last.rows - found.rows} of ${last.rows} stored requests, the last ${lostSeconds.toFixed(1)} s, were not in the archive (archive_timeout ${ARCHIVE_SECONDS} s); ` +
        `the journal stored them and those answered meanwhile: ${rows} of ${answered}; the database was back in ${(databaseMs / 1_000).toFixed(1)} s, the gateway ready in ${(rtoMs / 1_000).toFixed(1)} s`,
      details: [`before ${JSON.stringify(last)}, recovered ${JSON.stringify(found)}`],
    };
  } finally {
    await server.stop();
  }
}

/** Recovers to the moment before the mistake. */
async function recoverToTime(
  site: Site,
  organizationId: string,
  target: { readonly at: string; readonly answered: number },
  doing: (what: string) => void,
): Promise<ProveResult> {
  doing('recovers to a point in time');
  const startedMs = performance.now();
  const until = { recovery_target_time: target.at, recovery_target_action: 'promote' };
  const server = await recovered(site, { ...until, ...archivedTo(site.wal) });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  try {
    const { rows } = await newest(server.url);
    const row = await ask(server.url, `select name from organizations where id = '${organizationId}'`);
    doing('waits until a change after the recovery is archived');
    const archivedSeconds = await archivedAfter(server.url, site.wal);
    return {
      holds:
        rows === target.answered && row?.name !== undefined && row.name !== 'a mistake' && archivedSeconds <= ARCHIVE_SECONDS + 5,
      figure:
        `recovered to a point in time in ${seconds} s: ${rows} of ${target.answered} requests before it, none after it, and the mistake undone; ` +
        `after a CHECKPOINT a change on the new timeline is archived in ${archivedSeconds.toFixed(1)} s`,
      details: [`the organization is called ${row?.name}`],
    };
  } finally {
    await server.stop();
  }
}

/**
 * Returns the seconds until a change is archived after a CHECKPOINT, 60 at most. Without the CHECKPOINT it takes as long as
 * `checkpoint_timeout`, because PostgreSQL looks at `archive_timeout` only from the first checkpoint after its start.
 */
async function archivedAfter(databaseUrl: string, wal: string): Promise<number> {
  const startedMs = performance.now();
  await ask(databaseUrl, 'checkpoint');
  await ask(databaseUrl, "update organizations set name = 'after the recovery'");
  const file = String((await ask(databaseUrl, 'select pg_walfile_name(pg_current_wal_lsn()) as file'))?.file);
  while (!existsSync(join(wal, file)) && performance.now() - startedMs < 60_000) await sleep(100);
  return (performance.now() - startedMs) / 1_000;
}

async function recovered({ wal, backup }: Site, target: Readonly<Record<string, string>>): Promise<TestPostgres> {
  const copy = `${backup}-copy`;
  cpSync(backup, copy, { recursive: true });
  const server = await startRecovery(copy, { restore_command: `cp ${wal}/%f %p`, full_page_writes: 'on', ...target });
  rmSync(copy, { recursive: true });
  const deadline = performance.now() + 120_000;
  while ((await ask(server.url, 'select pg_is_in_recovery() as recovers'))?.recovers !== false) {
    if (performance.now() > deadline) throw new Error('the server is still in recovery');
    await sleep(50);
  }
  return server;
}

async function newest(databaseUrl: string): Promise<Newest> {
  const row = await ask(
    databaseUrl,
    'select count(*)::int as rows, (extract(epoch from max(admitted_at)) * 1000)::float8 as at from ledger_entries',
  );
  return { rows: Number(row?.rows), atMs: Number(row?.at) };
}

/** Waits until so many requests are stored. Returns how many there are after 20 s at most. */
async function stored(databaseUrl: string, count: number): Promise<number> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const { rows } = await newest(databaseUrl);
    if (rows >= count || performance.now() > deadline) return rows;
    await sleep(100);
  }
}

async function ask(databaseUrl: string, text: string): Promise<Record<string, unknown> | undefined> {
  return (await inDatabase({ databaseUrl }, (query) => query(text)))[0];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
