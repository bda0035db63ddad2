/**
 * The embedded database: PostgreSQL compiled to WebAssembly (PGlite) in a worker thread. The program connects through a unix
 * socket that only this user can open, so it needs one driver and one SQL dialect. The data survives a crash of the process, but
 * not a power loss, because the engine never syncs.
 *
 * All connections share one session, so statements of two connections would mix. The pool therefore has one connection, for which
 * other queries wait. A query outside a transaction that its own caller holds open fails after 15 s instead of hanging.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { databaseOver, type OpenDatabase, ping } from '../database.ts';
import type { EmbeddedSettings, EmbeddedStatus } from './embedded-worker.ts';

export interface EmbeddedOptions {
  /** The data directory, whose lock the caller holds. The database uses its subdirectory `database/`. */
  readonly dataDir: string;
  /** Called when the engine failed and will restart, for a log line. Until then queries fail with StoreUnavailable. */
  readonly onFailure?: (error: Error) => void;
}

/** This version cannot open the directory. The message is one line for the operator. */
export class UnusableDatabase extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnusableDatabase';
  }
}

/**
 * Starts the engine (about 2 s the first time, under 1 s later) and opens the database. Throws if it cannot start,
 * UnusableDatabase if the directory or the disk is the cause.
 */
export async function openEmbedded({ dataDir, onFailure = () => {} }: EmbeddedOptions): Promise<OpenDatabase> {
  const directory = join(resolve(dataDir), 'database');
  refuseMoved(directory);
  refuseOtherEngine(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const socketDir = socketFolder(resolve(dataDir));
  const engine = await startEngine({ directory, socketPath: join(socketDir, SOCKET_NAME) }, onFailure).catch((error: unknown) => {
    rmSync(socketDir, { recursive: true, force: true });
    throw error;
  });
  const opened = databaseOver(connectionTo(socketDir), 'embedded');
  await ping(opened.db);
  let closing: Promise<void> | null = null;
  const close = async () => {
    await opened.close();
    await engine.stop();
    rmSync(socketDir, { recursive: true, force: true });
  };
  return {
    ...opened,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Returns true if the data directory has an embedded database, or had one that was moved to PostgreSQL. */
export function hasEmbedded(dataDir: string): boolean {
  const directory = join(resolve(dataDir), 'database');
  return existsSync(directory) || existsSync(movedName(directory));
}

/** The name that the driver derives from the port. */
const SOCKET_NAME = '.s.PGSQL.5432';
const ENGINE_VERSION = '18';
const QUERY_TIMEOUT_MS = 30_000;
/** The longest wait for the one connection: longer than a report or a batch of the ledger takes on a busy machine. */
const TURN_TIMEOUT_MS = 15_000;
const RESTART_DELAY_MS_MIN = 250;
const RESTART_DELAY_MS_MAX = 5_000;
const STABLE_AFTER_MS = 60_000;

/** Refuses to start after a move to PostgreSQL: without DATABASE_URL, the process would create a new empty database. */
function refuseMoved(directory: string): void {
  if (existsSync(directory) || !existsSync(movedName(directory))) return;
  throw new UnusableDatabase(
    `The database of ${directory} was moved to PostgreSQL. Set DATABASE_URL to the database that it was moved to.`,
  );
}

/** Returns the name of the directory of an embedded database after a move to PostgreSQL. */
export function movedName(directory: string): string {
  return `${directory}.moved`;
}

/** Refuses files of another engine version, which this engine cannot read, with a message shorter than the engine's. */
function refuseOtherEngine(directory: string): void {
  const file = join(directory, 'PG_VERSION');
  if (!existsSync(file)) return;
  const version = readFileSync(file, 'utf8').trim();
  if (version === ENGINE_VERSION) return;
  throw new UnusableDatabase(
    `The database in ${directory} has format ${version.slice(0, 20)}, and this version of Headgate reads format ${ENGINE_VERSION}. ` +
      'Start the version of Headgate that wrote it, or restore a backup.',
  );
}

/**
 * Returns a folder of mode 700 for the socket. It is in the temporary directory if the path in the data directory exceeds the
 * limit of 107 bytes.
 */
function socketFolder(dataDir: string): string {
  const beside = join(dataDir, 'socket');
  if (Buffer.byteLength(join(beside, SOCKET_NAME)) > 100) return mkdtempSync(join(tmpdir(), 'headgate-'));
  mkdirSync(beside, { recursive: true, mode: 0o700 });
  return beside;
}

function connectionTo(socketDir: string): pg.Pool {
  return new pg.Pool({
    host: socketDir,
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: TURN_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
}

interface Engine {
  stop(): Promise<void>;
}

/**
 * Keeps one worker running until stopped. Throws if the first start fails. Later failures, such as a full disk, lead to restarts.
 */
async function startEngine(settings: EmbeddedSettings, onFailure: (error: Error) => void): Promise<Engine> {
  let isStopping = false;
  let worker = await startWorker(settings);
  let delayMs = RESTART_DELAY_MS_MIN;
  const restartLater = (reason: Error) => {
    if (isStopping) return;
    onFailure(reason);
    setTimeout(() => void restart(), delayMs);
    delayMs = Math.min(delayMs * 2, RESTART_DELAY_MS_MAX);
  };
  const restart = async () => {
    if (isStopping) return;
    try {
      worker = await startWorker(settings);
      watch();
    } catch (error) {
      restartLater(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const watch = () => {
    const startedMs = performance.now();
    worker.once('exit', () => {
      if (performance.now() - startedMs > STABLE_AFTER_MS) delayMs = RESTART_DELAY_MS_MIN;
      restartLater(new Error('the embedded database stopped; it is started again'));
    });
  };
  watch();
  return {
    stop: async () => {
      isStopping = true;
      await stopWorker(worker);
    },
  };
}

function startWorker(settings: EmbeddedSettings): Promise<Worker> {
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: settings, execArgv: [] });
  return new Promise((started, failed) => {
    worker.once('error', failed);
    worker.once('exit', () => failed(new Error('the embedded database stopped during its start')));
    worker.on('message', (status: EmbeddedStatus) => {
      if (status.is === 'failed')
        return failed(
          new UnusableDatabase(
            `The embedded database cannot start (${status.reason}). Check the free disk space and the permissions of the data directory.`,
          ),
        );
      if (status.is !== 'ready') return; // Under `node --watch`, a thread also reports its imports.
      worker.removeAllListeners('exit');
      worker.on('error', () => {});
      started(worker);
    });
  });
}

function stopWorker(worker: Worker): Promise<void> {
  return new Promise((stopped) => {
    if (worker.threadId === -1) return stopped();
    worker.once('exit', () => stopped());
    worker.postMessage('stop');
  });
}
