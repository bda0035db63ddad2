import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterCheck, type DomainNews, type DomainStanding, GRACE_MS, recordValueOf, type TxtAnswer } from './domain-check.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-03-10T12:00:00Z');
const later = (days: number) => new Date(NOW.getTime() + days * DAY_MS);
const DOMAIN = { domain: 'acme.com', challenge: 'c0ffee' };
const PENDING: DomainStanding = { state: 'pending', verifiedAt: null, checkedAt: null, missingSince: null, problem: null };
const FOUND: TxtAnswer = { is: 'found', values: ['v=spf1 -all', recordValueOf('c0ffee')] };
const NONE: TxtAnswer = { is: 'none' };
const FAILED: TxtAnswer = { is: 'failed', reason: 'the DNS server failed (SERVFAIL)' };

/** Checks at these days, and returns the state and the news of each. */
function walk(standing: DomainStanding, checks: readonly (readonly [day: number, answer: TxtAnswer])[]) {
  let at = standing;
  return checks.map(([day, answer]) => {
    const { standing, news } = afterCheck({ ...DOMAIN, ...at }, answer, later(day));
    at = standing;
    return [standing.state, news] as const;
  });
}

test('a record verifies a domain, and a problem names both sides', () => {
  const other: TxtAnswer = { is: 'found', values: ['headgate-verify=bad\u202ec0de'] };
  const { standing, news } = afterCheck({ ...DOMAIN, ...PENDING }, other, NOW);
  expect([standing.state, news]).toEqual(['pending', null]);
  expect(standing.problem).toBe(
    'The TXT record at _headgate.acme.com says "headgate-verify=bad?c0de". Expected is headgate-verify=c0ffee.',
  );
  expect(afterCheck({ ...DOMAIN, ...PENDING }, NONE, NOW).standing.problem).toContain(
    'There is no TXT record at _headgate.acme.com',
  );
  const verified = afterCheck({ ...DOMAIN, ...PENDING }, FOUND, NOW);
  expect(verified).toEqual({
    news: 'verified',
    standing: { state: 'verified', verifiedAt: NOW, checkedAt: NOW, missingSince: null, problem: null },
  });
});

test('a missing record counts for 14 days, with news on the first day and before the end', () => {
  const days = Array.from({ length: 16 }, (_, day) => [day + 1, NONE] as const);
  const steps = walk({ ...PENDING, state: 'verified', checkedAt: NOW }, days);
  expect(steps.flatMap(([state, news], at) => (news === null ? [] : [[at + 1, state, news]]))).toEqual([
    [1, 'missing', 'missing'],
    [12, 'missing', 'ending'],
    [15, 'lost', 'lost'],
  ]);
});

test('a record that is back ends the grace, and a lost domain is verified again', () => {
  const steps = walk({ ...PENDING, state: 'verified', checkedAt: NOW }, [
    ...[1, 5].map((day) => [day, NONE] as const),
    [6, FOUND],
    [7, NONE],
    [18, NONE],
    [21, NONE],
    [22, FOUND],
  ]);
  expect(steps).toEqual([
    ['missing', 'missing'],
    ['missing', null],
    ['verified', 'found'],
    ['missing', 'missing'],
    ['missing', 'ending'],
    ['lost', 'lost'],
    ['verified', 'verified'],
  ]);
});

test('owners are told before the end, also if nothing ran for a month', () => {
  const steps = walk({ ...PENDING, state: 'verified', checkedAt: NOW }, [
    [1, NONE],
    [40, NONE],
    [41, NONE],
  ]);
  expect(steps).toEqual([
    ['missing', 'missing'],
    ['missing', 'ending'],
    ['lost', 'lost'],
  ]);
});

const answers = fc.constantFrom(FOUND, NONE, FAILED);
const checks = fc.array(fc.tuple(fc.double({ min: 0.001, max: 9, noNaN: true }), answers), { maxLength: 40 });

test('whatever the DNS says, a failure changes no state, and a domain is lost only 14 days after it was missed and told of', () => {
  fc.assert(
    fc.property(checks, (steps) => {
      let at = { ...PENDING };
      let [day, missedAt] = [0, Number.NaN];
      const told: DomainNews[] = [];
      for (const [days, answer] of steps) {
        day += days;
        const { standing, news } = afterCheck({ ...DOMAIN, ...at }, answer, later(day));
        if (answer.is === 'failed') expect(standing.state).toBe(at.state);
        if (answer === FOUND) expect(standing.state).toBe('verified');
        if (news === 'missing') [missedAt, told.length] = [day, 0];
        if (news !== null) told.push(news);
        if (standing.state === 'lost' && at.state !== 'lost') {
          expect(answer).toBe(NONE);
          expect((day - missedAt) * DAY_MS).toBeGreaterThanOrEqual(GRACE_MS - 1);
          expect(told).toEqual(['missing', 'ending', 'lost']);
        }
        // Nothing counts that was never proved.
        if (standing.state !== 'pending') expect(standing.verifiedAt).not.toBeNull();
        at = { ...standing };
      }
    }),
  );
});
