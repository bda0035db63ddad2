import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../../src/settings/settings.ts';
import { startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { hasPostgres, type TestDatabase, withDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';
import { headgateHere } from './support.ts';

/** Makes a bundle and unpacks it with the system's tar. Returns what was printed, and each file's text by its name. */
async function bundle(env: Record<string, string>, ...flags: string[]) {
  const folder = temporaryDirectory();
  const file = path.join(folder, 'bundle.tar.gz');
  const ran = await headgateHere(env, 'support-bundle', '--out', file, ...flags);
  expect(ran).toMatchObject({ code: 0, out: `${file}\n` });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
  const files = new Map(names.map((name) => [path.basename(name), readFileSync(path.join(folder, name), 'utf8')]));
  return { ...ran, files, all: [...files.values()].join('\n') };
}

/** A value for each secret setting, of its form where it has one. */
const SECRETS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    SETTINGS.filter(({ secret }) => secret).map(({ name }) => [name, `canary-${name.toLowerCase()}-0123456789`]),
  ),
  HEADGATE_MASTER_KEY: Buffer.from('canary-master-key-of-32-bytes-00').toString('base64'),
  HEADGATE_MASTER_KEY_COMMAND: '',
  REDIS_URL: `redis://:canary-redis-password@127.0.0.1:${await freePort()}`,
  HEADGATE_SMTP_URL: 'smtp://user:canary-smtp@mail.example.com:587',
  HEADGATE_MAIL_FROM: 'canary-person@example.com',
  OTEL_EXPORTER_OTLP_HEADERS: 'api-key=canary-collector',
};

describe('headgate support-bundle', () => {
  test('says what is in it, and lists exactly that', async () => {
    const { err, files } = await bundle({ HEADGATE_DATA_DIR: temporaryDirectory(), HEADGATE_PORT: String(await freePort()) });
    const names = [...files.keys()].filter((name) => name !== 'README.txt');
    expect(names).toEqual(['version.json', 'settings.json', 'checks.json', 'database.json', 'health.json', 'metrics.txt']);
    for (const name of names) expect(err).toMatch(new RegExp(`^${name} `, 'm'));
    expect(JSON.parse(files.get('checks.json') ?? '')).toHaveProperty('doctor');
  });

  test('metrics that a proxy hides are missing with a warning, and the proxy’s page does not pass for them', async () => {
    const proxy = http.createServer((_, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404 Not Found</html>');
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const HEADGATE_URL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { err, files } = await bundle({ HEADGATE_DATA_DIR: temporaryDirectory(), HEADGATE_URL }).finally(() => proxy.close());
    expect(err).toContain(`warning: metrics could not be read at ${HEADGATE_URL}/metrics (404).`);
    expect(err).toMatch(/^metrics\.txt +why its metrics could not be read$/m);
    expect(files.get('metrics.txt')).toMatch(/^# metrics could not be read at [^\n]+\n$/);
  });

  test('a file that is there is not written over, and a log that is not there is a wrong command line', async () => {
    const file = path.join(temporaryDirectory(), 'there');
    writeFileSync(file, 'mine');
    const env = { HEADGATE_DATA_DIR: temporaryDirectory(), HEADGATE_PORT: String(await freePort()) };
    expect(await headgateHere(env, 'support-bundle', '--out', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('EEXIST'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await headgateHere(env, 'support-bundle', '--log-file', '/nowhere')).toMatchObject({ code: 2, out: '' });
  });
});

describe.skipIf(!hasPostgres())(
  'a support bundle of an installation with a secret in each setting, row and log line',
  { timeout: 120_000 },
  () => {
    const given = withDatabase('postgresql');

    test('holds none of them', async () => {
      const { url } = given() as TestDatabase;
      const gateway = await startGateway({ env: { DATABASE_URL: url as string } });
      try {
        const tables = await fillWithCanaries();
        expect(tables).toBeGreaterThan(40);
        const log = path.join(temporaryDirectory(), 'headgate.log');
        writeFileSync(log, LOG);
        const address = new URL(url as string);
        const env = {
          ...SECRETS,
          DATABASE_URL: address.href,
          DATABASE_DIRECT_URL: address.href,
          HEADGATE_DATA_DIR: gateway.dataDir,
        };
        const call = {
          HEADGATE_ADMIN_TOKEN: gateway.adminToken,
          HEADGATE_URL: gateway.base,
          HEADGATE_PORT: String(gateway.port),
        };
        const { files, all, err } = await bundle({ ...env, ...call }, '--log-file', log);
        expect(`${all}${err}`.match(/.{0,60}canary.{0,60}/i)).toBeNull();
        for (const value of [...Object.values(SECRETS), gateway.adminToken, address.href].filter((one) => one.length > 4))
          expect(all).not.toContain(value);
        // What helps is there all the same.
        const database = JSON.parse(files.get('database.json') ?? '');
        for (const part of Object.values(database)) expect(String(part)).not.toMatch(/^not readable/);
        expect(database.tables.map(({ name }: { name: string }) => name)).toContain('keys');
        expect(database.jobs.length).toBeGreaterThan(0);
        expect(files.get('metrics.txt')).toContain('headgate_build_info');
        expect(files.get('health.json')).toContain('ready');
        expect(files.get('log.txt')).toContain('the provider refused');
      } finally {
        await gateway.stop();
      }
    });

    /** Puts a row of secrets into each table, whatever its rules are. Returns into how many. */
    async function fillWithCanaries(): Promise<number> {
      const client = await given().pool.connect();
      try {
        await client.query("set session_replication_role = 'replica'");
        const { rows } = await client.query<{ name: string; columns: { name: string; type: string }[] }>(
          `select c.relname::text as name, json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null))) as columns
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' group by 1`,
        );
        for (const { name, columns } of rows) {
          const { rows: checks } = await client.query(
            `select conname::text as name from pg_constraint where conrelid = '${name}'::regclass and contype = 'c'`,
          );
          for (const check of checks) await client.query(`alter table "${name}" drop constraint if exists "${check.name}"`);
          if (name === 'installation' || name === 'schema_migrations' || name.match(/_\d{4}_\d{2}$/)) continue;
          const list = columns.map((column) => `"${column.name}"`).join(', ');
          await client.query(
            `insert into "${name}" (${list}) values (${columns.map((one) => canaryOf(name, one)).join(', ')}) on conflict do nothing`,
          );
        }
        return rows.length;
      } finally {
        await client.query("set session_replication_role = 'origin'").catch(() => {});
        client.release(true);
      }
    }
  },
);

function canaryOf(table: string, { name, type }: { name: string; type: string }): string {
  const secret = `sk-canary-${table}-${name}`;
  if (type.endsWith('[]')) return type.startsWith('text') ? `array['${secret}']` : "'{}'";
  if (type.startsWith('timestamp') || type === 'date') return 'now()';
  if (type === 'text' || type.startsWith('character')) return `'${secret}'`;
  if (type === 'bytea') return `convert_to('${secret}', 'utf8')`;
  if (type.startsWith('json')) return `'{"secret": "${secret}"}'`;
  return type === 'boolean' ? 'false' : type === 'uuid' ? 'gen_random_uuid()' : type === 'inet' ? "'10.0.0.1'" : '0';
}

const LOG = `${[
  '12:00:00 error the provider refused url=https://user:canary-user@api.example.com/v1 api_key=canary-api-key-0123',
  '12:00:01 warn  authorization: Bearer canary-bearer-0123456789',
  '{"level":40,"msg":"mail","password":"canary-password-01","to":"canary.person@example.com"}',
  `12:00:02 info  key sk-hg-canary0123456789 and token hgadm_canary0123456789 ${SECRETS.HEADGATE_METRICS_TOKEN} ${SECRETS.HEADGATE_MASTER_KEY}`,
].join('\n')}\n`;
