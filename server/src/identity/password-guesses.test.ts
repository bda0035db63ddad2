import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { whyGuessable } from './password-guesses.ts';

const ABOUT = ['Ada Lovelace', 'ada.lovelace@example.com'];

describe('a password', () => {
  test.each([
    'seven green umbrellas',
    'tram-lurch-42-ovoid',
    'Xk3!vq9#Lm',
    'correct-horse-battery-staple-but-longer',
    'пароль-из-семи-слов',
    'my admin likes tulips',
    'a constructor of harbour maps',
    'lovelace paints seven umbrellas',
  ])('%s is hard to guess', (password) => {
    expect(whyGuessable(password, ABOUT)).toBeNull();
  });

  test.each([
    ['Password123', 'common password'],
    ['correcthorsebatterystaple', 'common password'],
    ['P@ssw0rd!!', 'common password'],
    ['iloveyou2024', 'common password'],
    ['headgate2026', '“headgate”'],
    ['H3adg@te!!', '“headgate”'],
    ['ada.lovelace@example.com', 'your name'],
    ['AdaLovelace1', 'your name'],
    ['l0velace-12', 'your name'],
    ['ecalevoL1815', 'your name'],
    ['aaaaaaaaaaaa', 'repeats'],
    ['abcabcabcabcabc', 'repeats'],
    ['qwertyuiop[]', 'keyboard'],
    ['abcdefghijkl', 'sequence'],
    ['13.12.1998', 'date'],
    ['umbrellas12', 'common'],
    ['constructor', 'common'],
    ['Katherine1998', 'common'],
  ])('%s is easy to guess: %s', (password, why) => {
    expect(whyGuessable(password, ABOUT)).toContain(why);
  });

  test('of random letters and digits is always hard to guess, and up to four characters repeated never are', () => {
    const unit = fc.constantFrom(...'bcdfghjkmpqtvwxz2689');
    const letters = fc.string({ unit, minLength: 16, maxLength: 24 });
    const pieces = fc.string({ unit, minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(letters, (password) => {
        fc.pre(new Set(password).size >= 8 && !/^(.+)\1/.test(password));
        expect(whyGuessable(password, ABOUT)).toBeNull();
      }),
      { numRuns: 10 },
    );
    fc.assert(
      fc.property(pieces, (piece) => {
        expect(whyGuessable(piece.repeat(10), ABOUT)).not.toBeNull();
      }),
      { numRuns: 10 },
    );
  });
});

describe('a long password', () => {
  // Each takes its own part of the judge as long as it can: signs for letters, repeats, keys, digits like dates.
  const HOSTILE = ['4@8({[<369&#!1|0$5+7%2', 'ab', 'qwertyuiop', '20261224', 'constructor', 'ﬁ'];

  test.each(HOSTILE)('of 10,000 characters of %s takes as long as its first 64', (piece) => {
    const long = piece.repeat(10_000).slice(0, 10_000);
    const cpuUsOf = (password: string) => {
      const before = process.threadCpuUsage();
      whyGuessable(password, ABOUT);
      return process.threadCpuUsage(before).user;
    };
    const least = (password: string) => Math.min(...Array.from({ length: 3 }, () => cpuUsOf(password)));
    expect(least(long)).toBeLessThan(5 * least(long.slice(0, 64)) + 5_000);
  });

  test('is judged by its first 64 characters', () => {
    expect(whyGuessable(`${'a'.repeat(64)} seven green umbrellas`, ABOUT)).toContain('repeats');
  });
});
