import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canaryDraw, canaryFrom, canaryPlaced, isInCanary, PERMILLE_MAX } from './canary.ts';

const permille = fc.integer({ min: 0, max: PERMILLE_MAX });
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a share is exact: of numbers spread evenly, exactly so many thousandths are in', () => {
  fc.assert(
    fc.property(permille, fc.integer({ min: 1, max: 20 }), (share, times) => {
      const numbers = Array.from({ length: PERMILLE_MAX * times }, (_, at) => at / (PERMILLE_MAX * times));
      // An even grid of thousandths can be off by one where a number is at the border.
      const count = numbers.filter((drawn) => isInCanary({ permille: share }, drawn)).length;
      expect(Math.abs(count - share * times)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 50 },
  );
});

test('none is in a share of 0, and all are in the whole', () => {
  fc.assert(
    fc.property(unit, (drawn) => {
      expect(isInCanary({ permille: 0 }, drawn)).toBe(false);
      expect(isInCanary({ permille: PERMILLE_MAX }, drawn)).toBe(true);
    }),
  );
});

test('a session that is in a share is in every larger one, and always draws the same', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), permille, permille, (organization, session, one, other) => {
      const drawn = canaryDraw(organization, session, 'fast');
      expect(canaryDraw(organization, session, 'fast')).toBe(drawn);
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      if (isInCanary({ permille: less }, drawn)) expect(isInCanary({ permille: more }, drawn)).toBe(true);
    }),
  );
});

test('of 20,000 sessions the share is in, within four standard deviations; other names and tenants choose other sessions', () => {
  const count = 20_000;
  const inOf = (organization: string, name: string, share: number) =>
    new Set(
      Array.from({ length: count }, (_, at) => at).filter((at) =>
        isInCanary({ permille: share }, canaryDraw(organization, `s${at}`, name)),
      ),
    );
  for (const share of [1, 25, 100, 500, 999]) {
    const p = share / PERMILLE_MAX;
    expect(Math.abs(inOf('org_1', 'fast', share).size - count * p)).toBeLessThanOrEqual(4 * Math.sqrt(count * p * (1 - p)));
  }
  const half = inOf('org_1', 'fast', 500);
  for (const other of [inOf('org_2', 'fast', 500), inOf('org_1', 'slow', 500)]) {
    const both = half.intersection(other).size;
    expect(Math.abs(both - count / 4)).toBeLessThan(400);
  }
});

test('the canary goes first for its share and last for the rest, and nobody is lost', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 20 })), fc.nat({ max: 20 }), fc.boolean(), (order, canary, isIn) => {
      const placed = canaryPlaced(order, (one) => one === canary, isIn);
      expect([...placed].sort()).toEqual([...order].sort());
      expect(placed.filter((one) => one !== canary)).toEqual(order.filter((one) => one !== canary));
      if (order.includes(canary)) expect(placed.at(isIn ? 0 : -1)).toBe(canary);
    }),
  );
});

test('a stored canary is read back, and any other value is none', () => {
  fc.assert(
    fc.property(permille, fc.string(), (share, name) => {
      for (const canary of [
        { permille: share, target: name },
        { permille: share, deploymentId: name },
      ])
        expect(canaryFrom(JSON.parse(JSON.stringify(canary)))).toEqual(canary);
    }),
  );
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const read = canaryFrom(value);
      if (read !== null) expect(isInCanary(read, 0)).toBe(read.permille > 0);
    }),
  );
  for (const bad of [
    null,
    {},
    { permille: 1 },
    { permille: 1001, target: 'a' },
    { permille: 1, target: 'a', deploymentId: 'b' },
    { permille: 0.5, target: 'a' },
  ])
    expect(canaryFrom(bad)).toBe(null);
});
