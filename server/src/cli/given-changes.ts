import type { Flag, Given } from './command.ts';
import { BadUsage } from './outcome.ts';

/** The values of flags that change something: a flag that was not given keeps what is stored, and an empty value clears it. */

/** The line of a help that says so. */
export const CHANGE_NOTE = 'What you do not name stays. An empty value (--flag=) clears what can be empty.';

/** Returns the flag's value, null if it is empty, and undefined if it was not given. */
export function clearable(given: Given, name: string): string | null | undefined {
  const value = given.flag(name);
  return value === '' ? null : value;
}

/** Returns a whole number, null if the value is empty, and undefined if the flag was not given. Throws BadUsage for any other text. */
export function clearableWhole(given: Given, name: string): number | null | undefined {
  return given.flag(name) === '' ? null : given.whole(name);
}

/** Returns true for yes, false for no, and undefined if the flag was not given. Throws BadUsage for any other text. */
export function yesOrNo(given: Given, name: string): boolean | undefined {
  const value = given.flag(name);
  if (value === undefined) return undefined;
  if (value !== 'yes' && value !== 'no') throw new BadUsage(`--${name} must be yes or no.`);
  return value === 'yes';
}

/** Throws BadUsage unless one of these flags was given. `command` is named in its message. */
export function requireAny(given: Given, flags: readonly Flag[], command: string): void {
  if (flags.some(({ name }) => given.has(name))) return;
  throw new BadUsage(`Nothing to change. Name at least one of the flags: headgate ${command} --help`);
}
