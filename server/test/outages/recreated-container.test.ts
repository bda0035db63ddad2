/** A container that replaces one that was killed: it has the volume and the database, and cannot see the process that had them. */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { inDatabase } from '../prove/stored-rows.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';

const MS_MAX = 120_000;
/** The rest of the lease of the process that was killed. A start takes a few seconds until it needs the lease. */
const REST_S = 12;
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

let database: TestDatabase | null = null;
const started: Gateway[] = [];
afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.kill();
  await database?.dispose();
  database = null;
});

async function start(env: Readonly<Record<string, string>>, dataDir?: string): Promise<Gateway> {
  const gateway = await startGateway({ env, ...(dataDir === undefined ? {} : { dataDir }) });
  started.push(gateway);
  return gateway;
}

describe.skipIf(!hasPostgres())('a recreated container', { timeout: MS_MAX }, () => {
  test('says how long the old lease of its volume still counts, and waits for its end', async () => {
    database = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: database.url as string, HEADGATE_MASTER_KEY: MASTER_KEY, HEADGATE_LOG: 'json' };
    const first = await start(env);
    await first.kill();
    moveVolumeElsewhere(first.dataDir);
    await endLeaseIn(env.DATABASE_URL, REST_S);
    const next = await start(env, first.dataDir);
    const [wait] = waitsOf(next);
    expect(wait).toMatchObject({ up_to_s: 35, reason: expect.stringContaining('is in use by process') });
    expect(wait?.lease_ends_in_s).toBeGreaterThan(0);
    expect(wait?.lease_ends_in_s).toBeLessThan(REST_S + 1);
    expect(next.readyMs).toBeGreaterThan(1_000);
    expect(await next.stop()).toBe(0);
  });

  test('on the same machine takes over at once what it can see to be left', async () => {
    database = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: database.url as string, HEADGATE_MASTER_KEY: MASTER_KEY, HEADGATE_LOG: 'json' };
    const first = await start(env);
    await first.kill();
    moveToOtherNamespace(first.dataDir);
    await inDatabase({ databaseUrl: env.DATABASE_URL }, (query) => query(`update process_leases set ${IN_OTHER_NAMESPACE}`));
    const next = await start(env, first.dataDir);
    expect(waitsOf(next)).toEqual([]);
    expect(await next.stop()).toBe(0);
  });

  test('on a new volume waits for the lease in the database', async () => {
    database = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: database.url as string, HEADGATE_MASTER_KEY: MASTER_KEY, HEADGATE_LOG: 'json' };
    const first = await start(env);
    await first.kill();
    await endLeaseIn(env.DATABASE_URL, REST_S);
    const next = await start(env, temporaryDirectory());
    const [wait] = waitsOf(next);
    expect(wait).toMatchObject({ up_to_s: 35, reason: expect.stringContaining('already serves this database') });
    expect(wait?.lease_ends_in_s).toBeGreaterThan(0);
    expect(await next.stop()).toBe(0);
  });
});

interface WaitLine {
  readonly msg?: string;
  readonly reason: string;
  readonly up_to_s: number;
  readonly lease_ends_in_s: number;
}

function waitsOf(gateway: Gateway): readonly WaitLine[] {
  return gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as WaitLine)
    .filter(({ msg }) => msg?.startsWith('waiting'));
}

/** Makes the holder of the data directory a process of another machine, whose lock was last touched so long ago that it has little left. */
function moveVolumeElsewhere(dataDir: string): void {
  const note = join(dataDir, 'in-use.json');
  const holder = JSON.parse(readFileSync(note, 'utf8')) as Record<string, unknown>;
  writeFileSync(note, JSON.stringify({ ...holder, host: 'elsewhere', bootId: 'another' }));
  const touchedS = Date.now() / 1_000 - 30 + REST_S;
  utimesSync(note, touchedS, touchedS);
}

const OTHER_NAMESPACE = { host: 'elsewhere', pidNamespace: 'pid:[1]' };
const IN_OTHER_NAMESPACE = `holder = (select json_build_object('host', 'elsewhere', 'bootId', h ->> 'bootId', 'pidNamespace', 'pid:[1]',
  'pid', h -> 'pid', 'startTicks', h ->> 'startTicks')::text from (select holder::json as h) one) where name = 'counters'`;

/** Makes the holder of the data directory a process of another container on this machine. Its door stays as it left it. */
function moveToOtherNamespace(dataDir: string): void {
  const note = join(dataDir, 'in-use.json');
  writeFileSync(note, JSON.stringify({ ...JSON.parse(readFileSync(note, 'utf8')), ...OTHER_NAMESPACE }));
}

/** Makes the holder of the database's lease a process of another machine. */
function endLeaseIn(databaseUrl: string, seconds: number): Promise<void> {
  return inDatabase({ databaseUrl }, async (query) => {
    await query(
      `update process_leases set holder = (holder::jsonb || '{"host": "elsewhere"}')::text, expires_at = now() + interval '${seconds} seconds'
       where name = 'counters'`,
    );
  });
}
