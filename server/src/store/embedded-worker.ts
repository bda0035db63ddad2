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

/** An error of SQL is an answer; what is thrown means the engine itself is gone, and the socket's queue would wait for it for ever. */
function endWhenItFails(engine: PGlite): void {
  const execute = engine.execProtocolRawStream.bind(engine);
  engine.execProtocolRawStream = async (...args) => {
    try {
      return await execute(...args);
    } catch {
      process.exit(1);
    }
  };
}

async function stop(engine: PGlite, server: PGLiteSocketServer): Promise<void> {
  await server.stop();
  await engine.close();
  process.exit(0);
}
