// What an operator does to a whole installation leaves its totals, keys, decisions and audit chains as they were: moved from the embedded
// database to PostgreSQL, backed up and restored there, and copied as a data directory.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openClient } from '../support/pg-client.ts';
import { startPostgres } from '../support/postgres.ts';
import { type Gateway, repository, startGateway, temporaryDirectory } from './gateway.ts';
import { type Comparison, compare, readAll, settled, type Written, write } from './kept-installation.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

/** What the gateway was asked before anything was done to it, and what it answered. */
interface Before {
  readonly written: Written;
  readonly answers: Record<string, unknown>;
  readonly dataDir: string;
  readonly adminToken: string;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  try {
    const before = await used(quick ? 30 : 300);
    const copied = await startedOnCopy(before);
    const moved = move(before.dataDir, postgres.url);
    if (moved.status !== 0) return { holds: false, figure: `move ended with ${moved.status}: ${moved.stderr}` };
    const onPostgres = await startGateway({
      dataDir: before.dataDir,
      adminToken: before.adminToken,
      env: { DATABASE_URL: postgres.url },
    });
    try {
      const there = await compare(before.answers, onPostgres, before.written);
      await settled(onPostgres);
      const restored = await startedOnBackup({ ...before, answers: await readAll(onPostgres, before.written) }, postgres.url);
      const whole = allOf([
        named('data directory copied', copied),
        named('moved', there),
        named('backed up and restored', restored.found),
      ]);
      return { ...whole, log: [...(whole.log ?? []), `headgate move: ${moved.stdout.trim()}`, ...restored.commands] };
    } finally {
      await onPostgres.stop();
    }
  } finally {
    await postgres.stop();
  }
}

/** An embedded installation after some use, stopped. */
async function used(calls: number): Promise<Before> {
  const gateway = await startGateway({});
  const written = await write(gateway, calls);
  const answers = await readAll(gateway, written);
  await gateway.stop();
  return { written, answers, dataDir: gateway.dataDir, adminToken: gateway.adminToken };
}

async function startedOnCopy({ answers, written, dataDir, adminToken }: Before): Promise<Comparison> {
  const copy = path.join(temporaryDirectory(), 'copy');
  cpSync(dataDir, copy, { recursive: true });
  return await comparedOn(await startGateway({ dataDir: copy, adminToken }), answers, written);
}

function move(dataDir: string, databaseUrl: string) {
  const env = { ...process.env, HEADGATE_DATA_DIR: dataDir, DATABASE_URL: databaseUrl };
  return spawnSync(process.execPath, ['server/bin/headgate.mjs', 'move'], { cwd: repository, env, encoding: 'utf8' });
}

/** While the gateway serves: a lease of its process has no place in a backup. */
async function startedOnBackup({ answers, written, dataDir, adminToken }: Before, url: string) {
  const file = path.join(temporaryDirectory(), 'headgate.dump');
  const restoredUrl = url.replace(/postgres$/, 'restored');
  const admin = await openClient(url);
  await admin.query('create database restored');
  await admin.end();
  const steps = [
    ['pg_dump', '--format=custom', '--exclude-table-data=process_leases', `--file=${file}`, url],
    ['pg_restore', '--no-owner', '--exit-on-error', `--dbname=${restoredUrl}`, file],
  ] as const;
  for (const [program, ...args] of steps) {
    const done = spawnSync(program, args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${program} ended with ${done.status}: ${done.stderr}`);
  }
  const masterKey = readFileSync(path.join(dataDir, 'master.key'), 'utf8').trim();
  const env = { DATABASE_URL: restoredUrl, HEADGATE_MASTER_KEY: masterKey };
  const found = await comparedOn(await startGateway({ adminToken, env }), answers, written);
  const commands = [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell puts the address there.
    'pg_dump --format=custom --exclude-table-data=process_leases --file=headgate.dump "${DATABASE_DIRECT_URL:-$DATABASE_URL}"',
    'pg_restore --no-owner --exit-on-error --dbname="$RESTORED_URL" headgate.dump',
  ];
  return { found, commands };
}

async function comparedOn(gateway: Gateway, answers: Record<string, unknown>, written: Written): Promise<Comparison> {
  try {
    return await compare(answers, gateway, written);
  } finally {
    await gateway.stop();
  }
}

function named(name: string, found: Comparison): ProveResult {
  return { ...found, figure: `${name}: ${found.figure}` };
}
