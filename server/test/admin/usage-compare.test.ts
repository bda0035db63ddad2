import { beforeAll, expect, test } from 'vitest';
import { requestId } from '../../src/lib/id.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { makeOrganization, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

// The clock of these suites stands at 10 March 2026, 12:00 UTC: 17:30 in Kolkata.

onOneDatabase('usage compared with the period before', (given) => {
  const world = withAdmin(given);
  let acme = '';

  beforeAll(async () => {
    acme = (await makeOrganization(world().root, { time_zone: 'Asia/Kolkata' })).id;
    const uses: readonly (readonly [string, string, number])[] = [
      // February begins in Kolkata on 31 January at 18:30 UTC.
      ['2026-01-31T18:29:59Z', 'model-a', 900_000_000],
      ['2026-01-31T18:30:00Z', 'model-a', 2_000_000_000],
      ['2026-02-10T11:59:59Z', 'model-b', 500_000_000],
      ['2026-02-10T12:00:01Z', 'model-b', 700_000_000],
      ['2026-03-02T10:00:00Z', 'model-a', 2_500_000_000],
      ['2026-03-03T10:00:00Z', 'model-c', 1],
    ];
    await storeRecords(
      given(),
      uses.map(([at, calledName, nanoUsd]) => {
        const admittedAtMs = Date.parse(at);
        const entries = [givenEntry({ nanoUsd })];
        return givenEnd({ organizationId: acme, calledName, admittedAtMs, requestId: requestId(admittedAtMs), entries });
      }),
    );
  });

  test('a month to date is compared with the same days of the month before, in the organization’s time zone', async () => {
    const answer = must(
      await world().root('GET', `/organizations/${acme}/usage?month=current&compare=previous_period&group_by=model`),
    );
    expect([answer.from, answer.to]).toEqual(['2026-02-28T18:30:00.000Z', '2026-03-10T12:00:00.000Z']);
    expect(answer.previous).toEqual({
      from: '2026-01-31T18:30:00.000Z',
      to: '2026-02-10T12:00:00.000Z',
      total: {
        admitted_requests: 2,
        total_tokens: 60,
        spend: '2.50',
        spend_difference: '0.000000001',
        spend_change_percent: '0.0',
      },
      intervals: null,
      truncated: false,
    });
    const rows = answer.data.map(({ model, spend, previous }: Record<string, unknown>) => ({ model, spend, previous }));
    expect(rows).toEqual([
      {
        model: 'model-a',
        spend: '2.50',
        previous: {
          admitted_requests: 1,
          total_tokens: 30,
          spend: '2.00',
          spend_difference: '0.50',
          spend_change_percent: '25.0',
        },
      },
      { model: 'model-c', spend: '0.000000001', previous: null },
      // Nothing was used now, so that the rows add up to the difference of the totals.
      {
        model: 'model-b',
        spend: '0.00',
        previous: {
          admitted_requests: 1,
          total_tokens: 30,
          spend: '0.50',
          spend_difference: '-0.50',
          spend_change_percent: '-100.0',
        },
      },
    ]);
  });

  test('intervals of the period before are at the same place in the range', async () => {
    const query = 'month=current&compare=previous_period&group_by=model&interval=day';
    const { previous, data } = must(await world().root('GET', `/organizations/${acme}/usage?${query}`));
    expect(previous.intervals).toEqual([
      {
        start: '2026-01-31T18:30:00.000Z',
        compared_start: '2026-02-28T18:30:00.000Z',
        admitted_requests: 1,
        total_tokens: 30,
        spend: '2.00',
      },
      {
        start: '2026-02-09T18:30:00.000Z',
        compared_start: '2026-03-09T18:30:00.000Z',
        admitted_requests: 1,
        total_tokens: 30,
        spend: '0.50',
      },
    ]);
    expect(data.every((line: object) => !('previous' in line))).toBe(true);
  });

  test('a whole month is compared with the whole month before; a limit leaves the totals alone', async () => {
    const { previous, data, truncated } = must(
      await world().root('GET', `/organizations/${acme}/usage?month=2026-02&compare=previous_period&group_by=model&limit=1`),
    );
    expect(previous).toMatchObject({
      from: '2025-12-31T18:30:00.000Z',
      to: '2026-01-31T18:30:00.000Z',
      total: { spend: '0.90', spend_difference: '2.30', spend_change_percent: '255.6' },
    });
    expect(data).toHaveLength(1);
    expect(truncated).toBe(true);
  });

  test.each(['month=2026-03&from=2026-03-01T00:00:00Z', 'month=2026-04', 'month=2026-13', 'month=March', 'compare=yes'])(
    '400 for %s',
    async (query) => {
      expect((await world().root('GET', `/organizations/${acme}/usage?${query}`)).status).toBe(400);
    },
  );
});
