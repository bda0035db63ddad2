import { describe, expect, test } from 'vitest';
import { passwordProblem } from './password-strength.ts';

const ABOUT = ['Ada Lovelace', 'ada.lovelace@example.com'];

describe('a new password', () => {
  test('is taken if it is hard to guess', async () => {
    expect(await passwordProblem('seven green umbrellas', ABOUT)).toBeNull();
  });

  test.each([
    ['short', 'is too short. Use at least 10 characters.'],
    ['🚂'.repeat(9), 'is too short. Use at least 10 characters.'],
    ['x'.repeat(10_000), 'is too long. Use at most 128 characters.'],
    [
      'Lovelace1815',
      'is easy to guess: it contains your name, your e-mail address or “headgate”. Use several words that do not belong together.',
    ],
  ])('is refused with what is wrong and what to do: %.12s', async (password, problem) => {
    expect(await passwordProblem(password, ABOUT)).toBe(problem);
  });

  test('is judged for each of many people who choose one at once', async () => {
    const passwords = ['seven green umbrellas', 'Password123', 'eleven purple bicycles', 'qwertyuiop'];
    const problems = await Promise.all(passwords.map((password) => passwordProblem(password, ABOUT)));
    expect(problems.map((problem) => problem === null)).toEqual([true, false, true, false]);
  });

  test('leaves the event loop to requests while it is judged', async () => {
    let turns = 0;
    let isJudged = false;
    const judged = passwordProblem('seven green umbrellas', ABOUT).then(() => (isJudged = true));
    for (; !isJudged; turns += 1) await new Promise(setImmediate);
    await judged;
    expect(turns).toBeGreaterThan(10);
  });
});
