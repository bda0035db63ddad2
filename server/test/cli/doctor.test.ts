import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clockFinding } from '../../src/cli/checks/database-findings.ts';
import { serverFindings } from '../../src/cli/checks/redis-findings.ts';
import { newDataKey } from '../../src/lib/secrets.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Certificate, certificateUntil, hasOpenssl } from '../support/openssl-certificate.ts';
import { hasPgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { freePort } from '../support/ports.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { testCertificate } from '../support/tls-certificate.ts';
import { headgate, headgateHere } from './support.ts';

interface Finding {
  readonly about: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly todo: string | null;
}

async function doctor(env: Record<string, string>) {
  const ran = await headgateHere(env, 'doctor', '--json');
  const { findings } = JSON.parse(ran.out) as { findings: readonly Finding[] };
  const of = (about: string) => findings.filter((one) => one.about === about);
  return { ...ran, findings, of, first: (about: string) => of(about)[0] };
}

/** The loopback addresses of this machine, as addresses of the web have them. */
const LOOPBACK = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .flatMap(({ address }) => (address === '127.0.0.1' ? [address] : address === '::1' ? ['[::1]'] : []));
const NOWHERE = { HEADGATE_PORT: String(await freePort()), HEADGATE_DATA_DIR: temporaryDirectory() };

describe('headgate doctor', () => {
  test('without PostgreSQL and Redis looks at the machine, and says what to do in each line that is not ok', async () => {
    const { code, findings, first } = await doctor(NOWHERE);
    expect(code).toBe(0);
    for (const about of ['version', 'open files', 'data directory', 'disk', 'PostgreSQL', 'Redis'])
      expect(first(about)).toBeDefined();
    expect(first('data directory')).toMatchObject({ verdict: 'ok', found: expect.stringContaining('confirms a block') });
    expect(first('gateway')).toMatchObject({ verdict: 'warn', found: expect.stringContaining('ECONNREFUSED') });
    for (const { verdict, todo } of findings) expect(todo === null).toBe(verdict === 'ok');
  });

  test('a bad setting is all that it says, and exit code 1', async () => {
    const { code, findings } = await doctor({ ...NOWHERE, HEADGATE_PORT: 'x' });
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ about: 'settings', verdict: 'fail', todo: 'Run headgate config check.' }]);
  });

  test('a directory that cannot be made, a server that is none, and a CA file that is none are failures', async () => {
    const file = path.join(temporaryDirectory(), 'ca.pem');
    writeFileSync(file, 'no certificate');
    const url = `postgres://u:canary@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=${file}`;
    const { code, out, first } = await doctor({ ...NOWHERE, HEADGATE_DATA_DIR: '/proc/headgate', DATABASE_URL: url });
    expect(code).toBe(1);
    expect(first('data directory')).toMatchObject({ verdict: 'fail' });
    expect(first('PostgreSQL')).toMatchObject({ verdict: 'fail', found: expect.stringMatching(/^DATABASE_URL: /) });
    expect(first('certificates')).toMatchObject({ verdict: 'fail', found: expect.stringContaining(file) });
    expect(out).not.toContain('canary');
  });

  test('clocks that differ are a warning from one second on and a failure from thirty', () => {
    expect([900, -1_100, 31_000].map((ms) => clockFinding('clock', ms, 'PostgreSQL').verdict)).toEqual(['ok', 'warn', 'fail']);
    expect(clockFinding('clock', -1_100, 'PostgreSQL').found).toBe('The clock of PostgreSQL is 1.1 s behind this machine’s.');
  });

  test.each([
    ['fail Redis', 'redis_version:6.0.1'],
    ['fail Redis', 'some_server:1'],
    ['fail Redis', 'redis_version:7.2.0\r\nrole:slave'],
    ['warn eviction', 'redis_version:7.2.0\r\nmaxmemory_policy:allkeys-lru'],
    ['warn memory', 'redis_version:7.2.0\r\nused_memory:90\r\nmaxmemory:100'],
    ['fail persistence', 'redis_version:7.2.0\r\nrdb_last_bgsave_status:err'],
  ])('%s: a Redis that says %o', (expected, info) => {
    const found = serverFindings(info).map(({ verdict, about }) => `${verdict} ${about}`);
    expect(found).toContain(expected);
  });
});

describe.skipIf(!hasPostgres() || !hasRedis('Valkey'))('headgate doctor beside a gateway', { timeout: 120_000 }, () => {
  let [opened, redis, gateway]: [TestDatabase | null, TestRedis | null, Gateway | null] = [null, null, null];
  let env: Record<string, string> = {};
  beforeAll(async () => {
    [opened, redis] = [await openTestDatabase('postgresql'), await startRedis('Valkey')];
    env = { DATABASE_URL: opened.url as string, REDIS_URL: redis.url, HEADGATE_MASTER_KEY: newDataKey().toString('base64') };
    gateway = await startGateway({ env: { ...env, HEADGATE_TRUSTED_PROXIES: '127.0.0.1' } });
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await redis?.stop();
    await opened?.dispose();
  });

  test('finds nothing but a server of the tests', async () => {
    const { code, findings, first, of } = await doctor({ ...NOWHERE, ...env });
    // The server of the tests may lose data at a crash, which is what a production server may not.
    expect(findings.filter(({ verdict }) => verdict === 'fail').map(({ found }) => found)).toEqual([
      'fsync is off: a crash of the server can destroy the database.',
    ]);
    expect(code).toBe(1);
    expect(first('PostgreSQL')).toMatchObject({ verdict: 'ok', found: expect.stringMatching(/^PostgreSQL \d+.*without TLS/) });
    for (const about of ['rights', 'schema', 'master key', 'eviction']) expect(first(about)).toMatchObject({ verdict: 'ok' });
    expect(of('clock')).toMatchObject([{ verdict: 'ok' }, { verdict: 'ok' }]);
    expect(first('connections')?.found).toMatch(
      /^PostgreSQL gives \d+ connections, \d+ are in use; the processes of this host may use 15\.$/,
    );
  });

  test('of an empty database it says that nothing is stored that a key could open', async () => {
    const empty = `empty_${process.pid}`;
    await (opened as TestDatabase).pool.query(`create database ${empty}`);
    try {
      const url = new URL(env.DATABASE_URL as string);
      url.pathname = `/${empty}`;
      const { first } = await doctor({ ...NOWHERE, ...env, DATABASE_URL: url.href });
      expect(first('master key')).toMatchObject({ verdict: 'ok', found: expect.stringContaining('Nothing is stored yet') });
      expect(first('schema')).toMatchObject({ verdict: 'ok', found: expect.stringContaining('empty') });
    } finally {
      await (opened as TestDatabase).pool.query(`drop database ${empty} with (force)`);
    }
  });

  test.skipIf(!hasPgbouncer())(
    'a pooler that cannot reach its server says why, and the next step names what to correct',
    async () => {
      const url = new URL(env.DATABASE_URL as string);
      const pooler = await startPgbouncer(url.href, 2, [
        'query_wait_timeout = 2',
        '[databases]',
        'dead = host=127.0.0.1 port=1 user=postgres',
      ]);
      try {
        const behind = new URL(pooler.url);
        behind.pathname = '/dead';
        const { code, first } = await doctor({ ...NOWHERE, ...env, DATABASE_URL: behind.href });
        expect(code).toBe(1);
        expect(first('PostgreSQL')).toMatchObject({
          verdict: 'fail',
          found: expect.stringMatching(/^DATABASE_URL: the database is not available \(08P01\): query_wait_timeout\.$/),
          todo: 'Run this again when that is corrected.',
        });
      } finally {
        await pooler.stop();
      }
    },
  );

  test('another master key, a role without rights and a policy that evicts are found', async () => {
    const { pool } = opened as TestDatabase;
    const role = `doctor_${process.pid}`;
    await pool.query(`create role ${role} login password 'canary-role'; grant usage on schema public to ${role};
      grant select on schema_migrations, installation to ${role}`);
    await (redis as TestRedis).client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      const url = new URL(env.DATABASE_URL as string);
      [url.username, url.password] = [role, 'canary-role'];
      const wrong = { DATABASE_URL: url.href, HEADGATE_MASTER_KEY: newDataKey().toString('base64') };
      const { code, out, first } = await doctor({ ...NOWHERE, ...env, ...wrong });
      expect(code).toBe(1);
      expect(first('rights')).toMatchObject({ verdict: 'fail' });
      expect(first('master key')).toMatchObject({ verdict: 'fail' });
      expect(first('eviction')).toMatchObject({ verdict: 'warn' });
      expect(out).not.toContain('canary');
    } finally {
      await (redis as TestRedis).client.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      await pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test('a proxy that passes on what clients claim is found by a call to the gateway itself', async () => {
    const { base, adminToken } = gateway as Gateway;
    const verdicts: string[] = [];
    for (const change of [(claimed: string) => claimed, (claimed: string) => `${claimed}, 198.51.100.9`]) {
      const proxy = http.createServer((request, response) => {
        const claimed = String(request.headers['x-forwarded-for'] ?? '');
        const headers = { ...request.headers, ...(claimed === '' ? {} : { 'x-forwarded-for': change(claimed) }) };
        request.pipe(
          http.request(`${base}${request.url}`, { method: request.method ?? 'GET', headers }, (answer) => {
            response.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(response);
          }),
        );
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const publicUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const call = { HEADGATE_PUBLIC_URL: publicUrl, HEADGATE_ADMIN_TOKEN: adminToken, HEADGATE_TRUSTED_PROXIES: '127.0.0.1' };
      const { first } = await doctor({ ...NOWHERE, ...env, ...call });
      expect(first('public address')).toMatchObject({ verdict: 'ok' });
      verdicts.push(`${first('proxy headers')?.verdict} ${first('proxy headers')?.found}`);
      proxy.close();
    }
    expect(verdicts).toEqual([
      'fail A client can claim any address: the gateway believed a forged x-forwarded-for.',
      'ok The gateway takes 198.51.100.9 for this machine’s address, and ignored a forged one.',
    ]);
  });

  /** Runs the check with an HTTPS proxy of that certificate before the gateway. */
  async function behindHttps(certificate: Certificate, host: string, check: (publicUrl: string) => Promise<void>) {
    const { base } = gateway as Gateway;
    const proxy = https.createServer(certificate, (request, response) => {
      const onward = http.request(`${base}${request.url}`, { method: request.method ?? 'GET', headers: request.headers });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    proxy.listen(0, host === '[::1]' ? '::1' : '127.0.0.1');
    await once(proxy, 'listening');
    try {
      await check(`https://${host}:${(proxy.address() as AddressInfo).port}`);
    } finally {
      proxy.close();
    }
  }

  test.skipIf(!hasOpenssl()).each([
    ['ok', 200, '199 days left.'],
    ['ok', 14.5, '14 days left.'],
    ['warn', 13.5, '13 days left.'],
    ['warn', 0.5, '0 days left.'],
    ['fail', -0.5, 'expired less than a day ago.'],
    ['fail', -1.5, 'expired 1 day ago.'],
    ['fail', -3.5, 'expired 3 days ago.'],
  ])('%s: an HTTPS certificate at the public address that ends in %d days', async (verdict, days, words) => {
    await behindHttps(certificateUntil(new Date(Date.now() + days * 86_400_000 - 60_000)), 'localhost', async (publicUrl) => {
      const { code, of, first } = await doctor({ ...NOWHERE, HEADGATE_PUBLIC_URL: publicUrl });
      expect(of('certificates')).toMatchObject([{ verdict, found: `the certificate of localhost: ${words}` }]);
      // Nothing here trusts who signed it, so callers cannot use the address either.
      expect(first('public address')).toMatchObject({ verdict: 'fail', found: expect.stringContaining(`${publicUrl} answers`) });
      if (days >= 0) expect(first('public address')?.todo).toContain('NODE_EXTRA_CA_CERTS');
      expect(first('public address')?.found).toMatch(
        days < 0 ? /\(CERT_HAS_EXPIRED\)|SELF_SIGNED/ : /\(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
      );
      expect(code).toBe(1);
    });
  });

  test.skipIf(!hasOpenssl()).each(LOOPBACK)('an HTTPS address without a name is looked at: %s', async (host) => {
    await behindHttps(certificateUntil(new Date(Date.now() + 200 * 86_400_000 - 60_000)), host, async (publicUrl) => {
      const { of } = await doctor({ ...NOWHERE, HEADGATE_PUBLIC_URL: publicUrl });
      expect(of('certificates')).toMatchObject([{ verdict: 'ok', found: `the certificate of ${host}: 199 days left.` }]);
      expect(of('network')).toEqual([]);
    });
  });

  test.skipIf(!hasOpenssl())('a public address whose certificate is trusted is ready, and its days are told', async () => {
    const certificate = certificateUntil(new Date(Date.now() + 90 * 86_400_000 - 60_000));
    const file = path.join(temporaryDirectory(), 'trusted.pem');
    writeFileSync(file, certificate.cert);
    await behindHttps(certificate, 'localhost', async (publicUrl) => {
      const ran = await headgate({ ...NOWHERE, HEADGATE_PUBLIC_URL: publicUrl, NODE_EXTRA_CA_CERTS: file }, 'doctor', '--json');
      const { findings } = JSON.parse(ran.out) as { findings: readonly Finding[] };
      expect(findings).toEqual(
        expect.arrayContaining([
          { about: 'public address', verdict: 'ok', found: `A gateway at ${publicUrl} is ready.`, todo: null },
          { about: 'certificates', verdict: 'ok', found: 'the certificate of localhost: 89 days left.', todo: null },
        ]),
      );
    });
  });

  test('a public address where nothing answers is a failure only beside a gateway that runs', async () => {
    const publicUrl = `https://127.0.0.1:${await freePort()}`;
    const nowhere = { HEADGATE_PUBLIC_URL: publicUrl };
    const before = await doctor({ ...NOWHERE, ...nowhere });
    expect(before.first('public address')).toMatchObject({
      verdict: 'warn',
      found: `Nothing answers at ${publicUrl} (ECONNREFUSED).`,
      todo: expect.stringContaining('not started yet'),
    });
    expect(before.code).toBe(0);
    const beside = await doctor({ ...NOWHERE, ...nowhere, HEADGATE_PORT: String((gateway as Gateway).port) });
    expect(beside.first('public address')).toMatchObject({ verdict: 'fail' });
    expect(beside.code).toBe(1);
  });

  test('an HTTPS address where something else answers has no certificate to tell of', async () => {
    const { port } = gateway as Gateway;
    const at = { HEADGATE_PORT: String(port), HEADGATE_PUBLIC_URL: `https://127.0.0.1:${port}` };
    const { of, first } = await doctor({ ...NOWHERE, ...at });
    expect(of('certificates')).toEqual([]);
    expect(first('public address')).toMatchObject({ verdict: 'fail', found: expect.stringContaining('Nothing answers') });
  });

  test('DATABASE_DIRECT_URL that leads to PostgreSQL is confirmed, and is not missed where there is no pooler', async () => {
    const url = env.DATABASE_URL as string;
    const of = async (more: Record<string, string>) => (await doctor({ ...NOWHERE, ...env, ...more })).of('notices');
    expect(await of({ DATABASE_DIRECT_URL: url })).toMatchObject([
      { verdict: 'ok', found: 'Replicas hear of changes over DATABASE_DIRECT_URL.' },
    ]);
    expect(await of({})).toEqual([]);
  });

  test('DATABASE_DIRECT_URL that leads nowhere or is refused is a failure that names it, and no password', async () => {
    const url = new URL(env.DATABASE_URL as string);
    const [nowhere, missing] = [new URL(url), new URL(url)];
    [nowhere.port, nowhere.password] = ['1', 'canary-direct'];
    [missing.pathname, missing.password] = ['/headgate_no_such_database', 'canary-direct'];
    for (const direct of [nowhere, missing]) {
      const { code, out, first } = await doctor({ ...NOWHERE, ...env, DATABASE_DIRECT_URL: direct.href });
      expect(first('notices')).toMatchObject({ verdict: 'fail', found: expect.stringMatching(/^DATABASE_DIRECT_URL: /) });
      expect(first('PostgreSQL')).toMatchObject({ verdict: 'ok' });
      expect(code).toBe(1);
      expect(out).not.toContain('canary');
    }
  });

  test.skipIf(!hasPgbouncer())(
    'behind a pooler DATABASE_DIRECT_URL is missed, and must not lead to the pooler itself',
    async () => {
      const pooler = await startPgbouncer(env.DATABASE_URL as string);
      try {
        const pooled = { ...env, DATABASE_URL: pooler.url };
        const notices = async (more: Record<string, string>) => {
          const { first } = await doctor({ ...NOWHERE, ...pooled, ...more });
          const found = expect.stringMatching(
            /^PostgreSQL [^,]+, through a pooler in transaction mode: without TLS to the pooler, without TLS from there to PostgreSQL\.$/,
          );
          expect(first('PostgreSQL')).toMatchObject({ verdict: 'ok', found });
          return first('notices');
        };
        expect(await notices({})).toMatchObject({ verdict: 'warn', todo: expect.stringContaining('DATABASE_DIRECT_URL') });
        expect(await notices({ DATABASE_DIRECT_URL: env.DATABASE_URL as string })).toMatchObject({ verdict: 'ok' });
        expect(await notices({ DATABASE_DIRECT_URL: pooler.url })).toMatchObject({
          verdict: 'fail',
          found: 'DATABASE_DIRECT_URL leads to a pooler, which passes on no notices.',
        });
      } finally {
        await pooler.stop();
      }
    },
  );

  test('the days of a CA file are told', async () => {
    const file = path.join(temporaryDirectory(), 'ca.pem');
    writeFileSync(file, testCertificate.cert);
    const { of } = await doctor({
      ...NOWHERE,
      DATABASE_URL: `postgres://u@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=${file}`,
    });
    expect(of('certificates')).toMatchObject([{ verdict: 'ok', found: expect.stringMatching(/: \d{4,} days left\.$/) }]);
  });
});
