import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { TEST_POSTGRES_VARIABLE } from '../support/migrated-postgres.ts';
import { openClient } from '../support/pg-client.ts';

const MIGRATIONS = fileURLToPath(new URL('../../src/store/migrations/', import.meta.url));
const PROGRAM = `
  const { openDatabase } = await import(${JSON.stringify(new URL('../../src/store/database.ts', import.meta.url).href)});
  const { migrate } = await import(${JSON.stringify(new URL('../../src/store/installation/migrate.ts', import.meta.url).href)});
  await migrate(openDatabase({ url: process.argv[1] }));
`;
const server = process.env[TEST_POSTGRES_VARIABLE];
const NAME = `interrupted_${process.pid}`;

afterEach(() => maintain(`drop database if exists ${NAME} with (force)`));

describe.skipIf(server === undefined)('a process killed in the middle of a migration', () => {
  test('leaves the database as it was, and the next start migrates it whole', async () => {
    await maintain(`create database ${NAME}`);
    const url = (server as string).replace(/postgres$/, NAME);
    // The last table's name is taken by somebody who does not commit: there the migration waits, with all before it done.
    const beside = await openClient(url);
    await beside.query('begin');
    await beside.query(`create table "${lastTable()}" ()`);
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, url], { stdio: 'ignore' });
    await expect.poll(() => backends(`wait_event_type = 'Lock'`), { timeout: 30_000 }).toBe(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await beside.query('rollback');
    // Ours alone is left: PostgreSQL has noticed.
    await expect.poll(() => backends('true'), { timeout: 30_000 }).toBe(1);
    expect((await beside.query(TABLES)).rows).toEqual([{ count: 0 }]);

    const database = openDatabase({ url });
    await Promise.all([migrate(database), migrate(database)]);
    const { rows } = await database.pool.query('select count(*)::integer as count from schema_migrations');
    expect(rows).toEqual([{ count: globSync('*.sql', { cwd: MIGRATIONS }).length }]);
    expect((await database.pool.query(TABLES)).rows[0].count).toBeGreaterThan(10);
    await database.close();
    await beside.end();
  }, 90_000);
});

const TABLES =
  "select count(*)::integer as count from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')";

function lastTable(): string {
  const files = globSync('*.sql', { cwd: MIGRATIONS }).sort();
  const names = files.flatMap((file) => [...readFileSync(`${MIGRATIONS}${file}`, 'utf8').matchAll(/CREATE TABLE "(\w+)"/g)]);
  return names.at(-1)?.[1] as string;
}

async function backends(which: string): Promise<number> {
  const rows = await maintain(
    `select count(*)::integer as count from pg_stat_activity where datname = '${NAME}' and backend_type = 'client backend' and ${which}`,
  );
  return rows[0]?.count ?? 0;
}

async function maintain(statement: string): Promise<readonly { readonly count: number }[]> {
  if (server === undefined) return [];
  const client = await openClient(server);
  return client
    .query<{ count: number }>(statement)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}
