import { describe, expect, test } from 'vitest';
import { newDataKey } from '../../src/lib/secrets.ts';
import { SETTINGS } from '../../src/settings/settings.ts';
import { temporaryDirectory } from '../prove/gateway.ts';
import { headgateHere } from './support.ts';

/** Nothing of it is risky but that the directory of tests may be in memory. */
const SAFE = {
  HEADGATE_MODE: 'production',
  HEADGATE_HOST: '0.0.0.0',
  HEADGATE_DATA_DIR: process.cwd(),
  HEADGATE_MASTER_KEY: newDataKey().toString('base64'),
  HEADGATE_PUBLIC_URL: 'https://gate.example.com',
  HEADGATE_TRUSTED_PROXIES: '10.1.2.3',
  DATABASE_URL: 'postgres://u:canary-database@db.example.com/x?sslmode=verify-full',
  REDIS_URL: 'rediss://:canary-redis@redis.example.com:6380',
  HEADGATE_REQUEST_LOG_DAYS: '90',
};

interface Report {
  readonly settings: readonly { name: string; value: string; from: string }[];
  readonly findings: readonly { about: string; verdict: string; found: string; todo: string | null }[];
}

async function checked(env: Record<string, string>, ...flags: string[]) {
  const ran = await headgateHere(env, 'config', 'check', '--json', ...flags);
  const { settings, findings } = JSON.parse(ran.out) as Report;
  const found = findings.filter(({ about }) => about !== 'HEADGATE_DATA_DIR').map(({ about, verdict }) => `${verdict} ${about}`);
  return { ...ran, settings, findings, found };
}

describe('headgate config check', () => {
  test('of settings without a risk says so, and where each comes from', async () => {
    const { code, settings, found } = await checked({ ...SAFE, PORT: '8080' }, '--drain-seconds', '60');
    expect(found.filter((one) => one !== 'ok settings')).toEqual([]);
    expect(code).toBe(0);
    expect(settings.map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name));
    const from = (name: string) => settings.find((one) => one.name === name);
    expect(from('HEADGATE_DRAIN_SECONDS')).toEqual({ name: 'HEADGATE_DRAIN_SECONDS', value: '60', from: 'flag' });
    expect(from('HEADGATE_PORT')).toMatchObject({ value: '8080', from: 'environment (PORT)' });
    expect(from('HEADGATE_HOST')).toMatchObject({ value: '0.0.0.0', from: 'environment' });
    expect(from('HEADGATE_LOG')).toMatchObject({ value: 'text', from: 'default' });
    expect(from('DATABASE_URL')).toMatchObject({ value: '(set)', from: 'environment' });
  });

  test.each([
    ['warn HEADGATE_MODE', { HEADGATE_MODE: '', HEADGATE_HOST: '' }],
    ['warn HEADGATE_PUBLIC_URL', { HEADGATE_PUBLIC_URL: '' }],
    ['warn HEADGATE_PUBLIC_URL', { HEADGATE_PUBLIC_URL: 'http://gate.example.com' }],
    ['warn HEADGATE_TRUSTED_PROXIES', { HEADGATE_TRUSTED_PROXIES: '' }],
    ['fail HEADGATE_TRUSTED_PROXIES', { HEADGATE_TRUSTED_PROXIES: '10.0.0.1, 0.0.0.0/0' }],
    ['fail HEADGATE_TRUSTED_PROXIES', { HEADGATE_TRUSTED_PROXIES: '::/0' }],
    ['fail HEADGATE_ADMIN_TOKEN', { HEADGATE_ADMIN_TOKEN: 'changeme-changeme-changeme' }],
    ['fail HEADGATE_ADMIN_TOKEN', { HEADGATE_ADMIN_TOKEN: 'a'.repeat(40) }],
    ['warn DATABASE_URL', { DATABASE_URL: 'postgres://u@db.example.com/x' }],
    ['warn REDIS_URL', { REDIS_URL: 'redis://redis.example.com' }],
    ['warn REDIS_URL', { REDIS_URL: '' }],
    ['warn HEADGATE_BUDGETS_WITHOUT_REDIS', { HEADGATE_BUDGETS_WITHOUT_REDIS: 'admit' }],
    ['warn HEADGATE_REQUEST_LOG_DAYS', { HEADGATE_REQUEST_LOG_DAYS: '' }],
    ['warn HEADGATE_DEMO', { HEADGATE_DEMO: 'on' }],
    ['warn HEADGATE_DRAIN_SECONDS', { HEADGATE_DRAIN_SECONDS: '1' }],
    ['fail HEADGATE_ALLOWED_UPSTREAMS', { HEADGATE_ALLOWED_UPSTREAMS: '169.254.169.254' }],
    ['warn HEADGATE_ALLOWED_UPSTREAMS', { HEADGATE_ALLOWED_UPSTREAMS: '127.0.0.1' }],
    ['warn HEADGATE_ALLOWED_UPSTREAMS', { HEADGATE_ALLOWED_UPSTREAMS: 'models.example.com, ::1/128' }],
    ['warn HEADGATE_ALLOWED_WEBHOOKS', { HEADGATE_ALLOWED_WEBHOOKS: 'localhost' }],
    ['warn HEADGATE_ALLOWED_IDENTITY_PROVIDERS', { HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1' }],
    ['fail HEADGATE_PORTT', { HEADGATE_PORTT: '1' }],
    ['fail HEADGATE_PORT', { HEADGATE_PORT: 'x' }],
    ['fail HEADGATE_MASTER_KEY', { HEADGATE_MASTER_KEY: '' }],
  ])('%s: %o', async (risk, change) => {
    const { code, found } = await checked({ ...SAFE, ...change });
    expect(found).toContain(risk);
    expect(code).toBe(risk.startsWith('fail') ? 1 : 0);
  });

  test('names every bad setting in one run', async () => {
    const { code, found } = await checked({ ...SAFE, HEADGATE_PORT: 'x', HEADGATE_LOG: 'xml' }, '--workers', 'many');
    expect(code).toBe(1);
    expect(found).toEqual(expect.arrayContaining(['fail HEADGATE_PORT', 'fail HEADGATE_LOG', 'fail HEADGATE_WORKERS']));
  });

  test('a directory in memory is an error, because a restart loses its journal', async () => {
    const { findings } = await checked({ ...SAFE, HEADGATE_DATA_DIR: '/dev/shm/headgate-check/data' });
    expect(findings).toContainEqual(expect.objectContaining({ about: 'HEADGATE_DATA_DIR', verdict: 'fail' }));
  });

  test('no secret is in what it prints, in either form', async () => {
    const secrets: Record<string, string> = Object.fromEntries(
      SETTINGS.filter(({ secret }) => secret).map(({ name }) => [name, `canary-${name.toLowerCase().replaceAll('_', '-')}`]),
    );
    const env = {
      ...secrets,
      HEADGATE_PUBLIC_URL: 'https://user:canary-url@gate.example.com',
      HEADGATE_DATA_DIR: temporaryDirectory(),
    };
    for (const flags of [[], ['--json']]) {
      const { out, err } = await headgateHere(env, 'config', 'check', ...flags);
      expect(out).toContain('HEADGATE_ADMIN_TOKEN');
      expect(out + err).not.toContain('canary');
    }
  });
});
