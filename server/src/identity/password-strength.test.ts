import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passwordProblem } from './password-strength.ts';

const ABOUT = ['ada.lovelace@example.com', 'Ada Lovelace'];

describe('a password', () => {
  test.each([
    'seven green umbrellas',
    'tram-lurch-42-ovoid',
    'Xk3!vq9#Lm',
    'correct-horse-battery-staple-but-longer',
    'пароль-из-семи-слов',
    'my admin likes tulips',
  ])('%s is taken', (password) => {
    expect(passwordProblem(password, ABOUT)).toBeNull();
  });

  test.each([
    ['short', 'at least 10'],
    ['x'.repeat(129), 'at most 128'],
    ['aaaaaaaaaaaa', 'different characters'],
    ['abcabcabcabcabc', 'different characters'],
    ['abcdeabcdeabcde', 'repeated'],
    ['abcdefghijkl', 'run of'],
    ['0987654321', 'run of'],
    ['qwertyuiop', 'run of'],
    ['Password123', 'common'],
    ['P@ssw0rd!!', 'common'],
    ['headgate2026', 'common'],
    ['ada.lovelace@example.com', 'name or e-mail'],
    ['AdaLovelace1', 'name or e-mail'],
    ['l0velace-12', 'name or e-mail'],
  ])('%s is refused: %s', (password, why) => {
    expect(passwordProblem(password, ABOUT)).toContain(why);
  });

  test('of random letters and digits is always taken, and one piece repeated never is', () => {
    const letters = fc
      .array(fc.constantFrom(...'bcdfghjkmpqtvwxz2689'), { minLength: 16, maxLength: 40 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(letters, (password) => {
        fc.pre(new Set(password).size >= 8 && !/^(.+)\1/.test(password));
        expect(passwordProblem(password, ABOUT)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 8 }), (piece) => {
        expect(passwordProblem(piece.repeat(16).slice(0, 60).padEnd(10, piece), ABOUT)).not.toBeNull();
      }),
    );
  });
});
