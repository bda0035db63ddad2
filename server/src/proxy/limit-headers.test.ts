import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planLimits } from '../domain/limits/limit-plan.ts';
import type { Caller } from '../domain/tenancy/tenancy.ts';
import type { ErrorDialect } from './error-dialect.ts';
import { addLimitHeaders, durationText, limitWordsOf } from './limit-headers.ts';

const NOTHING = { rateLimits: {}, modelLimits: [], budgets: [] };
const caller = {
  organization: { id: 'org_1', timeZone: 'UTC', ...NOTHING, rateLimits: { rpm: 600, rpd: 1_000 } },
  team: { id: 'team_1', ...NOTHING, rateLimits: { rpm: 20, tpm: 500 } },
  member: null,
  key: { id: 'key_1', ...NOTHING, modelLimits: [{ match: { is: 'prefix', prefix: 'gpt-5' }, rateLimits: { rpm: 50 } }] },
} as unknown as Caller;
const PLAN = planLimits(caller, 'gpt-5-nano', new Set(), 1_000_000);

function headersAt(used: readonly number[], dialect: ErrorDialect = 'openai'): Record<string, string> {
  const list: string[] = [];
  const readings = { used, held: used.map(() => 0), resetsAtMs: used.map(() => 60_001) };
  addLimitHeaders(list, limitWordsOf(PLAN), readings, 1_000, dialect);
  return Object.fromEntries(Array.from({ length: list.length / 2 }, (_, at) => [list[at * 2], list[at * 2 + 1]]));
}

describe('limits on every answer', () => {
  test('OpenAI’s family tells the tightest per-minute limit of any scope', () => {
    const headers = headersAt([10, 1, 19, 100, 1]);
    expect(headers['x-ratelimit-limit-requests']).toBe('20');
    expect(headers['x-ratelimit-remaining-requests']).toBe('1');
    expect(headers['x-ratelimit-reset-requests']).toBe('1m0s');
    expect(headers['x-ratelimit-remaining-tokens']).toBe('400');
  });

  test('Anthropic’s family tells the same to its clients, with the instant of the reset', () => {
    const headers = headersAt([10, 1, 19, 100, 1], 'anthropic');
    expect(headers).toMatchObject({
      'anthropic-ratelimit-requests-limit': '20',
      'anthropic-ratelimit-requests-remaining': '1',
      'anthropic-ratelimit-requests-reset': '1970-01-01T00:01:01Z',
      'anthropic-ratelimit-tokens-limit': '500',
      'anthropic-ratelimit-tokens-remaining': '400',
      'anthropic-ratelimit-tokens-reset': '1970-01-01T00:01:01Z',
      'x-ratelimit-remaining-requests': '1',
    });
    expect(Object.keys(headersAt([10, 1, 19, 100, 1])).filter((name) => name.startsWith('anthropic'))).toEqual([]);
  });

  test('the IETF family names every policy', () => {
    const headers = headersAt([10, 1, 19, 100, 1]);
    expect(headers['ratelimit-policy']).toBe(
      '"org;rpm";q=600;w=60, "org;rpd";q=1000;w=86400, "team;rpm";q=20;w=60, "team;tpm";q=500;w=60, "key;rpm;gpt-5*";q=50;w=60',
    );
    expect(headers.ratelimit).toContain('"team;rpm";r=1;t=60');
  });

  test('names in any script stand as percent-encoded ASCII, and the longest leave room for others', () => {
    const names = ['通义千问', 'a"b\\c', '漢'.repeat(200), `${'漢'.repeat(199)}字`, 'x'.repeat(200), '\ud800'];
    const modelLimits = names.map((name) => ({ match: { is: 'exact', name } as const, rateLimits: { rpm: 5, tpm: 5 } }));
    const words = limitWordsOf(
      planLimits({ ...caller, key: { ...caller.key, modelLimits } } as Caller, names[0] as string, new Set(), 1_000_000),
    );
    expect(words.policy).toContain('"key;rpm;%E9%80%9A%E4%B9%89%E5%8D%83%E9%97%AE";q=5;w=60');
    const all = names.flatMap((name) => {
      const plan = planLimits({ ...caller, key: { ...caller.key, modelLimits } } as Caller, name, new Set(), 1_000_000);
      return limitWordsOf(plan).policy.split(', ').slice(-2);
    });
    expect(new Set(all).size).toBe(2 * names.length);
    for (const policy of all) expect(policy).toMatch(/^"key;[rt]pm;[!#$&-[\]-~%]{1,96}";q=5;w=60$/);
  });

  // promise: approaching_limit` from 80 %, `near_limit` from 95 %
  test('a warning from 80 % and a stronger one from 95 %, at the limit itself too', () => {
    expect(headersAt([0, 0, 15, 0, 0])['x-ratelimit-warning']).toBeUndefined();
    expect(headersAt([0, 800, 0, 0, 0])['x-ratelimit-warning']).toBe('approaching_limit');
    expect(headersAt([0, 0, 19, 0, 0])['x-ratelimit-warning']).toBe('near_limit');
    expect(headersAt([600, 0, 0, 0, 0])['x-ratelimit-warning']).toBe('near_limit');
  });

  test('durations read as OpenAI writes them, and never say less than the time that is left', () => {
    expect([12, 999, 1_000, 60_000, 360_000, 3_661_000].map(durationText)).toEqual([
      '12ms',
      '999ms',
      '1s',
      '1m0s',
      '6m0s',
      '1h1m1s',
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (ms) => {
        const parts = [...durationText(ms).matchAll(/(\d+)(ms|h|m|s)/g)].map(
          ([, n, unit]) => Number(n) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's'],
        );
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeGreaterThanOrEqual(ms);
      }),
    );
  });
});
