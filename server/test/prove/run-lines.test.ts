import { describe, expect, test } from 'vitest';
import { countsOf, endOf, linesOf } from './run-lines.ts';

describe('the line of a prove', () => {
  test('stands on one line of its own, whatever its figure holds', () => {
    const figure = '\n3 calls\r\n\u001b[31mwrong\u001b[0m\u0007 1\n';
    const [line, ...below] = linesOf('limits.table', { holds: true, figure, log: ['a\nb'] }, 'held', 2.4).split('\n');
    expect(line).toBe('limits.table holds 3 calls | wrong  1 (2 s)');
    expect(below).toEqual(['    a', '    b']);
  });

  test('says its first reason if it was missed, and only once', () => {
    const missed = { holds: false, figure: '9 of 10', details: ['the tenth\nwas late', 'the ninth'] };
    const [line, ...below] = linesOf('limits.table', missed, 'missed', 1).split('\n');
    expect(line).toBe('limits.table missed 9 of 10; missed because: the tenth | was late (and 1 more below) (1 s)');
    expect(below).toEqual(['    the tenth', '    was late', '    the ninth']);
    const thrown = { holds: false, figure: 'limits: Error: no', details: ['    at run (limits.ts:1:1)'] };
    expect(linesOf('limits.table', thrown, 'missed', 1).split('\n')[0]).toBe('limits.table missed limits: Error: no (1 s)');
    const long = linesOf('limits.table', { ...missed, details: ['x'.repeat(1_000)] }, 'again', 1).split('\n')[0] ?? '';
    expect(long).toMatch(/^unsteady: limits\.table beside others, .*x…/);
    expect(long.length).toBeLessThan(450);
  });

  test('of what a machine lacks is a miss in a full run, and none in a quick one', () => {
    const skipped = { holds: false, figure: '', skipped: 'no Redis' };
    expect(endOf(skipped, { quick: true, mayTryAgain: true })).toBe('skipped');
    expect(endOf(skipped, { quick: false, mayTryAgain: false })).toBe('missed');
    expect(endOf({ holds: false, figure: '' }, { quick: true, mayTryAgain: true })).toBe('again');
    expect(linesOf('limits.table', skipped, 'missed', 0)).toBe('limits.table missed skipped: no Redis (0 s)');
  });

  test('is counted at the end, and what has no end is counted too', () => {
    expect(countsOf(['held', 'held', 'missed', 'skipped'], 4)).toBe('proves: 2 held, 1 missed, 1 skipped of 4');
    expect(countsOf(['held', 'again'], 3)).toBe('proves: 1 held, 0 missed, 0 skipped, 2 without an end of 3');
  });
});
