import { words } from './words.ts';

/** The lifetimes of an admin token to choose from. */

const DAY_MS = 86_400_000;
const DAYS = words.tokenDays;

export type Lasts = keyof typeof DAYS;

export const LASTS = Object.entries(DAYS).map(([value, label]) => ({ value, label }));

/** Returns the expiry, counted from now. Null if the token never expires. */
export function expiresAtOf(lasts: Lasts): string | null {
  return lasts === 'never' ? null : new Date(Date.now() + Number(lasts) * DAY_MS).toISOString();
}
