/** Other programs use the same pool of pgbouncer in transaction mode, and leave their settings on its sessions. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDatabase } from '../../src/store/connection.ts';
import { readInParts } from '../../src/store/row-cursor.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { startMeteredProvider } from '../prove/metered-provider.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { openClient } from '../support/pg-client.ts';
import { hasPgbouncer, startPgbouncer, type TestPooler } from '../support/pgbouncer.ts';

const MS_MAX = 120_000;
const SESSIONS = 4;
const DUMPS = 8;
const can = hasPostgres() && hasPgbouncer();
if (!can) console.warn('pgbouncer or PostgreSQL is not installed: the tests of a shared pool are skipped.');

describe.skipIf(!can)('a pool that other programs use too', { timeout: MS_MAX }, () => {
  let database: TestDatabase;
  let pooler: TestPooler;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
    pooler = await startPgbouncer(database.url as string, SESSIONS);
  }, MS_MAX);
  afterAll(async () => {
    await pooler?.stop();
    await database?.dispose();
  });

  test('a search path that another program left neither hides our tables nor leads to others', async () => {
    await database.pool.query('create schema decoy; create table decoy.organizations (id text)');
    const pooled = await connectDatabase({ url: pooler.url, connectionsMax: 2 * SESSIONS });
    const count = sql`select count(id)::int as rows, current_schema() as schema, show_path() as path from organizations`;
    await database.pool.query(
      "create function show_path() returns text language sql as $$ select current_setting('search_path') $$",
    );
    try {
      for (const left of ['decoy', '']) {
        const marked = await leaveSearchPath(pooler.url, left);
        const found = [{ rows: 0, schema: 'public', path: '"$user", public' }];
        const alone = await together(() => pooled.db.execute(count));
        const bound = await together(() => pooled.pool.query(`${COUNT} where $1::int = 1`, [1]));
        const inTransaction = await together(() => pooled.db.transaction((tx) => tx.execute(count)));
        for (const { rows } of [...alone, ...bound, ...inTransaction]) expect(rows).toEqual(found);
        const parts: unknown[] = [];
        for await (const rows of readInParts(pooled.openSession, 'counted', count, 10)) parts.push(...rows);
        expect(parts).toEqual(found);
        await expect(pooled.pool.query('select $1::int / 0', [1])).rejects.toMatchObject({ code: '22012' });
        const inBrackets = sql`(select id from organizations) union all (select request_id from requests limit 0)`;
        for (const { rows } of await together(() => pooled.db.execute(inBrackets))) expect(rows).toEqual([]);
        // The other program finds its setting as it left it. The pooler may have closed a session after the division by zero.
        const kept = (await searchPaths(pooler.url)).filter(({ pid }) => marked.has(pid));
        expect(kept.length).toBeGreaterThan(0);
        expect(new Set(kept.map(({ path }) => path))).toEqual(new Set([left]));
      }
    } finally {
      await pooled.close();
    }
  });

  test('pg_dump under traffic breaks no call, and every row is stored once', async () => {
    const provider = await startMeteredProvider();
    const gateway = await startGateway({ env: { DATABASE_URL: pooler.url } });
    try {
      const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
      await makeModel(gateway, { model: 'metered', provider: 'openai', upstreamModel: 'metered', credentialId });
      const tenant = await makeTenant(gateway);
      const key = await makeKey(gateway, tenant);
      const traffic = startTraffic(gateway, tenant.organizationId, key.secret);
      for (let dump = 0; dump < DUMPS; dump += 1) await dumpThrough(pooler.url);
      await sleep(1_000);
      const statuses = await traffic.stop();
      expect(Object.keys(statuses.admin)).toEqual(['200']);
      expect(Object.keys(statuses.model)).toEqual(['200']);
      expect(statuses.admin[200]).toBeGreaterThan(100);
      const stored = async () => (await database.pool.query('select count(*)::integer as rows from requests')).rows[0];
      await expect.poll(stored, { timeout: 20_000 }).toEqual({ rows: statuses.model[200] });
      expect(gateway.output()).not.toMatch(/does not exist|ledger: the database cannot be reached|because of a bug/);
    } finally {
      expect(await gateway.stop()).toBe(0);
      await provider.stop();
    }
  });
});

const COUNT = 'select count(id)::int as rows, current_schema() as schema, show_path() as path from organizations';

function together<T>(work: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 3 * SESSIONS }, work));
}

/** Sets the search path of every session of the pool, as a program does that knows nothing of pools. Returns their processes. */
async function leaveSearchPath(url: string, left: string): Promise<ReadonlySet<number>> {
  const pids = await onEverySession(url, async (client) => {
    await client.query("select set_config('search_path', $1, false)", [left]);
    // As pg_dump does where the server knows it: views, such as our requests, are then refused.
    const { rowCount } = await client.query("select 1 from pg_settings where name = 'restrict_nonsystem_relation_kind'");
    if (rowCount === 1) await client.query("set restrict_nonsystem_relation_kind to 'view, foreign-table'");
    return (await sessionOf(client)).pid;
  });
  return new Set(pids);
}

/** Returns each session of the pool, with its search path. */
function searchPaths(url: string) {
  return onEverySession(url, sessionOf);
}

async function sessionOf(client: pg.Client) {
  const { rows } = await client.query<{ readonly pid: number; readonly path: string }>(
    "select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_setting('search_path') as path",
  );
  const [session] = rows;
  if (session === undefined) throw new Error('the session did not say which one it is');
  return session;
}

/** Runs the work in every session of the pool: each client holds one in a transaction until all have one. */
async function onEverySession<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<readonly T[]> {
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => openClient(url)));
  await Promise.all(clients.map((client) => client.query('begin')));
  const done = await Promise.all(clients.map(work));
  await Promise.all(clients.map((client) => client.query('commit')));
  await Promise.all(clients.map((client) => client.end()));
  return done;
}

async function dumpThrough(url: string): Promise<void> {
  const file = path.join(temporaryDirectory(), 'headgate.dump');
  const child = spawn('pg_dump', ['--format=custom', `--file=${file}`, url], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
}

/** Calls the admin API and a model until it is stopped, and returns how many answers had which status. */
function startTraffic(gateway: Gateway, organizationId: string, secret: string) {
  const counted: Record<'admin' | 'model', Record<string, number>> = { admin: {}, model: {} };
  let isOver = false;
  const loop = async (kind: keyof typeof counted, call: () => Promise<number>) => {
    while (!isOver) {
      const status = await call();
      counted[kind][status] = (counted[kind][status] ?? 0) + 1;
    }
  };
  const paths = ['/organizations', `/organizations/${organizationId}`, `/organizations/${organizationId}/teams`, '/usage'];
  let next = 0;
  const admin = async () => {
    const { status } = await gateway.ask('GET', paths[next++ % paths.length] as string);
    await sleep(5);
    return status;
  };
  const model = async () => {
    const answer = await fetch(`${gateway.base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'metered', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await answer.arrayBuffer();
    await sleep(20);
    return answer.status;
  };
  const loops = [...Array.from({ length: 4 }, () => loop('admin', admin)), loop('model', model)];
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(loops);
      return counted;
    },
  };
}
