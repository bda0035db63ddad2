import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boundariesFrom,
  type CalendarPeriod,
  canonicalTimeZone,
  FAR_FUTURE_MS,
  isTimeZone,
  nextResetMs,
  periodAt,
  periodName,
  periodsBack,
  rollingMs,
  startsWithin,
} from './period.ts';

/** Returns the CPU time that a piece of work takes on this thread, in milliseconds. */
function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

const HOUR_MS = 3_600_000;
const at = (iso: string) => Date.parse(iso);
const iso = (ms: number) => new Date(ms).toISOString();

/** Zones with rules that often break calendars: half-hour DST, a skipped day, two-hour DST, :45 offsets, DST at midnight. */
const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Antarctica/Troll',
  'Asia/Kathmandu',
  'Pacific/Chatham',
  'America/Sao_Paulo',
  'America/St_Johns',
  'America/Havana',
  'Asia/Tehran',
  'Africa/Cairo',
  'Asia/Gaza',
  'Pacific/Kwajalein',
  'Africa/Casablanca',
  'Pacific/Kiritimati',
];

const zone = fc.constantFrom(...ZONES);
const instant = fc.integer({ min: at('1985-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') });
const period: fc.Arbitrary<CalendarPeriod> = fc.oneof(
  fc.constant({ is: 'day' } as const),
  fc.record({ is: fc.constant('week' as const), anchorDay: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ is: fc.constant('month' as const), anchorDay: fc.integer({ min: 1, max: 31 }) }),
  fc.record({
    is: fc.constant('quarter' as const),
    anchorMonth: fc.integer({ min: 1, max: 3 }),
    anchorDay: fc.integer({ min: 1, max: 31 }),
  }),
  fc.record({
    is: fc.constant('year' as const),
    anchorMonth: fc.integer({ min: 1, max: 12 }),
    anchorDay: fc.integer({ min: 1, max: 31 }),
  }),
  fc.constant({ is: 'total' } as const),
);

describe('periods of any time', () => {
  const counted = period.filter((one) => one.is !== 'total') as fc.Arbitrary<Exclude<CalendarPeriod, { is: 'total' }>>;
  const long = fc.integer({ min: at('0001-01-01T00:00:00Z'), max: at('9999-12-31T23:59:59Z') });

  test('are found without a walk, also in the first centuries', () => {
    fc.assert(
      fc.property(counted, zone, long, (one, timeZone, atMs) => {
        const { startMs, endMs } = periodAt(one, timeZone, atMs);
        expect(startMs <= atMs && atMs < endMs).toBe(true);
        expect(endMs - startMs).toBeLessThan(370 * 24 * HOUR_MS);
      }),
    );
  });

  test('within a span are those that follow each other from its beginning to its end, or too many', () => {
    fc.assert(
      fc.property(
        counted,
        zone,
        instant,
        fc.integer({ min: 1, max: 800 * 24 }),
        fc.integer({ min: 1, max: 60 }),
        (one, timeZone, fromMs, hours, most) => {
          const toMs = fromMs + hours * HOUR_MS;
          const starts = [periodAt(one, timeZone, fromMs).startMs];
          for (let endMs = 0; starts.length <= most; starts.push(endMs)) {
            endMs = periodAt(one, timeZone, starts.at(-1) as number).endMs;
            if (endMs >= toMs) break;
          }
          const within = startsWithin(one, timeZone, { startMs: fromMs, endMs: toMs }, most);
          expect(within).toEqual(starts.length > most ? null : starts);
        },
      ),
    );
  });

  test('of all centuries are too many at once', () => {
    const span = { startMs: at('0001-01-01T00:00:00Z'), endMs: at('9999-01-01T00:00:00Z') };
    const few = { startMs: at('2020-01-01T00:00:00Z'), endMs: at('2025-01-01T00:00:00Z') };
    // Some machines count the time of the CPU in steps of 4 ms.
    const often = (step: () => void) => {
      for (let turn = 0; turn < 20; turn += 1) step();
    };
    const listing = cpuMs(() => often(() => expect(startsWithin({ is: 'day' }, 'Europe/Paris', few, 2_000)).not.toBeNull()));
    const refusing = cpuMs(() =>
      often(() => {
        for (const is of ['day', 'week', 'month'] as const)
          expect(startsWithin(is === 'day' ? { is } : { is, anchorDay: 1 }, 'Europe/Paris', span, 2_000)).toBeNull();
      }),
    );
    expect(refusing).toBeLessThan(listing);
  });
});

describe('periods in any zone', () => {
  test('an instant is inside its period, and the period before and after touch it exactly', () => {
    fc.assert(
      fc.property(period, zone, instant, (kind, timeZone, now) => {
        const span = periodAt(kind, timeZone, now);
        expect(span.startMs).toBeLessThanOrEqual(now);
        expect(span.endMs).toBeGreaterThan(now);
        if (kind.is === 'total') return;
        expect(periodAt(kind, timeZone, span.startMs)).toEqual(span);
        expect(periodAt(kind, timeZone, span.endMs - 1)).toEqual(span);
        expect(periodAt(kind, timeZone, span.startMs - 1).endMs).toBe(span.startMs);
        expect(periodAt(kind, timeZone, span.endMs).startMs).toBe(span.endMs);
      }),
      { numRuns: 500 },
    );
  });

  test('periods back touch each other, and the newest is the one the instant is in', () => {
    fc.assert(
      fc.property(period, zone, instant, fc.integer({ min: 1, max: 6 }), (kind, timeZone, now, count) => {
        const spans = periodsBack(kind, timeZone, now, count);
        expect(spans[0]).toEqual(periodAt(kind, timeZone, now));
        expect(spans).toHaveLength(kind.is === 'total' ? 1 : count);
        for (const [at, span] of spans.slice(1).entries()) expect(span.endMs).toBe(spans[at]?.startMs);
        for (const span of spans) expect(span.startMs).toBeLessThan(span.endMs);
      }),
    );
  });

  test('a rolling period goes back in spans of its length, the newest ending now', () => {
    const spans = periodsBack({ is: 'rolling', hours: 5 }, 'UTC', at('2026-03-10T12:00:00Z'), 3);
    expect(spans.map(({ startMs, endMs }) => [iso(startMs), iso(endMs)])).toEqual([
      ['2026-03-10T07:00:00.000Z', '2026-03-10T12:00:00.000Z'],
      ['2026-03-10T02:00:00.000Z', '2026-03-10T07:00:00.000Z'],
      ['2026-03-09T21:00:00.000Z', '2026-03-10T02:00:00.000Z'],
    ]);
  });

  test('boundaries rise strictly and each one begins the period that follows the last', () => {
    fc.assert(
      fc.property(period, zone, instant, (kind, timeZone, now) => {
        const boundaries = boundariesFrom(kind, timeZone, now, 5);
        expect(boundaries[0]).toBe(periodAt(kind, timeZone, now).startMs);
        for (let i = 1; i < boundaries.length; i += 1) {
          expect(boundaries[i]).toBe(periodAt(kind, timeZone, boundaries[i - 1] as number).endMs);
          expect(boundaries[i]).toBeGreaterThan(boundaries[i - 1] as number);
        }
      }),
    );
  });
});

describe('days', () => {
  const hoursOfDay = (timeZone: string, noon: string) => {
    const { startMs, endMs } = periodAt({ is: 'day' }, timeZone, at(noon));
    return (endMs - startMs) / HOUR_MS;
  };

  // promise: **Day.** From the zone's first existing instant of the date to
  test.each([
    ['Europe/Paris', '2026-03-29T10:00:00Z', 23],
    ['Europe/Paris', '2026-10-25T10:00:00Z', 25],
    ['Europe/Paris', '2026-07-01T10:00:00Z', 24],
    ['Australia/Lord_Howe', '2026-04-05T00:00:00Z', 24.5],
    ['Australia/Lord_Howe', '2026-10-04T00:00:00Z', 23.5],
    ['Antarctica/Troll', '2026-03-29T12:00:00Z', 22],
    ['Asia/Kathmandu', '2026-03-29T12:00:00Z', 24],
  ])('the day in %s around %s has %d hours', (timeZone, noon, hours) => {
    expect(hoursOfDay(timeZone, noon)).toBe(hours);
  });

  // promise: **Day.** From the zone's first existing instant of the date to the next date's
  test('a date whose midnight does not exist begins at its first existing instant', () => {
    expect(iso(periodAt({ is: 'day' }, 'America/Sao_Paulo', at('2018-11-04T12:00:00Z')).startMs)).toBe(
      '2018-11-04T03:00:00.000Z',
    );
  });

  test('minutes that are shown again after midnight belong to the day that had begun', () => {
    // In 1990 St. John's set its clocks back at 00:01, to 23:01 of the day before.
    const begun = periodAt({ is: 'day' }, 'America/St_Johns', at('1990-10-28T02:30:30Z'));
    expect(iso(begun.startMs)).toBe('1990-10-28T02:30:00.000Z');
    expect(periodAt({ is: 'day' }, 'America/St_Johns', at('1990-10-28T02:45:00Z'))).toEqual(begun);
  });

  test('the day Apia skipped is nobody’s day: the 29th ends where the 31st begins', () => {
    const before = periodAt({ is: 'day' }, 'Pacific/Apia', at('2011-12-30T09:59:59Z'));
    const after = periodAt({ is: 'day' }, 'Pacific/Apia', at('2011-12-30T10:00:00Z'));
    expect([iso(before.startMs), iso(before.endMs)]).toEqual(['2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z']);
    expect([iso(after.startMs), iso(after.endMs)]).toEqual(['2011-12-30T10:00:00.000Z', '2011-12-31T10:00:00.000Z']);
    expect(boundariesFrom({ is: 'day' }, 'Pacific/Apia', before.startMs, 3)).toEqual([before.startMs, before.endMs, after.endMs]);
  });
});

describe('anchors', () => {
  const starts = (kind: CalendarPeriod, from: string, count: number, timeZone = 'UTC') =>
    boundariesFrom(kind, timeZone, at(from), count).map((ms) => iso(ms).slice(0, 10));

  // promise: Anchor day 31 clamps to the
  test('anchor day 31 clamps to the month’s end for that month only', () => {
    expect(starts({ is: 'month', anchorDay: 31 }, '2026-01-31T00:00:00Z', 5)).toEqual([
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
      '2026-05-31',
    ]);
    expect(starts({ is: 'month', anchorDay: 31 }, '2028-02-29T00:00:00Z', 2)).toEqual(['2028-02-29', '2028-03-31']);
  });

  // promise: Anchors: week `anchor_day` 1–7, month 1–31, quarter and year `anchor_month` + `anchor_day`.
  test('weeks begin on the anchor’s weekday, quarters and years in the anchor’s month', () => {
    expect(starts({ is: 'week', anchorDay: 1 }, '2026-07-23T00:00:00Z', 2)).toEqual(['2026-07-20', '2026-07-27']);
    expect(starts({ is: 'week', anchorDay: 7 }, '2026-07-23T00:00:00Z', 2)).toEqual(['2026-07-19', '2026-07-26']);
    expect(starts({ is: 'quarter', anchorMonth: 2, anchorDay: 31 }, '2026-01-01T00:00:00Z', 3)).toEqual([
      '2025-11-30',
      '2026-02-28',
      '2026-05-31',
    ]);
    expect(starts({ is: 'year', anchorMonth: 2, anchorDay: 29 }, '2026-01-01T00:00:00Z', 4)).toEqual([
      '2025-02-28',
      '2026-02-28',
      '2027-02-28',
      '2028-02-29',
    ]);
  });

  test('a total period never ends, a rolling one trails by its hours', () => {
    expect(periodAt({ is: 'total' }, 'UTC', at('2026-01-01T00:00:00Z'))).toEqual({ startMs: 0, endMs: FAR_FUTURE_MS });
    expect(rollingMs({ is: 'rolling', hours: 48 })).toBe(2 * 24 * HOUR_MS);
  });

  test('the next reset of a month in Paris is its local midnight', () => {
    expect(iso(nextResetMs({ is: 'month', anchorDay: 1 }, 'Europe/Paris', at('2026-07-31T21:59:59Z')))).toBe(
      '2026-07-31T22:00:00.000Z',
    );
  });

  test('another anchor or zone is another name', () => {
    const names = [
      periodName({ is: 'month', anchorDay: 1 }, 'UTC'),
      periodName({ is: 'month', anchorDay: 2 }, 'UTC'),
      periodName({ is: 'month', anchorDay: 1 }, 'Europe/Paris'),
      periodName({ is: 'quarter', anchorMonth: 1, anchorDay: 1 }, 'UTC'),
      periodName({ is: 'year', anchorMonth: 1, anchorDay: 1 }, 'UTC'),
      periodName({ is: 'week', anchorDay: 1 }, 'UTC'),
      periodName({ is: 'day' }, 'UTC'),
      periodName({ is: 'total' }, 'UTC'),
      periodName({ is: 'rolling', hours: 5 }, 'UTC'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('time zone names', () => {
  test.each(['UTC', 'Europe/Paris', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('%s is a zone', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  test.each(['', 'Mars/Olympus', '+02:00', 'Europe/Paris ', '2020-01-01[Europe/Paris]', 'Europe/Paris\n', 'x'.repeat(10_000)])(
    '%j is not a zone',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );
  test('a zone in another case is stored as IANA spells it', () => {
    expect(canonicalTimeZone('europe/paris')).toBe('Europe/Paris');
  });
});
