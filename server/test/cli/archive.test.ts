import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestId } from '../../src/lib/id.ts';
import { archiveMonth } from '../../src/store/archive/archive-month.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { partitionsOf } from '../../src/store/partitions.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { putDatabase } from '../prove/prepared-database.ts';
import { testTrail } from '../support/audit-trail.ts';
import { hasPostgres, openTestDatabase } from '../support/database.ts';
import { withEmbedded } from '../support/in-process.ts';
import { temporaryDirectory } from '../support/journals.ts';
import { givenEnd } from '../support/records.ts';
import { headgateHere } from './support.ts';

const admittedAtMs = Date.UTC(2025, 9, 3);
const NAME = 'request_records-2025-10';
const TABLE = 'headgate_archive.request_records_2025_10';

/** Stores a request of a month and archives the month. Returns the request's id. */
async function archived(database: OpenDatabase, folder: string): Promise<string> {
  const id = requestId(admittedAtMs);
  await storeRecords(database, [givenEnd({ admittedAtMs, requestId: id, tags: ['a'], tagRoute: '1.t' })]);
  const part = (await partitionsOf(database.db, 'request_records')).find(({ name }) => name.endsWith('2025_10'));
  if (part === undefined) throw new Error('there is no such month');
  const options = { folder, audit: testTrail(), now: () => new Date(), goOn: () => {} };
  await archiveMonth(database.db, { table: 'request_records', part }, options);
  return id;
}

/** Runs every command on the archive of one request. `rows` reads the database beside them. */
async function tryCommands(env: Record<string, string>, id: string, rows: (sql: string) => Promise<readonly object[]>) {
  const folder = env.HEADGATE_ARCHIVE_DIR as string;
  const run = (...words: readonly string[]) => headgateHere(env, 'archive', ...words);
  expect(await run('verify')).toMatchObject({ code: 0, out: expect.stringContaining(`${NAME}     1 rows, 1 requests`) });
  const shown = await run('show', '--request', id);
  expect(JSON.parse(shown.out)).toMatchObject({ archive: NAME, request: { request_id: id, tags: ['a'], nano_usd: '1000' } });
  expect(await run('show', '--request', requestId(admittedAtMs))).toMatchObject({ code: 1, out: '' });

  expect(await run('restore', NAME)).toMatchObject({ code: 0, out: expect.stringContaining(`1 rows are in ${TABLE}`) });
  expect(await rows(`select request_id, tags, nano_usd::int as nano_usd, stream from ${TABLE}`)).toEqual([
    { request_id: id, tags: ['a'], nano_usd: 1_000, stream: false },
  ]);
  expect(await run('restore', NAME)).toMatchObject({ code: 1, err: expect.stringContaining('is there already') });
  expect(await run('restore', NAME, '--drop')).toMatchObject({ code: 0 });
  expect(await rows(`select to_regclass('${TABLE}') as name`)).toEqual([{ name: null }]);
  expect(await run('restore', 'x; drop')).toMatchObject({ code: 2 });

  const manifest = join(folder, `${NAME}.json`);
  const text = readFileSync(manifest, 'utf8');
  const forged = text.replace(/("sha256": ")[0-9a-f]{8}/, '$100000000');
  writeFileSync(manifest, forged);
  expect(await run('verify', '--files-only')).toMatchObject({ code: 1, out: expect.stringContaining('WRONG: its SHA-256 is') });
  rmSync(manifest);
  expect(await run('verify')).toMatchObject({ code: 1, out: expect.stringMatching(new RegExp(`${NAME} +MISSING`)) });
  expect(await headgateHere({ ...env, HEADGATE_ARCHIVE_DIR: '' }, 'archive', 'verify')).toMatchObject({ code: 2 });
}

test.skipIf(!hasPostgres())('archives are verified, shown and restored on PostgreSQL', async () => {
  const database = await openTestDatabase('postgresql');
  try {
    const folder = temporaryDirectory();
    const id = await archived(database, folder);
    const env = { DATABASE_URL: database.url as string, HEADGATE_DATA_DIR: temporaryDirectory(), HEADGATE_ARCHIVE_DIR: folder };
    await tryCommands(env, id, async (sql) => (await database.db.execute(sql)).rows);
  } finally {
    await database.dispose();
  }
});

test('an archive is restored and verified on the embedded database', { timeout: 120_000 }, async () => {
  const [dataDir, folder] = [temporaryDirectory(), temporaryDirectory()];
  const env = { HEADGATE_DATA_DIR: dataDir, HEADGATE_ARCHIVE_DIR: folder };
  await putDatabase(dataDir);
  await headgateHere(env, 'admin-token');
  let id = '';
  await withEmbedded(join(dataDir, 'database'), async (database) => {
    id = await archived(database, folder);
  });
  expect(await headgateHere(env, 'archive', 'restore', NAME)).toMatchObject({ code: 0 });
  expect(await headgateHere(env, 'archive', 'verify')).toMatchObject({
    code: 0,
    err: expect.stringContaining('1 archives are whole and'),
  });
  await withEmbedded(join(dataDir, 'database'), async ({ db }) => {
    expect((await db.execute(`select request_id from ${TABLE}`)).rows).toEqual([{ request_id: id }]);
  });
});
