/**
 * The files of archives. A file is written beside its final name, synced and then renamed, and its manifest after it: an archive
 * with a manifest is whole. Only the gateway's user can read the folder and the files.
 */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import {
  ARCHIVE_COLUMN_NAMES,
  ARCHIVE_FORMAT,
  ARCHIVED_TABLES,
  type ArchiveSums,
  type Manifest,
  SUMMED_COLUMNS,
  sameSums,
} from './archive-format.ts';
import { type CsvCell, csvRows } from './csv-rows.ts';

/** An archive that cannot be read or does not agree with its manifest. The message is a sentence for the operator. */
export class BadArchive extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadArchive';
  }
}

/** A faster level than the default, which makes these files 4 % smaller in twice the time. */
const GZIP_LEVEL = 4;

/** Creates the folder if it is missing, for this user alone. A mounted folder of another owner keeps its permissions. */
export async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error;
  });
}

/**
 * Writes an archive, reads it again and stores the manifest that this reading made. Replaces a file without a manifest. Leaves
 * nothing new under its final name if anything fails, as when the disk is full.
 */
export async function writeArchive(
  folder: string,
  about: Pick<Manifest, 'name' | 'table' | 'month'>,
  lines: AsyncIterable<string>,
): Promise<Manifest> {
  const file = `${about.name}.csv.gz`;
  const draft = join(folder, `${file}.new`);
  try {
    await rm(draft, { force: true });
    const to = createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true });
    await pipeline(Readable.from(lines), createGzip({ level: GZIP_LEVEL }), to);
    const columns = ARCHIVE_COLUMN_NAMES;
    const found = await readSums(draft, columns);
    await rename(draft, join(folder, file));
    const manifest = { format: ARCHIVE_FORMAT, ...about, columns, file, ...found };
    await storeManifest(folder, manifest);
    return manifest;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Deletes an archive that nothing relies on. */
export async function deleteArchive(folder: string, { name, file }: Manifest): Promise<void> {
  await rm(join(folder, manifestFile(name)), { force: true });
  await rm(join(folder, file), { force: true });
}

/** Returns the manifests of a folder in the order of their names. Throws BadArchive, and rejects if there is no such folder. */
export async function listManifests(folder: string): Promise<readonly Manifest[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  const names = files.map((file) => file.slice(0, -'.json'.length)).sort();
  const manifests: Manifest[] = [];
  for (const name of names) manifests.push((await readManifest(folder, name)) as Manifest);
  return manifests;
}

/** Returns the manifest of an archive; null if it has none. Throws BadArchive if it cannot be understood. */
export async function readManifest(folder: string, name: string): Promise<Manifest | null> {
  let text: string;
  try {
    text = await readFile(join(folder, manifestFile(name)), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const manifest = parsed(text);
  if (manifest === null || manifest.name !== name || manifest.file !== `${name}.csv.gz`)
    throw new BadArchive(`${manifestFile(name)} is not the manifest of an archive that this version reads.`);
  return manifest;
}

/** Reads an archive from its first to its last byte. Returns a sentence about the first difference from its manifest, or null. */
export async function faultOf(folder: string, manifest: Manifest): Promise<string | null> {
  try {
    const found = await readSums(join(folder, manifest.file), manifest.columns);
    if (found.sha256 !== manifest.sha256) return `its SHA-256 is ${found.sha256}, and the manifest says ${manifest.sha256}`;
    if (!sameSums(found, manifest)) return 'its rows or sums are not those of the manifest';
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Yields the rows of an archive, without the line of names. Throws BadArchive and NotCsv. */
export async function* rowsOfArchive(
  folder: string,
  { file, columns }: Manifest,
): AsyncGenerator<readonly (readonly CsvCell[])[]> {
  yield* rowsOfFile(createReadStream(join(folder, file)), columns);
}

async function* rowsOfFile(
  from: NodeJS.ReadableStream,
  columns: readonly string[],
): AsyncGenerator<readonly (readonly CsvCell[])[]> {
  const unpacked = createGunzip({ chunkSize: PIECE_BYTES });
  const ended = pipeline(from, unpacked);
  // The loop below throws the same failure.
  ended.catch(() => {});
  unpacked.setEncoding('utf8');
  let isFirst = true;
  for await (const rows of csvRows(unpacked as AsyncIterable<string>)) {
    if (rows.length === 0) continue;
    if (isFirst && rows[0]?.join() !== columns.join()) throw new BadArchive('its columns are not those of the manifest');
    const bad = rows.find((row) => row.length !== columns.length);
    if (bad !== undefined) throw new BadArchive(`a row has ${bad.length} cells, and there are ${columns.length} columns`);
    yield isFirst ? rows.slice(1) : rows;
    isFirst = false;
  }
  if (isFirst) throw new BadArchive('it has no line of column names');
  await ended;
}

async function readSums(path: string, columns: readonly string[]): Promise<ArchiveSums & Pick<Manifest, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const source = createReadStream(path);
  source.on('error', (error) => hashing.destroy(error));
  const places = SUMMED_COLUMNS.map((name) => columns.indexOf(name));
  const sums = SUMMED_COLUMNS.map(() => 0n);
  let count = 0;
  for await (const rows of rowsOfFile(source.pipe(hashing), columns)) {
    count += rows.length;
    for (const [index, place] of places.entries()) sums[index] = (sums[index] as bigint) + sumOf(rows, place);
  }
  const named = Object.fromEntries(SUMMED_COLUMNS.map((name, index) => [name, String(sums[index])])) as ArchiveSums['sums'];
  return { rows: String(count), sums: named, bytes, sha256: hash.digest('hex') };
}

/** Adds up one column of some rows. Small sums are added as numbers, which is much faster. */
function sumOf(rows: readonly (readonly CsvCell[])[], place: number): bigint {
  let exact = 0n;
  let sum = 0;
  for (const row of rows) {
    const text = row[place] ?? null;
    if (text === null) continue;
    const value = Number(text);
    if (!(Math.abs(value) < SMALL)) exact += BigInt(text);
    else sum += value;
    if (Math.abs(sum) >= SMALL) {
      exact += BigInt(sum);
      sum = 0;
    }
  }
  return exact + BigInt(sum);
}

const SMALL = 2 ** 50;
const PIECE_BYTES = 2 ** 18;

async function storeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, manifestFile(manifest.name));
  const draft = `${path}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(draft, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot sync directories.
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function manifestFile(name: string): string {
  return `${name}.json`;
}

function parsed(text: string): Manifest | null {
  try {
    const found = JSON.parse(text) as Manifest;
    const isOurs = found.format === ARCHIVE_FORMAT && ARCHIVED_TABLES.includes(found.table) && /^\d{4}-\d\d$/.test(found.month);
    const isSummed = typeof found.rows === 'string' && SUMMED_COLUMNS.every((name) => typeof found.sums?.[name] === 'string');
    return isOurs && isSummed && Array.isArray(found.columns) && /^[0-9a-f]{64}$/.test(found.sha256) ? found : null;
  } catch {
    return null;
  }
}
