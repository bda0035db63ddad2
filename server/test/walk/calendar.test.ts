import { afterEach, expect, test, vi } from 'vitest';
import { budget, wallClock } from '../support/policies.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const DAY_MS = 86_400_000;

const { open } = withHouse();
afterEach(() => vi.restoreAllMocks());

// promise: Boundaries are computed off the hot path (`Temporal`, native in the pinned Node).
test('the calendar is asked when a period ends, and by no request in between', async () => {
  const clock = wallClock(Date.parse('2026-07-23T00:30:00Z'));
  const asked = vi.spyOn(Temporal.PlainDate.prototype, 'toZonedDateTime');
  const { ask } = await open({
    clock,
    organization: {
      timeZone: 'Asia/Kathmandu',
      rateLimits: { rpd: 1_000, tpd: 1_000_000 },
      budgets: [budget(1e12), budget(1e12, { id: 'bud_2', period: { is: 'week', anchorDay: 3 } })],
    },
    key: { rateLimits: { rpd: 1_000 } },
  });
  const askedBy = async (requests: number) => {
    asked.mockClear();
    for (let i = 0; i < requests; i += 1) expect((await ask(HELLO)).status).toBe(200);
    return asked.mock.calls.length;
  };
  expect(await askedBy(1)).toBeGreaterThan(0);
  expect(await askedBy(20)).toBe(0);
  clock.turn(DAY_MS);
  expect(await askedBy(1)).toBeGreaterThan(0);
  expect(await askedBy(20)).toBe(0);
});
