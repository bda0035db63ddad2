/** The store of files over a database: what is written is read, nobody finds another's, and nothing is left of what ended. */
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { dropFilesJob } from '../../src/jobs/months/drop-files.ts';
import { UnsealFailure } from '../../src/lib/secrets.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { FileGone, type FileStore, NoRoomForFile, newFileId, UPLOAD_IDLE_MS } from '../../src/proxy/files/file-store.ts';
import { filePieces, files, organizations, teams } from '../../src/store/schema.ts';
import { insertTenants, organizationOf, teamOf } from '../responses/site.ts';
import { onEveryDatabase } from '../support/database.ts';
import { openFiles } from './site.ts';

const MB = 1024 * 1024;
const DAY_MS = 86_400_000;

onEveryDatabase('the store of files', (given) => {
  let store: FileStore;
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => systemClock.monotonicMs() };
  const a = organizationOf('org_a');
  const begin = (organization = a, team: 1 | 2 = 1) =>
    store.begin(organization, {
      place: { organizationId: organization.id, teamId: teamOf(organization.id, team), keyId: 'key_1' },
      purpose: 'batch',
      filename: 'requests.jsonl',
      expiresAt: new Date(nowMs + DAY_MS),
    });
  const write = async (content: Buffer, organization = a) => {
    const writer = await begin(organization);
    for (let at = 0; at < content.length; at += 700_001) await writer.write(content.subarray(at, at + 700_001));
    return writer.finish(7);
  };
  const read = async (file: Awaited<ReturnType<typeof write>>, organization = a) => {
    const pieces: Buffer[] = [];
    for await (const piece of store.read(organization, file)) pieces.push(piece);
    return pieces;
  };

  beforeEach(async () => {
    nowMs = systemClock.nowMs();
    await insertTenants(given().db);
    await given().db.delete(files);
    store = openFiles(given().db, { clock });
  });

  test.each([0, 1, MB - 1, MB, MB + 1, 3 * MB + 5])('a file of %d bytes is read as it was written', async (length) => {
    const content = randomBytes(length);
    const file = await write(content);
    expect([file.bytes, file.lines, file.pieces]).toEqual([length, 7, Math.ceil(length / MB)]);
    const pieces = await read(file);
    expect(Math.max(0, ...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(MB);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(await store.find('org_a', file.id)).toEqual(file);
    expect(await store.find('org_b', file.id)).toBeNull();
  });

  test('what is stored has nothing of the content, and no piece opens in the place of another', async () => {
    const content = Buffer.from('a secret prompt '.repeat(200_000));
    const [file, other] = [await write(content), await write(content)];
    const rows = await given().db.select().from(filePieces);
    expect(rows.some(({ sealed }) => sealed.includes('secret'))).toBe(false);
    const sealedOf = (id: string, number: number) =>
      rows.find((row) => row.fileId === id && row.number === number)?.sealed as Buffer;
    for (const [id, number] of [
      [file.id, 1],
      [other.id, 0],
    ] as const) {
      await given()
        .db.update(filePieces)
        .set({ sealed: sealedOf(id, number) })
        .where(eq(filePieces.number, 0));
      await expect(read(file)).rejects.toThrow(UnsealFailure);
    }
  });

  test('an upload is found by nobody before its end, and after it was given up nothing is left', async () => {
    const writer = await begin();
    await writer.write(randomBytes(2 * MB));
    const question = {
      organizationId: 'org_a',
      teamId: null,
      keyId: null,
      purpose: null,
      order: 'asc',
      after: null,
      limit: 9,
    } as const;
    expect([await store.find('org_a', writer.id), await store.list(question)]).toEqual([null, []]);
    expect(await store.remove('org_b', writer.id)).toBe(false);
    await writer.abandon();
    await expect(writer.write(randomBytes(MB))).rejects.toThrow(FileGone);
    await expect(writer.finish(1)).rejects.toThrow(FileGone);
    expect([await given().db.select().from(files), await given().db.select().from(filePieces)]).toEqual([[], []]);
  });

  test('an organization takes no more files and no more bytes than its bounds, and another one is not affected', async () => {
    store = openFiles(given().db, { clock, filesMax: 2, bytesMax: 3 * MB });
    const writer = await begin();
    await writer.write(randomBytes(3 * MB));
    await expect(writer.write(randomBytes(MB))).rejects.toMatchObject({ what: 'bytes', max: 3 * MB });
    await expect(begin()).rejects.toThrow(NoRoomForFile);
    await writer.abandon();
    await write(randomBytes(10));
    await write(randomBytes(10));
    await expect(begin()).rejects.toMatchObject({ what: 'files', max: 2 });
    await write(randomBytes(10), organizationOf('org_b'));
  });

  test('a list is by age, page by page, and leaves out what a filter, an end or another organization leaves out', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      nowMs += 1;
      ids.push((await write(randomBytes(3))).id);
    }
    await write(randomBytes(3), organizationOf('org_b'));
    const all = {
      organizationId: 'org_a',
      teamId: null,
      keyId: null,
      purpose: null,
      order: 'desc',
      after: null,
      limit: 2,
    } as const;
    const idsOf = async (more: object) => (await store.list({ ...all, ...more })).map(({ id }) => id);
    expect(await idsOf({})).toEqual([ids[4], ids[3]]);
    expect(await idsOf({ after: ids[3] })).toEqual([ids[2], ids[1]]);
    expect(await idsOf({ order: 'asc', after: ids[3], limit: 9 })).toEqual([ids[4]]);
    expect(await store.remove('org_a', ids[2] as string)).toBe(true);
    expect(await store.remove('org_a', ids[2] as string)).toBe(false);
    expect(await idsOf({ after: ids[2] })).toEqual([ids[1], ids[0]]);
    for (const nothing of [{ teamId: teamOf('org_a', 2) }, { keyId: 'key_2' }, { purpose: 'batch_output' }])
      expect(await idsOf(nothing)).toEqual([]);
    nowMs += DAY_MS;
    expect(await idsOf({})).toEqual([]);
  });

  // promise: A file of a batch ends when it expires,
  test('the job deletes what expired, what was left unfinished, and what is of a deleted team or organization, and nothing else', async () => {
    const kept = [await write(randomBytes(2 * MB + 1)), await write(randomBytes(5), organizationOf('org_b'))];
    const left = await begin();
    await left.write(randomBytes(18 * MB));
    const ofTeam = await begin(a, 2);
    await ofTeam.write(randomBytes(3));
    await ofTeam.finish(1);
    await write(randomBytes(9), organizationOf('org_c'));
    const run = async () => {
      const context = { database: given(), clock, signal: new AbortController().signal, warn: () => {} };
      return [await dropFilesJob().run(context), (await given().db.select().from(files)).length];
    };
    expect(await run()).toEqual(['Deleted 0 files.', 5]);
    await given()
      .db.update(teams)
      .set({ deletedAt: new Date() })
      .where(eq(teams.id, teamOf('org_a', 2)));
    await given().db.update(organizations).set({ status: 'deleted' }).where(eq(organizations.id, 'org_c'));
    expect(await store.find('org_a', ofTeam.id)).toBeNull();
    expect(await run()).toEqual(['Deleted 2 files.', 3]);
    nowMs += UPLOAD_IDLE_MS;
    await expect(run()).resolves.toEqual(['Deleted 1 files.', 2]);
    await expect(left.finish(1)).rejects.toThrow(FileGone);
    for (const [at, file] of kept.entries()) {
      const pieces = await read(file, organizationOf(at === 0 ? 'org_a' : 'org_b'));
      expect(Buffer.concat(pieces).length).toBe(file.bytes);
    }
    nowMs += DAY_MS;
    expect(await run()).toEqual(['Deleted 2 files.', 0]);
    expect(await given().db.select().from(filePieces)).toEqual([]);
  });

  describe('ids', () => {
    test('only an id of ours reaches the database', async () => {
      expect(newFileId(nowMs)).toMatch(/^file-[0-9a-f]{32}$/);
      for (const id of ['file-abc', 'file-', newFileId(nowMs).replace('-', '_'), `${newFileId(nowMs)}0`, "file-' or true"])
        expect([await store.find('org_a', id), await store.remove('org_a', id)]).toEqual([null, false]);
    });
  });
});
