import { describe, expect, test } from 'vitest';
import { monthOf, monthSpan, spanBefore } from './compared-spans.ts';

const span = (from: string, to: string) => ({ startMs: Date.parse(from), endMs: Date.parse(to) });
const shown = ({ startMs, endMs }: { startMs: number; endMs: number }) => [
  new Date(startMs).toISOString(),
  new Date(endMs).toISOString(),
];

describe('the span to compare with', () => {
  test.each([
    ['a whole month: the month before', 'UTC', '2026-03-01', '2026-04-01', '2026-02-01', '2026-03-01'],
    ['three whole months: three months before', 'UTC', '2026-04-01', '2026-07-01', '2026-01-01', '2026-04-01'],
    ['a month to date: the same days', 'UTC', '2026-11-01', '2026-11-28T09:30Z', '2026-10-01', '2026-10-28T09:30Z'],
    ['days that the month before lacks: all of it', 'UTC', '2026-03-01', '2026-03-30T12:00Z', '2026-02-01', '2026-03-01'],
    ['days: as many days before, at the same time', 'UTC', '2026-03-04', '2026-03-10T12:00Z', '2026-02-25', '2026-03-03T12:00Z'],
    ['whole days: the days before', 'UTC', '2026-03-08', '2026-03-10', '2026-03-06', '2026-03-08'],
    ['hours: the same length before', 'UTC', '2026-03-10T11:17Z', '2026-03-10T12:17Z', '2026-03-10T10:17Z', '2026-03-10T11:17Z'],
    // Clocks go forward on 29 March, so March begins at +01:00 and April at +02:00.
    [
      'a month with a change of clocks',
      'Europe/Paris',
      '2026-03-31T22:00Z',
      '2026-04-30T22:00Z',
      '2026-02-28T23:00Z',
      '2026-03-31T22:00Z',
    ],
    ['a day of 23 hours', 'Europe/Paris', '2026-03-29T22:00Z', '2026-03-30T10:00Z', '2026-03-28T23:00Z', '2026-03-29T10:00Z'],
  ])('%s', (_, zone, from, to, before, until) => {
    expect(shown(spanBefore(span(from, to), zone))).toEqual(shown(span(before, until)));
  });
});

test('a month begins and ends in its zone', () => {
  expect(shown(monthSpan('2026-03', 'Asia/Kolkata'))).toEqual(['2026-02-28T18:30:00.000Z', '2026-03-31T18:30:00.000Z']);
  expect(monthOf(Date.parse('2026-03-31T18:30:00Z'), 'Asia/Kolkata')).toBe('2026-04');
  expect(monthOf(Date.parse('2026-03-31T18:29:59Z'), 'Asia/Kolkata', 3)).toBe('2025-12');
});
