import { describe, expect, test } from 'vitest';
import { BadSetting } from './bad-setting.ts';
import { readConfig } from './config.ts';
import { SETTINGS } from './settings.ts';
import { nearestSetting, unknownSettingLine, unknownSettings } from './unknown-settings.ts';

const meant = (name: string, value = 'x') => unknownSettings({ [name]: value })[0]?.nearest;

describe('variables that look like settings', () => {
  test.each([
    ['HEADGATE_PROT', 'HEADGATE_PORT'],
    ['HEADGATE_TRUSTED_PROXY', 'HEADGATE_TRUSTED_PROXIES'],
    ['HEADGATE_MAX_BODY_BYTES', 'HEADGATE_BODY_BYTES_MAX'],
    ['HEADGATE_DATABASE_URL', 'DATABASE_URL'],
    ['HEADGATE_REDIS_URL', 'REDIS_URL'],
    ['HEADGATE_POSTGRES_URL', 'DATABASE_URL'],
    ['HEADGATE_DRAIN_SECOND', 'HEADGATE_DRAIN_SECONDS'],
    ['headgate_mode', 'HEADGATE_MODE'],
    ['HEADGAET_MODE', 'HEADGATE_MODE'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['POSTGRES_URL', 'DATABASE_URL'],
    ['REDIS_URLS', 'REDIS_URL'],
    ['VALKEY_URL', 'REDIS_URL'],
    ['OTEL_EXPORTER_OTLP_HEADER', 'OTEL_EXPORTER_OTLP_HEADERS'],
  ])('%s is named with %s', (name, nearest) => expect(meant(name)).toBe(nearest));

  test('one that resembles none is named without a guess', () => {
    expect(unknownSettings({ HEADGATE_SOMETHING_ELSE_ALTOGETHER: '1' })).toEqual([
      { name: 'HEADGATE_SOMETHING_ELSE_ALTOGETHER', nearest: null },
    ]);
  });

  test('each setting with one letter left out or two swapped is found again', () => {
    for (const { name } of SETTINGS) {
      const at = name.length - 2;
      expect(nearestSetting(name.slice(0, at) + name.slice(at + 1))).toBe(name);
      expect(nearestSetting(`${name.slice(0, at)}${name[at + 1]}${name[at]}`)).toBe(name);
    }
  });

  test('settings, variables of other programs, of Kubernetes and empty ones are not named', () => {
    const none: Record<string, string> = {
      ...Object.fromEntries(SETTINGS.map(({ name }) => [name, 'x'])),
      ...{ PATH: '/bin', PORT: '80', DATABASE: 'x', REDIS_HOST: 'x', OTEL_EXPORTER_OTLP_PROTOCOL: 'x', HOSTNAME: 'x' },
      ...{ HEADGATE_URL: 'x', HEADGATE_NEW_MASTER_KEY: 'x', HEADGATE_TYPO: '', HEADGATE_SERVICE_HOST: '10.0.0.1' },
      ...{ HEADGATE_DATA_PORT: 'tcp://10.0.0.1:80', HEADGATE_PORT_4000_TCP: 'tcp://10.0.0.1:4000' },
      ...{ POSTGRES_URL: 'of another program, because DATABASE_URL is set' },
    };
    expect(unknownSettings(none)).toEqual([]);
  });

  test('the sentence repeats no value', () => {
    const [unknown] = unknownSettings({ HEADGATE_ADMIN_TOKN: 'canary' });
    expect(unknownSettingLine(unknown as NonNullable<typeof unknown>)).toBe(
      'HEADGATE_ADMIN_TOKN is no setting and has no effect. Did you mean HEADGATE_ADMIN_TOKEN?',
    );
  });

  test('a flag that is none is refused with the nearest one', () => {
    const refusal = new BadSetting('--prot: there is no such setting. Did you mean --port?');
    expect(() => readConfig({}, ['--prot', '1'])).toThrow(refusal);
  });
});
