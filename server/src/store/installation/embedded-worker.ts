/** The worker thread of embedded.ts. Runs the engine and its socket until a message stops it. */
import { rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

export interface EmbeddedSettings {
  /** The directory of the database's files. */
  readonly directory: string;
  readonly socketPath: string;
}

export type EmbeddedStatus = { readonly is: 'ready' } | { readonly is: 'failed'; readonly reason: string };

const settings = workerData as EmbeddedSettings;

try {
  const engine = await PGlite.create(settings.directory, { extensions: { pg_trgm } });
  guard(engine);
  const server = await listen(engine);
  parentPort?.once('message', () => void stop(engine, server));
  report({ is: 'ready' });
} catch (error) {
  report({ is: 'failed', reason: error instanceof Error ? error.message.slice(0, 500) : 'unknown' });
  process.exit(1);
}

function report(status: EmbeddedStatus): void {
  parentPort?.postMessage(status);
}

async function listen(engine: PGlite): Promise<PGLiteSocketServer> {
  rmSync(settings.socketPath, { force: true });
  // One client at a time is served. The others are a client that is closing and its successor.
  const server = new PGLiteSocketServer({ db: engine, path: settings.socketPath, maxConnections: 4 });
  await server.start();
  return server;
}

/**
 * Guards the engine's messages. Each client begins with a clean session. The thread ends when the engine's state can no longer be
 * trusted: after a thrown error, a panic or a full disk, and when it answers nothing to a query. (After a full disk, the engine
 * answers every query with a panic.) A new thread then recovers from the files. Ordinary SQL errors are passed to the client.
 */
function guard(engine: PGlite): void {
  const execute = engine.execProtocolRawStream.bind(engine);
  engine.execProtocolRawStream = async (message, options) => {
    let isAnswered = !MUST_BE_ANSWERED.has(message[0]);
    const onRawData = (data: Uint8Array) => {
      if (isFatal(data)) process.exit(1);
      isAnswered = true;
      options.onRawData(data);
    };
    try {
      if (message[0] === STARTUP) await endSession(engine, execute);
      await execute(message, { ...options, onRawData });
    } catch {
      process.exit(1);
    }
    if (!isAnswered) process.exit(1);
  };
}

/**
 * Ends what an earlier client left behind. All clients share one session. If a client left after an error and before its Sync
 * message, the engine would ignore every message up to the next Sync. If it left in a transaction, the next client would be in it.
 */
async function endSession(engine: PGlite, execute: PGlite['execProtocolRawStream']): Promise<void> {
  await execute(SYNC, { onRawData: () => {} });
  if (engine.isInTransaction()) await execute(ROLLBACK, { onRawData: () => {} });
}

/** The first byte of a startup message, which has no type. */
const STARTUP = 0;
/** The types of messages to which a server always answers something: Query and Sync. */
const MUST_BE_ANSWERED: ReadonlySet<number | undefined> = new Set([0x51, 0x53]);
const SYNC = new Uint8Array([0x53, 0, 0, 0, 4]);
const ROLLBACK = new Uint8Array(Buffer.from('Q\0\0\0\rROLLBACK\0', 'latin1'));

/** Reports whether the data contains a fatal error message. Its fields contain zero bytes, which stored text cannot. */
function isFatal(data: Uint8Array): boolean {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return FATAL_MARKS.some((mark) => bytes.includes(mark));
}

const FATAL_MARKS = ['SPANIC\0', 'SFATAL\0', '\0C53100\0'].map((mark) => Buffer.from(mark));

async function stop(engine: PGlite, server: PGLiteSocketServer): Promise<void> {
  await server.stop();
  await engine.close();
  process.exit(0);
}
