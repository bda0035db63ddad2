import { PASSWORD_LENGTH_MAX, passwordProblem } from '../../identity/password-strength.ts';
import { invalid } from '../http/problem.ts';
import { text } from '../http/schemas.ts';

/** A password that somebody chooses. Its strength depends on the person: see checkPassword. */
export const newPassword = text(PASSWORD_LENGTH_MAX, 1).meta({
  description:
    'At least 10 characters, and hard to guess: no common password, no word or name with a few characters added, no pattern of keys, no date, nothing of the person’s name or address.',
});

/** Throws 400 at the field if the password is too weak for this person. */
export async function checkPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
  pointer = '/password',
): Promise<void> {
  const problem = await passwordProblem(password, [person.email, person.name]);
  if (problem !== null) throw invalid(pointer, problem);
}
