/** Months of the request log that go to an archive: what is written, what is dropped, and what is not when something fails. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { archiveJob } from '../../src/jobs/months/archive.ts';
import { retentionJob } from '../../src/jobs/retention.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import { faultOf, listManifests, readManifest, writeArchive } from '../../src/store/archive/archive-files.ts';
import type { Manifest } from '../../src/store/archive/archive-format.ts';
import { archiveMonth, recordedArchives } from '../../src/store/archive/archive-month.ts';
import { archiveLines } from '../../src/store/archive/archive-rows.ts';
import { findRequest } from '../../src/store/archive/find-in-archive.ts';
import { dropRestored, restoreArchive, restoredTable } from '../../src/store/archive/restore-archive.ts';
import { partitionsOf } from '../../src/store/partitions.ts';
import * as schema from '../../src/store/schema.ts';
import { makeOrganization, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { temporaryDirectory } from '../support/journals.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';
import { fill, mayMount, smallDisk } from '../support/small-disk.ts';

const LOG_DAYS = 90;
const canMount = mayMount();

/** Writes an archive as a version before the column `byok` wrote it, in place of a newer one. */
function withoutLastColumn(folder: string, manifest: Manifest): Manifest {
  const file = join(folder, manifest.file);
  const lines = gunzipSync(readFileSync(file)).toString().split('\n');
  const bytes = gzipSync(lines.map((line) => line.replace(/,[^,]*$/, '')).join('\n'));
  writeFileSync(file, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const earlier = { ...manifest, columns: manifest.columns.slice(0, -1), bytes: bytes.length, sha256 };
  expect(manifest.columns.at(-1)).toBe('byok');
  writeFileSync(join(folder, `${manifest.name}.json`), JSON.stringify(earlier));
  return earlier;
}

onEveryDatabase('archives of the request log', (given) => {
  const world = withAdmin(given);
  const run = (job: Job) =>
    job.run({
      database: given(),
      clock: world().deps.clock,
      signal: new AbortController().signal,
      warn: () => {},
    });
  const archive = (folder: string) => run(archiveJob({ folder, logDaysMax: LOG_DAYS, audit: world().deps.audit }));
  const rowsOf = async (statement: string) => (await given().db.execute<Record<string, string>>(statement)).rows;
  const logged = async (month: string) =>
    Number(
      (
        await rowsOf(`select count(*) as n from requests where to_char(admitted_at at time zone 'UTC', 'YYYY-MM') = '${month}'`)
      )[0]?.n,
    );
  const monthsOf = async () =>
    (await partitionsOf(given().db, 'request_records')).map(({ startMs }) => new Date(startMs).toISOString().slice(0, 7));
  const monthOf = async (month: string) => {
    const part = (await partitionsOf(given().db, 'request_records')).find(
      ({ startMs }) => new Date(startMs).toISOString().slice(0, 7) === month,
    );
    if (part === undefined) throw new Error(`there is no month ${month}`);
    return { table: 'request_records', part } as const;
  };
  const store = async (...records: readonly Partial<EndRecord>[]) =>
    storeRecords(
      given(),
      records.map((record) => givenEnd({ entries: [givenEntry({ nanoUsd: 7 })], ...record })),
    );
  const options = (folder: string, goOn = () => {}) => ({
    folder,
    audit: world().deps.audit,
    now: () => new Date(world().time.nowMs),
    goOn,
  });

  test('a month past the limit is written with its sums, recorded and dropped; ledger, reports and younger months stay', async () => {
    const folder = join(temporaryDirectory(), 'archives');
    const kept = await makeOrganization(world().root);
    const brief = await makeOrganization(world().root, { audit: { content: 'off', event_retention_days: 60 } });
    const at = (day: number) => Date.UTC(2025, 9, day, 12);
    const wild = 'a "quoted", name\nof two lines; =ä€😀';
    const id = requestId(at(3));
    await store(
      {
        organizationId: kept.id,
        admittedAtMs: at(3),
        requestId: id,
        tags: ['a', 'b'],
        tagRoute: '2.t',
        content: Buffer.from('sealed prompt'),
      },
      { organizationId: kept.id, admittedAtMs: at(2), clientRequestId: '' },
      { organizationId: brief.id, admittedAtMs: at(2) },
      { organizationId: kept.id, admittedAtMs: Date.UTC(2026, 1, 1) },
    );
    // The journal keeps no line breaks, but the file must.
    await given().pool.query('update request_records set code = $1 where called_name = $2 and tags is not null', [
      wild,
      'gpt-5-nano',
    ]);
    const shared = requestId(at(4));
    await storeRecords(given(), [
      givenRefusal({ organizationId: kept.id, admittedAtMs: at(4), count: 3, repeatIds: [shared, requestId(at(4))] }),
    ]);
    const usage = () =>
      rowsOf(`select * from organization_days where organization_id in ('${kept.id}', '${brief.id}') order by 1, 2`);
    const ledger = () => rowsOf('select * from ledger_entries order by request_id');
    const before = [await usage(), await ledger()];

    // Nothing of an organization without a limit of its own is deleted before its month is archived.
    await run(retentionJob({ logDaysMax: LOG_DAYS, archives: true }));
    expect(await logged('2025-10')).toBe(3);
    expect(await archive(folder)).toBe('Archived 1 months with 3 rows.');

    expect([await logged('2025-10'), await logged('2026-02')]).toEqual([0, 1]);
    expect(await monthsOf()).not.toContain('2025-10');
    expect([await usage(), await ledger()]).toEqual(before);
    const [manifest, ...others] = await listManifests(folder);
    expect(others).toEqual([]);
    expect(manifest).toMatchObject({
      format: 1,
      name: 'request_records-2025-10',
      rows: '3',
      sums: { count: '5', total_tokens: '60', nano_usd: '14' },
    });
    const text = gunzipSync(readFileSync(join(folder, manifest?.file as string))).toString();
    expect(text).not.toContain('sealed prompt');
    expect(text).not.toContain(brief.id);
    expect(await findRequest(folder, id)).toMatchObject({
      archive: manifest?.name,
      request: {
        request_id: id,
        code: wild,
        tags: ['a', 'b'],
        nano_usd: '7',
        param: null,
        admitted_at: '2025-10-03T12:00:00.000Z',
      },
    });
    expect((await findRequest(folder, shared))?.request).toMatchObject({ status: 'refused', count: '3' });
    expect(await findRequest(folder, requestId(at(5)))).toBeNull();
    const recorded = [];
    for await (const one of recordedArchives(given().db)) recorded.push(one);
    expect(recorded).toEqual([{ name: manifest?.name, sha256: manifest?.sha256 }]);
    const modes = [folder, ...readdirSync(folder).map((file) => join(folder, file))].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    expect(await archive(folder)).toBe('Archived 0 months with 0 rows.');
  });

  test('a request with an own deployment is marked, and an archive of before the mark is read, verified and restored', async () => {
    const folder = temporaryDirectory();
    const { id: organizationId } = await makeOrganization(world().root);
    const admittedAtMs = Date.UTC(2025, 4, 2);
    const [own, ours] = [requestId(admittedAtMs), requestId(admittedAtMs + 1)];
    const now = new Date(admittedAtMs);
    const made = { model: 'm', provider: 'openai', upstreamModel: 'x', enabled: false, createdAt: now, updatedAt: now };
    await given()
      .db.insert(schema.deployments)
      .values({ ...made, id: 'dep_brought', owner: organizationId });
    await store(
      { organizationId, admittedAtMs, requestId: own, deploymentId: 'dep_brought' },
      { organizationId, admittedAtMs: admittedAtMs + 1, requestId: ours },
    );
    await archive(folder);
    expect((await findRequest(folder, own))?.request).toMatchObject({ byok: 'true', deployment_id: 'dep_brought' });
    expect((await findRequest(folder, ours))?.request).toMatchObject({ byok: 'false' });
    const [manifest] = await listManifests(folder);
    if (manifest === undefined) throw new Error('there is no archive');
    const restored = async () =>
      (await rowsOf(`select request_id, byok from ${restoredTable(manifest)} order by admitted_at`)).map((row) => row.byok);
    expect(await restoreArchive(given().db, folder, manifest)).toBe(2);
    expect(await restored()).toEqual([true, false]);
    await dropRestored(given().db, manifest);

    const earlier = withoutLastColumn(folder, manifest);
    expect(await faultOf(folder, earlier)).toBeNull();
    expect((await findRequest(folder, own))?.request).not.toHaveProperty('byok');
    expect(await restoreArchive(given().db, folder, earlier)).toBe(2);
    expect(await restored()).toEqual([null, null]);
    await dropRestored(given().db, earlier);
  });

  test('rows that come for a month that is archived get an archive of their own', async () => {
    const folder = temporaryDirectory();
    const { id: organizationId } = await makeOrganization(world().root);
    const admittedAtMs = Date.UTC(2025, 8, 2);
    await store({ organizationId, admittedAtMs });
    await archive(folder);
    await store({ organizationId, admittedAtMs }, { organizationId, admittedAtMs });
    expect(await archive(folder)).toBe('Archived 1 months with 2 rows.');
    const names = (await listManifests(folder)).map(({ name, rows }) => [name, rows]);
    expect(names).toEqual([
      ['request_records-2025-09', '1'],
      ['request_records-2025-09.2', '2'],
    ]);
  });

  test('a row that comes between the archive and the drop keeps the month; the next run archives both', async () => {
    const folder = temporaryDirectory();
    const { id: organizationId } = await makeOrganization(world().root);
    const admittedAtMs = Date.UTC(2025, 7, 2);
    await store({ organizationId, admittedAtMs });
    const month = await monthOf('2025-08');
    const lines = archiveLines(given().db, month, () => {});
    await writeArchive(folder, { name: 'request_records-2025-08', table: 'request_records', month: '2025-08' }, lines);
    await store({ organizationId, admittedAtMs });
    // The archive of the first row is whole, but it is not all there is: it is left alone.
    expect(await archiveMonth(given().db, month, options(folder))).toMatchObject({
      name: 'request_records-2025-08.2',
      rows: '2',
    });
    expect(await readManifest(folder, 'request_records-2025-08')).toMatchObject({ rows: '1' });
  });

  test('what a killed run left is written anew, or used again where it is whole', async () => {
    const folder = temporaryDirectory();
    const { id: organizationId } = await makeOrganization(world().root);
    await store({ organizationId, admittedAtMs: Date.UTC(2025, 6, 2) }, { organizationId, admittedAtMs: Date.UTC(2025, 5, 2) });
    // Killed while it wrote, and between the file and its manifest.
    for (const name of ['request_records-2025-06.csv.gz.new', 'request_records-2025-06.csv.gz'])
      writeFileSync(join(folder, name), 'half');
    // Killed between the manifest and the drop.
    const lines = archiveLines(given().db, await monthOf('2025-07'), () => {});
    const whole = await writeArchive(
      folder,
      { name: 'request_records-2025-07', table: 'request_records', month: '2025-07' },
      lines,
    );
    const writtenAt = statSync(join(folder, whole.file)).mtimeMs;
    expect(await archive(folder)).toBe('Archived 2 months with 2 rows.');
    expect(statSync(join(folder, whole.file)).mtimeMs).toBe(writtenAt);
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
    for (const manifest of await listManifests(folder)) expect(await faultOf(folder, manifest)).toBeNull();
  });

  test('a month that cannot be recorded is not dropped', async () => {
    const folder = temporaryDirectory();
    const { id: organizationId } = await makeOrganization(world().root);
    await store({ organizationId, admittedAtMs: Date.UTC(2025, 4, 2) });
    const audit = {
      ...world().deps.audit,
      heads: {
        ...world().deps.audit.heads,
        known: () => {
          throw new Error('no audit log');
        },
      },
    };
    await expect(run(archiveJob({ folder, logDaysMax: LOG_DAYS, audit }))).rejects.toThrow('no audit log');
    expect(await logged('2025-05')).toBe(1);
    expect(await archive(folder)).toBe('Archived 1 months with 1 rows.');
  });

  test('a changed archive is found out', async () => {
    const folder = temporaryDirectory();
    const { id: organizationId } = await makeOrganization(world().root);
    await store({ organizationId, admittedAtMs: Date.UTC(2025, 3, 2) });
    await archive(folder);
    const [manifest] = await listManifests(folder);
    if (manifest === undefined) throw new Error('there is no archive');
    expect(await faultOf(folder, manifest)).toBeNull();
    expect(await faultOf(folder, { ...manifest, sums: { ...manifest.sums, nano_usd: '8' } })).toContain('sums');
    const bytes = readFileSync(join(folder, manifest.file));
    writeFileSync(join(folder, manifest.file), bytes.subarray(0, bytes.length - 9));
    expect(await faultOf(folder, manifest)).not.toBeNull();
    writeFileSync(join(folder, manifest.file), Buffer.concat([bytes, Buffer.from('x')]));
    expect(await faultOf(folder, manifest)).not.toBeNull();
  });

  test.skipIf(!canMount)('a full disk leaves the month in the database, and nothing that looks like an archive', async () => {
    const folder = smallDisk(256);
    const { id: organizationId } = await makeOrganization(world().root);
    await store({ organizationId, admittedAtMs: Date.UTC(2025, 2, 2) });
    fill(folder);
    await expect(archive(folder)).rejects.toThrow(/ENOSPC/);
    expect(await logged('2025-03')).toBe(1);
    expect(readdirSync(folder)).toEqual(['filling']);
    writeFileSync(join(folder, 'filling'), '');
    expect(await archive(folder)).toBe('Archived 1 months with 1 rows.');
  });
});
