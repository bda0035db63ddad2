import { describe, expect, test } from 'vitest';
import { missing, namesOf, notPassed, run } from './wall-patterns.ts';

const NAMED = namesOf({ doors: { 'a.test.ts': ['doors › the … door', 'alone'] } });
const passed = (...titles: string[]) => ({ file: 'a.test.ts', titles, passed: true });

describe('a test of a pattern', () => {
  test('is missed when it was renamed, when its file is gone, and when it is not named', async () => {
    expect(missing(NAMED, () => ['doors › the … door', 'alone'])).toEqual([]);
    expect(missing(NAMED, () => ['doors › the … gate', 'alone'])).toEqual([
      'doors: a.test.ts has no test of the name: doors › the … door',
    ]);
    expect(missing(NAMED, () => null)).toHaveLength(2);
    expect(await run({ quick: true })).toMatchObject({
      holds: true,
      figure: expect.stringMatching(/^22 patterns, .* 0 missing$/),
    });
  });

  test('is missed when it did not run and when one run of it failed', () => {
    const all = [passed('doors (embedded)', 'the red door'), passed('outer', 'doors', 'the blue door'), passed('alone')];
    expect(notPassed(NAMED, all)).toEqual([]);
    const tabled = namesOf({ doors: { 'a.test.ts': ['doors › $name'] } });
    expect(notPassed(tabled, [passed('doors', 'the red door')])).toEqual([]);
    expect(notPassed(tabled, [passed('gates', 'the red door')])).toHaveLength(1);
    expect(notPassed(NAMED, all.slice(0, 2))).toEqual(['doors: did not run: a.test.ts: alone']);
    expect(notPassed(NAMED, [...all, { ...passed('doors', 'the last door'), passed: false }])).toEqual([
      'doors: failed: a.test.ts: doors › the last door',
    ]);
    expect(notPassed(NAMED, [passed('gates', 'the red door'), passed('alone')])).toHaveLength(1);
    expect(notPassed(NAMED, [{ ...passed('doors', 'the red door'), file: 'b.test.ts' }, passed('alone')])).toHaveLength(1);
  });
});
