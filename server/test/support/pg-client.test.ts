import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasPostgres, openTestDatabase, type TestDatabase } from './database.ts';
import { openClient } from './pg-client.ts';

describe.skipIf(!hasPostgres())('a session of a test', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
  });
  afterAll(() => database.dispose());

  test('that the server ends rejects the next query, and does not end this process', async () => {
    const client = await openClient(database.url as string);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await sleep(200);
    await expect(client.query('select 1')).rejects.toThrow();
    await client.end();
  });
});

const repository = path.resolve(import.meta.dirname, '../../..');

test('every file that makes a client of the driver listens to its errors', () => {
  const files = ['server/src/**/*.ts', 'server/test/**/*.ts', 'bench/**/*.ts'].flatMap((glob) =>
    globSync(glob, { cwd: repository }),
  );
  const makers = files.map((file) => ({ file, text: readFileSync(path.join(repository, file), 'utf8') }));
  const deaf = makers.filter(({ text }) => /new pg\.Client\(/.test(text) && !/\bon\('error'/.test(text)).map(({ file }) => file);
  expect(deaf).toEqual([]);
});
