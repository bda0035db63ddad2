import { z } from 'zod';
import { PASSWORD_LENGTH_MAX, passwordProblem } from '../../identity/password-strength.ts';
import { invalid } from '../http/problem.ts';

/** A password that somebody chooses. Its strength depends on the person: see checkPassword. */
export const newPassword = z.string().min(1).max(PASSWORD_LENGTH_MAX).meta({
  description: 'At least 10 characters. Not a common password, a run of keyboard keys, the name or the e-mail address.',
});

/** Throws 400 at the field if the password is too weak for this person. */
export function checkPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
  pointer = '/password',
): void {
  const problem = passwordProblem(password, [person.email, person.name]);
  if (problem !== null) throw invalid(pointer, problem);
}
