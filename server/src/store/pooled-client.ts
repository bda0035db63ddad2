/**
 * The connection to a pooler in transaction mode. A session there keeps what other programs set and did not reset: after `pg_dump` its
 * search path is empty and views are refused, so none of our tables is found. So every transaction and every statement outside of one
 * begins with our own settings, in the same message: this costs no round trip. What the others set stays as they left it.
 */
import pg from 'pg';

/** The settings that decide which tables our statements find. A server may be too old for the second. */
export const SHARED_SETTINGS = ['search_path', 'restrict_nonsystem_relation_kind'] as const;

/** A setting for the sessions of a pooler. */
export interface PooledSetting {
  readonly name: (typeof SHARED_SETTINGS)[number];
  readonly value: string;
  /** True if it is the default of the role and the database, which PostgreSQL knows in every session. */
  readonly isDefault: boolean;
}

/** Returns the class for the connections of a pool. */
export function pooledClient(settings: readonly PooledSetting[]): typeof pg.Client {
  // Outside of a transaction `set local` writes a warning into PostgreSQL's log.
  const setOne = ({ name, value }: PooledSetting) => `pg_catalog.set_config('${name}', ${pg.escapeLiteral(value)}, true)`;
  const alone = `select ${settings.map(setOne).join(', ')}`;
  // Unlike a select `set local` takes no snapshot, which a transaction may want to take later.
  const inTransaction = settings
    .map((one) => (one.isDefault ? `set local ${one.name} to default` : `select ${setOne(one)}`))
    .join('; ');
  // Drizzle takes every class whose name contains "Pool" for a pool.
  class SettingClient extends Client {
    override query(config: QueryInput, values?: unknown, callback?: QueryDone): unknown {
      if (typeof config === 'object' && 'submit' in config) return super.query(config, values, callback);
      const isIdle = () => this.getTransactionStatus() === 'I';
      const query = new SettingQuery(config, values, callback, { alone, inTransaction, isIdle });
      if (query.callback !== undefined) return super.query(query);
      return new Promise((resolve, reject) => {
        query.callback = (error, result) => (error ? reject(error) : resolve(result));
        super.query(query);
      });
    }
  }
  return SettingClient as unknown as typeof pg.Client;
}

type QueryInput = string | (pg.QueryConfig & { readonly query_timeout?: number }) | pg.Submittable;
type QueryDone = (error: Error | null, result?: unknown) => void;

/** The part of the driver's connection that is used here. Its types do not have it. */
interface Wire {
  parse(message: { readonly text: string }): void;
  bind(message: object): void;
  execute(message: object): void;
}

/** The driver's query as it is, beyond its types. */
interface WireQuery {
  text: unknown;
  queryMode: 'extended' | undefined;
  query_timeout: number | undefined;
  callback: QueryDone | undefined;
  requiresPreparation(): boolean;
  submit(connection: Wire): Error | null;
  prepare(connection: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
}

interface WireClient {
  getTransactionStatus(): string | null;
  query(config: unknown, values?: unknown, callback?: QueryDone): unknown;
}

const Query = pg.Query as unknown as new (config: unknown, values: unknown, callback?: QueryDone) => WireQuery;
const Client = pg.Client as unknown as new (config?: pg.ClientConfig) => WireClient;

interface Beginning {
  /** The statements that set everything until the transaction ends: outside of one, and in one. */
  readonly alone: string;
  readonly inTransaction: string;
  /** Reports whether no transaction is open. */
  readonly isIdle: () => boolean;
}

/** Statements that read or write rows. Others, such as `create index concurrently`, may have to be alone in their message. */
const ROWS = /^[\s(]*(select|insert|update|delete|with|merge|values)\b/i;
const BEGIN = /^\s*begin\b[^;]*$/i;
/** A semicolon before the end: several statements, which only the simple protocol takes. (Or one in a text: nothing is then set.) */
const SEVERAL = /;\s*\S/;

class SettingQuery extends Query {
  readonly #beginning: Beginning;
  /** True until the answer to `alone` has arrived, whose row and end are not the statement's. */
  #isBeginning = false;

  constructor(
    config: Exclude<QueryInput, pg.Submittable>,
    values: unknown,
    callback: QueryDone | undefined,
    beginning: Beginning,
  ) {
    super(config, values, callback);
    this.#beginning = beginning;
    this.query_timeout = typeof config === 'object' ? config.query_timeout : undefined;
  }

  override submit(connection: Wire): Error | null {
    if (typeof this.text === 'string' && this.#beginning.isIdle()) {
      if (BEGIN.test(this.text)) this.text += `; ${this.#beginning.inTransaction}`;
      else if (ROWS.test(this.text) && (this.requiresPreparation() || !SEVERAL.test(this.text))) {
        this.queryMode = 'extended';
        this.#isBeginning = true;
      }
    }
    return super.submit(connection);
  }

  override prepare(connection: Wire): void {
    if (this.#isBeginning) {
      connection.parse({ text: this.#beginning.alone });
      connection.bind({});
      connection.execute({});
    }
    super.prepare(connection);
  }

  override handleDataRow(message: unknown): void {
    if (!this.#isBeginning) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Wire): void {
    if (this.#isBeginning) this.#isBeginning = false;
    else super.handleCommandComplete(message, connection);
  }
}
