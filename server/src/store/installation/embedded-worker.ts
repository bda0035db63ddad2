/** The thread of embedded.ts: runs the engine and its socket until told to stop. */
import { rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

export interface EmbeddedSettings {
  /** Where the database's files are. */
  readonly directory: string;
  readonly socketPath: string;
}

export type EmbeddedStatus = { readonly is: 'ready' } | { readonly is: 'failed'; readonly reason: string };

const settings = workerData as EmbeddedSettings;

try {
  const engine = await PGlite.create(settings.directory);
  endWhenItFails(engine);
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
  // One client at a time is served; the others are one that is just closing and its successor.
  const server = new PGLiteSocketServer({ db: engine, path: settings.socketPath, maxConnections: 4 });
  await server.start();
  return server;
}

/**
 * An ordinary error of SQL is an answer. What is thrown, a panic, and a full disk mean that the engine's state can no longer be trusted
 * (after a full disk it answers whatever comes next with a panic, for ever): then the thread ends, and a new one recovers from the files.
 */
function endWhenItFails(engine: PGlite): void {
  const execute = engine.execProtocolRawStream.bind(engine);
  engine.execProtocolRawStream = async (message, options) => {
    const onRawData = (data: Uint8Array) => {
      if (isFatal(data)) process.exit(1);
      options.onRawData(data);
    };
    try {
      return await execute(message, { ...options, onRawData });
    } catch {
      process.exit(1);
    }
  };
}

/** By the fields of an error message. No text that anybody stored can hold their zero bytes. */
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
