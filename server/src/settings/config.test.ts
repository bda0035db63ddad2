import { readFileSync } from 'node:fs';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { BadSetting } from './bad-setting.ts';
import { readConfig } from './config.ts';
import { SETTINGS } from './settings.ts';

const bad = (env: Record<string, string>, flags: readonly string[] = []) => {
  try {
    readConfig(env, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(BadSetting);
    return (error as Error).message;
  }
  throw new Error('the value was accepted');
};

describe('settings', () => {
  test('nothing set is a development gateway on the loopback address with an embedded database', () => {
    expect(readConfig({})).toMatchObject({ host: '127.0.0.1', port: 4000, databaseUrl: null, mode: 'development', demo: 'off' });
  });

  test('a flag of the same name counts above the environment', () => {
    expect(readConfig({ HEADGATE_PORT: '1' }, ['--port', '2']).port).toBe(2);
    expect(readConfig({}, ['--headgate-port=3', '--database-url', 'postgres://x/y'])).toMatchObject({
      port: 3,
      databaseUrl: 'postgres://x/y',
    });
  });

  test('files are kept for 30 days and take 10 GiB of an organization, unless less is set', () => {
    expect(readConfig({})).toMatchObject({ fileDays: 30, filesBytesMax: 10_737_418_240 });
    expect(readConfig({ HEADGATE_FILE_DAYS: '1', HEADGATE_FILES_BYTES_MAX: '0' })).toMatchObject({
      fileDays: 1,
      filesBytesMax: 0,
    });
    for (const days of ['0', '31', '1.5']) expect(bad({ HEADGATE_FILE_DAYS: days })).toMatch(/^HEADGATE_FILE_DAYS: /);
  });

  test('DNS servers are addresses, each with a port or not', () => {
    expect(readConfig({}).dnsServers).toEqual([]);
    const servers = ['10.0.0.53', '10.0.0.53:5353', 'fd00::53', '[fd00::53]', '[fd00::53]:5353'];
    expect(readConfig({ HEADGATE_DNS_SERVERS: servers.join(', ') }).dnsServers).toEqual(servers);
    for (const text of ['dns.example', '10.0.0.53:0', '10.0.0.53:65536', '10.0.0', 'fd00::53:99999', '10.0.0.53:x'])
      expect(bad({ HEADGATE_DNS_SERVERS: text })).toMatch(/^HEADGATE_DNS_SERVERS: /);
    expect(bad({ HEADGATE_DNS_SERVERS: Array(9).fill('10.0.0.53').join() })).toContain('at most 8');
  });

  test('the port is the one that a platform sets as PORT, where ours is absent', () => {
    expect(readConfig({ PORT: '8080' }).port).toBe(8080);
    expect(readConfig({ PORT: '8080', HEADGATE_PORT: '' }).port).toBe(8080);
    expect(readConfig({ PORT: '8080', HEADGATE_PORT: '1' }).port).toBe(1);
    expect(readConfig({ PORT: 'no port', HEADGATE_PORT: '1' }).port).toBe(1);
    expect(readConfig({ PORT: '8080' }, ['--port', '2']).port).toBe(2);
    expect(readConfig({ PORT: '' }).port).toBe(4000);
    expect(bad({ PORT: 'tcp://10.0.0.1:80' })).toMatch(/^PORT: /);
    expect(bad({ PORT: '8080' }, ['--port', 'x'])).toMatch(/^HEADGATE_PORT: /);
    const shown = readConfig({ PORT: '8080' }).inForce.find(({ name }) => name === 'HEADGATE_PORT');
    expect(shown).toMatchObject({ value: '8080', isSet: true });
  });

  // promise: A bad value stops the start with one line naming it
  test('a bad value is one line that names its setting', () => {
    const table: readonly (readonly [string, string])[] = [
      ['HEADGATE_PORT', '65536'],
      ['HEADGATE_PORT', '-1'],
      ['HEADGATE_PORT', '4000 '],
      ['HEADGATE_MODE', 'prod'],
      ['HEADGATE_AMBIENT_CREDENTIALS', 'aws,oracle'],
      ['HEADGATE_AMBIENT_CREDENTIALS', 'AWS'],
      ['HEADGATE_AMBIENT_CREDENTIALS', 'on'],
      ['HEADGATE_DEVELOPMENT_ON_NETWORK', 'yes'],
      ['HEADGATE_DEMO', 'yes'],
      ['HEADGATE_MASTER_KEY', 'short'],
      ['HEADGATE_MASTER_KEY_FILE', 'x'.repeat(5_000)],
      ['HEADGATE_MASTER_KEY_COMMAND', 'x'.repeat(5_000)],
      ['HEADGATE_ADMIN_TOKEN', 'hgadm_two words and many more'],
      ['HEADGATE_ADMIN_TOKEN', 'x'.repeat(23)],
      ['HEADGATE_ADMIN_TOKEN', `hgadm_${'x'.repeat(300)}`],
      ['HEADGATE_ADMIN_TOKEN', 'sk-hg-a-key-of-the-data-plane'],
      ['HEADGATE_PUBLIC_URL', 'ftp://x'],
      ['HEADGATE_TRUSTED_PROXIES', 'my-proxy'],
      ['HEADGATE_TRUSTED_PROXIES', '10.0.0.0/33'],
      ['HEADGATE_TRUSTED_PROXIES', '127.0.0.1, ::1/129'],
      ['DATABASE_URL', 'mysql://x'],
      ['HEADGATE_SMTP_URL', 'mail.example.com'],
      ['HEADGATE_SMTP_URL', 'http://mail.example.com'],
      ['HEADGATE_JOURNAL_BYTES_MAX', '1'],
      ['HEADGATE_SPOOL_BYTES_MAX', '0'],
      ['HEADGATE_METRICS_ORGANIZATIONS', '1001'],
      ['HEADGATE_METRICS_TOKEN', 'short'],
      ['HEADGATE_METRICS_TOKEN', 'twenty-four and two words'],
      ['HEADGATE_TRACES_SHARE', '1.1'],
      ['HEADGATE_TRACES_SHARE', '-0'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
      ['OTEL_EXPORTER_OTLP_HEADERS', 'no pair'],
      ['HEADGATE_JOURNAL_BYTES_MAX', '1e9'],
    ];
    for (const [name, value] of table) {
      const message = bad({ [name]: value });
      expect(message).toContain(name);
      expect(message).not.toContain('\n');
    }
    expect(bad({}, ['--nonsense', '1'])).toContain('--nonsense');
    expect(bad({}, ['--port'])).toContain('--port');
  });

  test('a URL of a server that its driver cannot read is refused by name, and its password is not shown', () => {
    for (const password of ['ca/nary', '12/canary', 'ca#nary', '12#canary', 'ca?nary', 'canary%ff', 'canary%2'])
      for (const [name, url] of [
        ['DATABASE_URL', `postgres://headgate:${password}@db.example.com:5432/headgate`],
        ['DATABASE_DIRECT_URL', `postgres://headgate:${password}@db.example.com:5432/headgate`],
        ['REDIS_URL', `redis://:${password}@redis.example.com:6379`],
      ] as const) {
        // Both drivers read a lone percent sign of a password as itself.
        if (password === 'canary%2' && name !== 'REDIS_URL') continue;
        const message = bad({ DATABASE_URL: 'postgres://x/y', [name]: url });
        expect([password, message]).toEqual([password, expect.stringMatching(`^${name}: is no address that can be read.*-hex`)]);
        expect(message).not.toMatch(/nary/);
      }
    for (const port of ['99999', 'port'])
      expect(bad({ DATABASE_URL: `postgres://u@h:${port}/d` })).toMatch(/^DATABASE_URL: is no/);
  });

  test('a URL of PostgreSQL that its driver can read is taken', () => {
    for (const url of [
      'postgres://u:a%2Fb%23c@h/d',
      'postgresql://h',
      'postgres://u:a@b@h/d',
      'postgres://u:100%@h/d',
      'postgres://u:a b@h/d',
      'postgres://u@/d?host=/run/postgresql',
      'postgres://%2Frun%2Fpostgresql/d',
      'postgres:///d?host=/run/postgresql&user=u@x',
      'postgres://u@[::1]:5432/d?sslmode=verify-full&sslrootcert=/ca.pem',
    ]) {
      expect(
        () => new pg.Client({ connectionString: url.replace(/&sslrootcert=.*/, '') }).on('error', () => {}),
        url,
      ).not.toThrow();
      expect(readConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
    }
  });

  test('no machine identity may be used unless its cloud is named', () => {
    expect(readConfig({}).ambientCredentials).toEqual([]);
    expect(readConfig({ HEADGATE_AMBIENT_CREDENTIALS: 'aws, gcp,azure' }).ambientCredentials).toEqual(['aws', 'gcp', 'azure']);
  });

  test('proxies are addresses and ranges of either family', () => {
    const proxies = ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'];
    expect(readConfig({ HEADGATE_TRUSTED_PROXIES: proxies.join(', ') }).trustedProxies).toEqual(proxies);
  });

  test('what is in force can be looked at, and of a secret only whether there is one', () => {
    const secrets = {
      HEADGATE_ADMIN_TOKEN: 'hgadm_canary-of-24-letters',
      HEADGATE_METRICS_TOKEN: 'canary-0123456789-0123456789',
      HEADGATE_MASTER_KEY: Buffer.alloc(32, 'canary').toString('base64'),
      DATABASE_URL: 'postgres://user:canary@x/y',
    };
    const { inForce } = readConfig({ ...secrets, HEADGATE_PORT: '4100' });
    expect(inForce.map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name));
    for (const [name, value] of Object.entries(secrets)) {
      expect(inForce.find((setting) => setting.name === name)).toMatchObject({ value: '', isSet: true, isSecret: true });
      expect(JSON.stringify(inForce)).not.toContain(value);
    }
    const port = inForce.find(({ name }) => name === 'HEADGATE_PORT');
    expect(port).toMatchObject({ value: '4100', default: '4000', isSet: true, isSecret: false });
    expect(inForce.find(({ name }) => name === 'HEADGATE_HOST')).toMatchObject({ value: '127.0.0.1', isSet: false });
  });

  test('what this release cannot honour stops the start and is never ignored', () => {
    expect(bad({ REDIS_URL: 'redis://x' })).toContain('REDIS_URL');
    expect(bad({ HEADGATE_WORKERS: '4' })).toContain('HEADGATE_WORKERS');
    expect(bad({ HEADGATE_ROLE: 'data' })).toContain('HEADGATE_ROLE');
  });

  test('mail needs a server and a sender, and a bad server is not repeated', () => {
    const HEADGATE_SMTP_URL = 'smtp://user:canary@mail.example.com:587';
    const from = 'Headgate <headgate@example.com>';
    expect(readConfig({ HEADGATE_SMTP_URL, HEADGATE_MAIL_FROM: from }).smtp).toEqual({ url: HEADGATE_SMTP_URL, from });
    expect(readConfig({ HEADGATE_MAIL_FROM: from }).smtp).toBeNull();
    for (const HEADGATE_MAIL_FROM of ['', 'nobody', 'a@b\nBcc: c@d', 'Name <a@b> trailing'])
      expect(bad({ HEADGATE_SMTP_URL, HEADGATE_MAIL_FROM })).toContain('HEADGATE_MAIL_FROM');
    expect(bad({ HEADGATE_SMTP_URL: 'imap://user:canary@x' })).not.toContain('canary');
  });

  test('a collector’s secret stands in its headers, is read as it is meant and not repeated', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'https://collector.example.com:4318/base';
    expect(readConfig({ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=canary' }).telemetry).toBeNull();
    const OTEL_EXPORTER_OTLP_HEADERS = 'Authorization=Basic%20Y2FuYXJ5%3D, x-team = a';
    expect(
      readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, HEADGATE_TRACES_SHARE: '0.05' }).telemetry,
    ).toEqual({
      endpoint: OTEL_EXPORTER_OTLP_ENDPOINT,
      headers: { authorization: 'Basic Y2FuYXJ5=', 'x-team': 'a' },
      serviceName: 'headgate',
      share: 0.05,
    });
    for (const headers of ['x-key=canary%zz', 'x-key=canary%0d%0a', 'x key=canary', '=canary'])
      expect(bad({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: headers })).not.toContain('canary');
    // Admins see the address. The error tells someone who put a secret into it where the secret belongs.
    const named = bad({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:canary@collector.example.com' });
    expect(named).toContain('OTEL_EXPORTER_OTLP_HEADERS');
    expect(named).not.toContain('canary');
  });

  // promise: Development mode listens on loopback alone, unless a setting says
  // Development mode allows things (loopback upstreams, a printed admin link) that are meant for one machine.
  test('development listens where only this machine reaches it, unless somebody says otherwise', () => {
    for (const HEADGATE_HOST of ['0.0.0.0', '::', '10.0.0.5', 'gateway.example', '1127.0.0.1', '127.0.0.1.example'])
      expect(bad({ HEADGATE_HOST })).toMatch(/^HEADGATE_HOST: .*HEADGATE_DEVELOPMENT_ON_NETWORK=on/);
    for (const HEADGATE_HOST of ['127.0.0.1', '127.8.9.1', '::1', 'localhost'])
      expect(readConfig({ HEADGATE_HOST }).host).toBe(HEADGATE_HOST);
    expect(readConfig({ HEADGATE_HOST: '0.0.0.0', HEADGATE_DEVELOPMENT_ON_NETWORK: 'on' }).host).toBe('0.0.0.0');
    const HEADGATE_MASTER_KEY = Buffer.alloc(32, 1).toString('base64');
    expect(readConfig({ HEADGATE_HOST: '0.0.0.0', HEADGATE_MODE: 'production', HEADGATE_MASTER_KEY }).host).toBe('0.0.0.0');
  });

  test('production takes no generated master key', () => {
    expect(bad({ HEADGATE_MODE: 'production' })).toContain('HEADGATE_MASTER_KEY');
    for (const name of ['HEADGATE_MASTER_KEY_FILE', 'HEADGATE_MASTER_KEY_COMMAND'])
      expect(readConfig({ HEADGATE_MODE: 'production', [name]: '/run/secrets/key' }).mode).toBe('production');
  });

  test('the operator’s guide lists exactly the settings there are, with their defaults', () => {
    const guide = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
    const listed = [...guide.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`|–) \|/gm)].map(([, name, value]) => ({
      name,
      default: value ?? '',
    }));
    expect(listed).toEqual(SETTINGS.map(({ name, default: value }) => ({ name, default: value })));
  });
});
