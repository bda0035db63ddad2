/** Each way in which PostgreSQL or Redis cannot be used as its URL says: one line that names the setting and what to do. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis } from '../../src/counters/shared/redis-link.ts';
import { serverUrl } from '../../src/settings/server-url.ts';
import { connectDatabase, probeWay } from '../../src/store/connection.ts';
import { PROGRAM, repository, START, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { hasPostgres } from '../support/database.ts';
import { openClient } from '../support/pg-client.ts';
import { hasPgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { hasRedis } from '../support/redis.ts';
import { testCertificate } from '../support/tls-certificate.ts';

const MS_MAX = 120_000;
const files = temporaryDirectory();
const ca = join(files, 'ca.pem');
const notPem = join(files, 'not.pem');
writeFileSync(ca, testCertificate.cert);
writeFileSync(notPem, 'This is a text.');

describe.skipIf(!hasPostgres())('DATABASE_URL', { timeout: MS_MAX }, () => {
  let postgres: TestPostgres;
  let plain: TestPostgres;
  let silent: Server;
  const at = (rest: string, host = '127.0.0.1', from = postgres) =>
    from.url.replace('127.0.0.1', host).replace(/\/postgres$/, rest.startsWith('/') ? rest : `/postgres${rest}`);
  beforeAll(async () => {
    [postgres, plain] = await Promise.all([startTlsPostgres(), startPostgres() as Promise<TestPostgres>]);
    silent = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  }, MS_MAX);
  afterAll(async () => {
    silent.close();
    await Promise.all([postgres.stop(), plain.stop()]);
  });

  test('with a private CA serves over TLS', async () => {
    const url = at(`?sslmode=verify-full&sslrootcert=${ca}`);
    const database = await connectDatabase({ url });
    const { rows } = await database.pool.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true }]);
    await database.close();
    const gateway = await startGateway({ env: { DATABASE_URL: url } });
    const metrics = await (await fetch(`${gateway.base}/metrics`)).text();
    // The certificate of the tests ends in 2126.
    expect(metrics).toMatch(/^headgate_ca_expiry_seconds\{server="postgresql"\} \d{10}/m);
    expect(await gateway.stop()).toBe(0);
  });

  const reasons = (): readonly (readonly [string, string, RegExp])[] => [
    ['nobody listens', 'postgres://u@127.0.0.1:1/x', /nothing listens at this host and port/],
    ['no such host', 'postgres://u@nowhere.invalid/x', /the host (is unknown|cannot be looked up)/],
    ['no such database', at('/nothing', undefined, plain), /this database does not exist/],
    ['a wrong password', at('/postgres', undefined, postgres).replace('postgres@', 'pw:wrong@'), /the user name or the password/],
    ['no TLS where it is required', at('/postgres').replace('postgres@', 'tls@'), /PostgreSQL refuses this user from here/],
    ['an unknown CA', at('?sslmode=verify-full'), /nobody known signed the certificate/],
    ['another host name', at(`?sslmode=verify-full&sslrootcert=${ca}`, 'localhost'), /for another host name/],
    ['a server without TLS', at('?sslmode=verify-full', undefined, plain), /does not offer TLS/],
    ['a CA file that is missing', at(`?sslmode=verify-full&sslrootcert=${files}/no.pem`), /no\.pem cannot be read \(ENOENT\)/],
    ['a CA file of another form', at(`?sslmode=verify-full&sslrootcert=${notPem}`), /signed the certificate|not in PEM form/],
    ['a server that hangs up', `postgres://u@127.0.0.1:${portOf(silent)}/x`, /closed the connection|does not answer/],
  ];
  test('that cannot be used says why', async () => {
    for (const [what, url, said] of reasons()) {
      const message = await probeWay(url, 'DATABASE_URL').then(
        () => 'it can be used',
        (error: Error) => error.message,
      );
      expect(message, what).toMatch(said);
      expect(message, what).toMatch(/^DATABASE_URL: [^\n]+\.$/);
      expect(message, what).not.toContain('wrong');
    }
  });

  test.skipIf(!hasPgbouncer())('with a password that a pooler refuses says so', async () => {
    const folder = temporaryDirectory();
    chmodSync(folder, 0o755);
    const [users, rules] = [join(folder, 'userlist.txt'), join(folder, 'hba')];
    writeFileSync(users, '"pw" "right"\n"postgres" ""\n');
    writeFileSync(rules, 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
    const further = ['auth_type = hba', `auth_hba_file = ${rules}`, `auth_file = ${users}`];
    const pooler = await startPgbouncer(plain.url, 2, further);
    try {
      const url = pooler.url.replace('postgres@', 'pw:wrong@');
      await expect(probeWay(url, 'DATABASE_URL')).rejects.toThrow(
        /^DATABASE_URL: the pooler refuses the user name or the password\. Correct them, or its list of users \(userlist\.txt\)\.$/,
      );
    } finally {
      await pooler.stop();
    }
  });

  test('is refused at the start with that one line', () => {
    const started = start({ DATABASE_URL: at('?sslmode=verify-full') });
    expect(started.stderr).toMatch(/^headgate: DATABASE_URL: nobody known signed [^\n]+\n$/);
    expect(started.status).toBe(1);
  });

  test('with an sslmode that libpq would not verify is verified', () => {
    for (const mode of ['prefer', 'require', 'verify-ca', 'verify-full'])
      expect(serverUrl(`postgres://u@h/d?sslmode=${mode}&x=1`)).toBe('postgres://u@h/d?sslmode=verify-full&x=1');
    for (const mode of ['disable', 'no-verify'])
      expect(serverUrl(`postgres://u@h/d?sslmode=${mode}`)).toBe(`postgres://u@h/d?sslmode=${mode}`);
    expect(() => serverUrl('postgres://u@h/d?sslmode=yes')).toThrow(RangeError);
    const started = start({ DATABASE_URL: 'postgres://u@h/d?sslmode=yes' });
    expect(started.stderr).toMatch(/^headgate: DATABASE_URL: sslmode must be one of [^\n]+\n$/);
  });
});

describe.skipIf(!hasRedis('Redis'))('REDIS_URL', { timeout: MS_MAX }, () => {
  let redis: { readonly port: number; readonly plainPort: number; readonly child: ChildProcess };
  beforeAll(async () => {
    redis = await startTlsRedis();
  }, MS_MAX);
  afterAll(() => void redis.child.kill('SIGKILL'));

  const told: string[] = [];
  const open = (url: string, text: string | null) =>
    openRedis({ url, ca: text, onEvent: ({ message }) => told.push(message) }).then(
      (link) => {
        link.close();
        return link.isReady() ? 'it can be used' : told.at(-1);
      },
      (error: Error) => error.message,
    );

  test('with a private CA counts over TLS, and says why where it cannot', async () => {
    const { cert } = testCertificate;
    expect(await open(`rediss://127.0.0.1:${redis.port}`, cert)).toBe('it can be used');
    expect(await open(`rediss://127.0.0.1:${redis.port}`, null)).toMatch(
      /^REDIS_URL: nobody known signed .*HEADGATE_REDIS_CA_FILE/,
    );
    expect(await open(`rediss://localhost:${redis.port}`, cert)).toMatch(/^REDIS_URL: .* for another host name/);
    expect(await open(`rediss://127.0.0.1:${redis.plainPort}`, cert)).toMatch(/may not speak TLS/);
  });

  test.skipIf(!hasPostgres())('needs a CA file that holds a certificate', async () => {
    const postgres = (await startPostgres()) as TestPostgres;
    try {
      const env = { DATABASE_URL: postgres.url, REDIS_URL: `rediss://127.0.0.1:${redis.port}` };
      expect(start({ ...env, HEADGATE_REDIS_CA_FILE: notPem }).stderr).toMatch(
        /^headgate: HEADGATE_REDIS_CA_FILE: [^\n]+PEM[^\n]+\n$/,
      );
      const gateway = await startGateway({ env: { ...env, HEADGATE_REDIS_CA_FILE: ca } });
      expect(gateway.output()).not.toContain('Redis cannot');
      expect(await gateway.stop()).toBe(0);
    } finally {
      await postgres.stop();
    }
  });
});

function portOf(server: Server): number {
  return (server.address() as { readonly port: number }).port;
}

function start(env: Readonly<Record<string, string>>) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HEADGATE_|DATABASE_URL$|REDIS_URL$)/.test(name));
  return spawnSync(process.execPath, [...START, PROGRAM, 'serve'], {
    cwd: repository,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...Object.fromEntries(inherited), HEADGATE_PORT: '0', HEADGATE_DATA_DIR: temporaryDirectory(), ...env },
  });
}

/** A PostgreSQL with the tests' certificate, a user with a password, and one who may not come without TLS. */
async function startTlsPostgres(): Promise<TestPostgres> {
  const postgres = (await startPostgres()) as TestPostgres;
  const client = await openClient(postgres.url);
  const { rows } = await client.query<{ data_directory: string }>('show data_directory');
  const data = rows[0]?.data_directory as string;
  const { uid, gid } = statSync(data);
  for (const [name, text] of [
    ['server.crt', testCertificate.cert],
    ['server.key', testCertificate.key],
  ] as const) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    chownSync(join(data, name), uid, gid);
  }
  const hba = join(data, 'pg_hba.conf');
  const rules = 'host all pw 127.0.0.1/32 scram-sha-256\nhostssl all tls 127.0.0.1/32 trust\nhost all tls 127.0.0.1/32 reject\n';
  writeFileSync(hba, rules + readFileSync(hba, 'utf8'));
  await client.query("create role pw login password 'right'");
  await client.query('create role tls login');
  await client.query('alter system set ssl = on');
  await client.query('select pg_reload_conf()');
  await client.end();
  await sleep(500);
  return postgres;
}

async function startTlsRedis() {
  const [port, plainPort] = [await freePort(), await freePort()];
  const home = temporaryDirectory();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'key.pem'), testCertificate.key, { mode: 0o600 });
  const tls = ['--tls-port', port, '--tls-cert-file', ca, '--tls-key-file', join(home, 'key.pem'), '--tls-ca-cert-file', ca];
  const rest = ['--tls-auth-clients', 'no', '--port', plainPort, '--bind', '127.0.0.1', '--dir', home, '--save', ''];
  const child = spawn('/usr/bin/redis-server', [...tls, ...rest].map(String), { stdio: 'ignore' });
  await sleep(1_000);
  return { port, plainPort, child };
}
