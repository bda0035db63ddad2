/**
 * The way to the PostgreSQL server: what its URL means for TLS, whether a pooler stands between, and why it cannot be reached, in one
 * line for the operator.
 */
import pg from 'pg';
import { tlsFailure } from '../lib/tls-failures.ts';
import { type OpenDatabase, type OpenOptions, openDatabase, ping } from './database.ts';
import { storeErrorFrom } from './errors.ts';
import { type PooledSetting, SHARED_SETTINGS } from './pooled-client.ts';

/** The server cannot be used as the URL says. The message is one line that begins with the setting's name. */
export class UnusableServer extends Error {
  constructor(setting: string, message: string) {
    super(`${setting}: ${message}`);
    this.name = 'UnusableServer';
  }
}

const PROBE_MS_MAX = 10_000;
/** The same, as PostgreSQL writes it. */
const PROBE_TIMEOUT = '10s';

/**
 * Opens a pool on a PostgreSQL server that answers, in the way that the server or the pooler before it allows. Throws UnusableServer
 * for everything that keeps a program from its database.
 */
export async function connectDatabase(options: Omit<OpenOptions, 'pooledSettings'>): Promise<OpenDatabase> {
  const { isPooled } = await probeWay(options.url, 'DATABASE_URL');
  const database = openDatabase({ ...options, pooledSettings: isPooled ? await settingsBehindPooler(options.url) : null });
  await ping(database.db);
  return database;
}

/**
 * Returns the settings for a pooler's sessions: the defaults of the role and the database, whatever another program left there. Only if
 * our tables are not in the default search path and are in the current one does that count: the pooler then sets it (`connect_query`).
 */
async function settingsBehindPooler(url: string): Promise<readonly PooledSetting[]> {
  const client = newClient(url);
  const hasTables = async () => {
    const { rows } = await client.query<{ has: boolean }>("select to_regclass('schema_migrations') is not null as has");
    return rows[0]?.has === true;
  };
  try {
    await client.connect();
    await client.query('begin');
    const { rows } = await client.query<{ name: PooledSetting['name']; current: string; usual: string }>(
      'select name, setting as current, reset_val as usual from pg_settings where name = any($1)',
      [SHARED_SETTINGS],
    );
    const isFoundNow = await hasTables();
    await client.query('set local search_path to default');
    const isFound = await hasTables();
    await client.query('rollback');
    return rows.map(({ name, current, usual }) => {
      const isDefault = name !== 'search_path' || isFound || !isFoundNow;
      return { name, value: isDefault ? usual : current, isDefault };
    });
  } catch (error) {
    throw new UnusableServer('DATABASE_URL', whyUnreachable(error, url));
  } finally {
    await client.end().catch(() => {});
  }
}

function newClient(url: string, parameters: pg.ClientConfig = {}): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: PROBE_MS_MAX,
    query_timeout: PROBE_MS_MAX,
    application_name: 'headgate',
    ...parameters,
  });
  client.on('error', () => {});
  return client;
}

/** Returns the name of the database and its host, for people. The URL's user and password are not in it. */
export function describeDatabase(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: withoutFiles(url) });
  return `the PostgreSQL database ${database ?? ''} at ${host}:${port}`;
}

/** The driver reads the files for TLS as soon as it reads the URL. */
function withoutFiles(url: string): string {
  return url.replace(/([?&])(sslrootcert|sslcert|sslkey)=[^&]*/g, '$1');
}

/** Reports whether the connection to the server, or to the pooler before it, is encrypted. */
export async function isEncrypted({ pool }: OpenDatabase): Promise<boolean> {
  const client = await pool.connect();
  try {
    const { connection } = client as unknown as { readonly connection?: { readonly stream?: { readonly encrypted?: boolean } } };
    return connection?.stream?.encrypted === true;
  } finally {
    client.release();
  }
}

/** Returns how many connections PostgreSQL gives to ordinary users in all, and how many others use now. */
export async function connectionRoom({ pool }: OpenDatabase): Promise<{ readonly max: number; readonly used: number }> {
  const { rows } = await pool.query<{ max: number; used: number }>(`
    select (select sum(case name when 'max_connections' then setting::int else -setting::int end)::int from pg_settings
            where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')) as max,
      (select count(*)::int - 1 from pg_stat_activity where backend_type = 'client backend') as used`);
  return rows[0] ?? { max: 0, used: 0 };
}

/** The way to PostgreSQL. */
interface Way {
  /**
   * True if a pooler gives each transaction any of its connections, as pgbouncer does in transaction mode. Nothing may then be set
   * for a connection, and one that listens hears nothing.
   */
  readonly isPooled: boolean;
}

/**
 * Connects once. Throws UnusableServer, which names the `setting`. A pooler is known by start-up parameters that every PostgreSQL
 * takes: it refuses them, or accepts them and does not set them.
 */
export async function probeWay(url: string, setting: string): Promise<Way> {
  const timeoutIn = (parameters: pg.ClientConfig) =>
    connectOnce(url, parameters).catch((error: unknown) => {
      if (isRefusedParameter(error)) return null;
      throw new UnusableServer(setting, whyUnreachable(error, url));
    });
  const timeout = await timeoutIn({ statement_timeout: PROBE_MS_MAX });
  if (timeout === null) await timeoutIn({});
  return { isPooled: timeout !== PROBE_TIMEOUT };
}

/** Returns the timeout of statements in this session, as PostgreSQL writes it. */
async function connectOnce(url: string, parameters: pg.ClientConfig): Promise<string> {
  const client = newClient(url, parameters);
  try {
    await client.connect();
    const { rows } = await client.query<{ statement_timeout: string }>('show statement_timeout');
    return rows[0]?.statement_timeout ?? '';
  } finally {
    await client.end().catch(() => {});
  }
}

/** pgbouncer's words: "unsupported startup parameter: statement_timeout". */
function isRefusedParameter(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message);
}

/** Messages by the error's code: of PostgreSQL, and of Node's sockets. */
const BY_CODE: Readonly<Record<string, string>> = {
  '28P01': 'PostgreSQL refuses the user name or the password. Correct them.',
  '28000': 'PostgreSQL refuses this user from here. Check pg_hba.conf and whether the server asks for TLS (sslmode=verify-full).',
  '3D000': 'this database does not exist. Create it, or correct its name.',
  '53300': 'PostgreSQL has no connection left. Raise max_connections, or end what uses them.',
  '57P03': 'PostgreSQL is starting or stopping. Try again in a moment.',
  ENOTFOUND: 'the host is unknown. Check its name.',
  EAI_AGAIN: 'the host cannot be looked up now. Check its name and the DNS.',
  ECONNREFUSED: 'nothing listens at this host and port. Check them, and that PostgreSQL runs.',
  ECONNRESET: 'the server closed the connection. Check that it is PostgreSQL, and its log.',
  EHOSTUNREACH: 'there is no way to this host. Check the address and the network.',
  ENETUNREACH: 'there is no way to this host. Check the address and the network.',
  ETIMEDOUT: 'the host does not answer. Check the address and the firewall.',
};

/** Returns what is wrong, without the password and without the driver's words where they may hold it. */
export function whyUnreachable(error: unknown, url: string): string {
  const { code, message, path } = Object(error) as { code?: string; message?: string; path?: string };
  if (typeof path === 'string' && isTlsFile(url, path))
    return `the file ${path} cannot be read (${code}). Check the path and its permissions.`;
  const known = tlsFailure(error, 'sslrootcert=/path/ca.pem') ?? (code === undefined ? undefined : BY_CODE[code]);
  if (known !== undefined) return known;
  // pgbouncer's words, under the code of a broken protocol.
  if (/SASL authentication failed/i.test(message ?? ''))
    return 'the pooler refuses the user name or the password. Correct them, or its list of users (userlist.txt).';
  if (/does not support SSL/i.test(message ?? ''))
    return 'the server does not offer TLS. Set sslmode=disable, or enable ssl there.';
  if (/timeout expired|Connection terminated/i.test(message ?? ''))
    return 'the server does not answer in time. Check the address and the firewall.';
  if (/PEM|no start line|bad end line/i.test(`${code} ${message}`))
    return 'a certificate or key file is not in PEM form. Check sslrootcert, sslcert and sslkey.';
  if (/unknown certificate|certificate required|bad certificate|handshake failure/i.test(message ?? ''))
    return 'the server asks for a client certificate. Give it with sslcert and sslkey.';
  const typed = storeErrorFrom(error);
  return typed !== error && typed instanceof Error ? `${typed.message}.` : `the connection failed (${code ?? 'no code'}).`;
}

/** Reports whether the URL names this file for TLS. */
function isTlsFile(url: string, path: string): boolean {
  const parameters = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  return ['sslrootcert', 'sslcert', 'sslkey'].some((name) => parameters.get(name) === path);
}
