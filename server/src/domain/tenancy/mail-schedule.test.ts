import { expect, test } from 'vitest';
import { nextDueMs } from './mail-schedule.ts';

const next = (every: 'week' | 'month', day: number, hour: number, zone: string, after: string) =>
  new Date(nextDueMs({ every, day, hour }, zone, Date.parse(after))).toISOString();

test.each([
  ['month', 1, 8, 'UTC', '2026-03-10T12:00:00Z', '2026-04-01T08:00:00.000Z'],
  ['month', 28, 8, 'UTC', '2026-02-28T07:59:59Z', '2026-02-28T08:00:00.000Z'],
  ['month', 28, 8, 'UTC', '2026-02-28T08:00:00Z', '2026-03-28T08:00:00.000Z'],
  // 10 March 2026 is a Tuesday.
  ['week', 2, 9, 'Asia/Kolkata', '2026-03-10T03:29:59Z', '2026-03-10T03:30:00.000Z'],
  ['week', 2, 9, 'Asia/Kolkata', '2026-03-10T03:30:00Z', '2026-03-17T03:30:00.000Z'],
  ['week', 1, 0, 'UTC', '2026-03-10T12:00:00Z', '2026-03-16T00:00:00.000Z'],
  // On 29 March, Paris skips the hour from 2 to 3.
  ['week', 7, 2, 'Europe/Paris', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z'],
] as const)('every %s on day %i at %i in %s, after %s', (every, day, hour, zone, after, due) => {
  expect(next(every, day, hour, zone, after)).toBe(due);
});
