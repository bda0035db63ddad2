/** The usual driver over an embedded engine in this process: what a socket would carry goes straight to the engine. */
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { databaseOver, type OpenDatabase } from '../../src/store/database.ts';
import { SocketDouble } from './socket-double.ts';

/** One connection, because the engine has one session. It can break and be opened again like any other. */
export function inProcessPool(engine: PGlite): pg.Pool {
  return new pg.Pool({ stream: () => new EngineStream(engine), user: 'postgres', max: 1, connectionTimeoutMillis: 5_000 });
}

/** Opens the database of a gateway that has ended, for some work, and closes it. */
export async function withEmbedded(directory: string, work: (database: OpenDatabase) => Promise<void>): Promise<void> {
  const engine = await PGlite.create(directory);
  const database = databaseOver(inProcessPool(engine), 'embedded');
  await work(database);
  await database.close();
  if (!engine.closed) await engine.close();
}

/** What the driver wants of a socket. */
class EngineStream extends SocketDouble {
  readonly #engine: PGlite;
  #answered: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(engine: PGlite) {
    super();
    this.#engine = engine;
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  override _write(message: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this._writev([{ chunk: message }], done);
  }

  override _writev(parts: readonly { readonly chunk: Buffer }[], done: (error?: Error) => void): void {
    const messages = Buffer.concat(parts.map((part) => part.chunk));
    // The driver says goodbye with an X; a shared engine must not hear it.
    this.#answered = messages[0] === TERMINATE ? this.#leave() : this.#answered.then(() => this.#ask(messages));
    this.#answered.then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leave().then(
      () => done(error),
      () => done(error),
    );
  }

  async #ask(messages: Buffer): Promise<void> {
    const answer = await this.#engine.runExclusive(() => this.#engine.execProtocolRaw(new Uint8Array(messages)));
    if (!this.#isClosed) this.push(Buffer.from(answer));
  }

  /** A server rolls back what a lost connection left open. */
  async #leave(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#answered.catch(() => {});
    if (!this.#engine.closed && this.#engine.isInTransaction()) await this.#engine.exec('ROLLBACK');
    this.push(null);
  }
}

const TERMINATE = 'X'.charCodeAt(0);
