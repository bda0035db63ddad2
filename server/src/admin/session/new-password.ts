import { z } from 'zod';
import { PASSWORD_LENGTH_MAX, passwordProblem } from '../../identity/password-strength.ts';
import { invalid } from '../http/problem.ts';

/** A password somebody chooses. How strong it is depends on whose it is: see checkPassword. */
export const newPassword = z
  .string()
  .min(1)
  .max(PASSWORD_LENGTH_MAX)
  .meta({ description: 'At least 10 characters, not a common word, not a row of keys, not the name or address.' });

/** Throws 400 at the field when the password is too weak for this person. */
export function checkPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
  pointer = '/password',
): void {
  const problem = passwordProblem(password, [person.email, person.name]);
  if (problem !== null) throw invalid(pointer, `a good password ${problem}`);
}
