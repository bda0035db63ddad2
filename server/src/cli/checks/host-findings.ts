/** The checks of this machine: files, disk, Node. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { access, constants, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { programVersion } from '../../lib/program-version.ts';
import type { Config } from '../../settings/config.ts';
import { masterKeyFile } from '../../settings/data-directory.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const FREE_BYTES_MIN = 100_000_000;
const SYNC_MS_MAX = 50;
/** A connection of a client and one to a provider. */
const FILES_PER_CONNECTION = 2;
const FILES_BESIDE = 200;

export async function hostFindings(config: Config): Promise<readonly Finding[]> {
  const version = ok('version', `Headgate ${programVersion} on Node ${process.version}, ${process.platform} ${process.arch}.`);
  return [version, openFiles(config), ...(await dataDirectory(config)), ...masterKeyMode(config)];
}

function openFiles({ connectionsMax }: Config): Finding {
  const about = 'open files';
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const most = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (most === undefined) return ok(about, 'This system does not tell their limit.');
  const needed = connectionsMax * FILES_PER_CONNECTION + FILES_BESIDE;
  const found = `A process started from here may open ${most} files.`;
  return Number(most) >= needed
    ? ok(about, found)
    : warn(
        about,
        `${found} HEADGATE_CONNECTIONS_MAX=${connectionsMax} may need ${needed}.`,
        `Raise the limit (ulimit -n, LimitNOFILE), or lower the setting.`,
      );
}

async function dataDirectory({ dataDir, journalBytesMax, journalKeepBytesMax }: Config): Promise<readonly Finding[]> {
  const about = 'data directory';
  let directory = dataDir;
  while (!existsSync(directory)) directory = dirname(directory);
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const todo = `Give it to the user with the id ${process.getuid?.() ?? '?'}, or run this as the gateway’s user.`;
    return [fail(about, `${directory} cannot be written (${(error as NodeJS.ErrnoException).code}).`, todo)];
  }
  const { bsize, bavail } = await statfs(directory);
  const free = bsize * bavail;
  const needed = journalBytesMax + journalKeepBytesMax;
  const found = `${gigabytes(free)} are free for ${dataDir}; the journal may take ${gigabytes(needed)}.`;
  const space =
    free < FREE_BYTES_MIN
      ? fail('disk', found, 'Make room: without it nothing that costs money is served.')
      : free < needed
        ? warn('disk', found, 'Use a larger disk, or lower HEADGATE_JOURNAL_BYTES_MAX.')
        : ok('disk', found);
  const written = await writing(directory);
  const isThere = directory === dataDir || written.verdict === 'fail';
  return [isThere ? written : ok(about, `${dataDir} does not exist yet, and can be made.`), space];
}

/** Writes and syncs one block, as the journal does, and removes it. */
async function writing(directory: string): Promise<Finding> {
  const about = 'data directory';
  const path = join(directory, `.doctor-${process.pid}`);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(Buffer.alloc(4_096));
      const beganMs = performance.now();
      await file.sync();
      const ms = performance.now() - beganMs;
      const found = `${directory} can be written; the disk confirms a block in ${ms.toFixed(1)} ms.`;
      return ms <= SYNC_MS_MAX ? ok(about, found) : warn(about, found, 'Use a faster disk for the journal.');
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch (error) {
    return fail(
      about,
      `${directory} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
      'Check the disk and its permissions.',
    );
  }
}

function masterKeyMode({ dataDir, masterKey }: Config): readonly Finding[] {
  const path = masterKey.from === 'file' ? masterKey.path : masterKeyFile(dataDir);
  if (!existsSync(path)) return [];
  const mode = statSync(path).mode & 0o777;
  return (mode & 0o077) === 0 || masterKey.from === 'file'
    ? []
    : [warn('master key', `Other users of this machine may read ${path} (mode ${mode.toString(8)}).`, `Run chmod 600 ${path}.`)];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
