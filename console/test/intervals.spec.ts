/** The axis of a chart over time: whole, whatever was used, in the zone in which the server's intervals begin. */
import { expect, test } from '@playwright/test';
import { intervalKey, intervalsOf } from '../src/components/charts/intervals.ts';

const keys = (stretch: Parameters<typeof intervalsOf>[0]) => intervalsOf(stretch).map(({ key }) => key);

test('months without use are there, across a year and in a zone ahead of UTC', () => {
  const stretch = {
    from: '2026-10-31T23:30:00Z',
    to: '2027-02-10T00:00:00Z',
    interval: 'month',
    timeZone: 'Europe/Berlin',
  } as const;
  // Half past eleven in UTC is November already in Berlin.
  expect(keys(stretch)).toEqual(['2026-11-01', '2026-12-01', '2027-01-01', '2027-02-01']);
  expect(intervalKey('2026-11-30T23:00:00Z', stretch)).toBe('2026-12-01');
});

test('the day on which clocks change is one day, and both its repeated hours are there', () => {
  const day = { from: '2026-10-24T22:00:00Z', to: '2026-10-26T23:00:00Z', timeZone: 'Europe/Berlin' } as const;
  expect(keys({ ...day, interval: 'day' })).toEqual(['2026-10-25', '2026-10-26']);
  const hours = intervalsOf({ ...day, to: '2026-10-25T23:00:00Z', interval: 'hour' });
  expect(hours).toHaveLength(25);
  expect(new Set(hours.map(({ key }) => key)).size).toBe(25);
  expect(intervalKey('2026-10-25T00:59:59Z', { interval: 'hour', timeZone: 'Europe/Berlin' })).toBe(hours[2]?.key);
});

test('weeks begin on Mondays, hours where the zone’s do, and the end is not in', () => {
  expect(keys({ from: '2026-11-25T12:00:00Z', to: '2026-12-07T00:00:00Z', interval: 'week', timeZone: 'UTC' })).toEqual([
    '2026-11-23',
    '2026-11-30',
  ]);
  const india = { from: '2026-11-25T10:40:00Z', to: '2026-11-25T11:30:00Z', interval: 'hour', timeZone: 'Asia/Kolkata' } as const;
  expect(keys(india)).toEqual([String(Date.parse('2026-11-25T10:30:00Z'))]);
});

test('days of two years are written apart, and an endless stretch is bounded', () => {
  const labels = intervalsOf({ from: '2025-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z', interval: 'day', timeZone: 'UTC' });
  expect(new Set(labels.map(({ label }) => label)).size).toBe(labels.length);
  expect(keys({ from: '1990-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z', interval: 'hour', timeZone: 'UTC' })).toHaveLength(
    2_000,
  );
});
