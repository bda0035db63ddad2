/** How long an admin token lasts, as people choose it. */

const DAY_MS = 86_400_000;
const DAYS = { '30': '30 days', '90': '90 days', '365': 'A year', never: 'Until it is revoked' } as const;

export type Lasts = keyof typeof DAYS;

export const LASTS = Object.entries(DAYS).map(([value, label]) => ({ value, label }));

/** Counted from now; null: it never expires. */
export function expiresAtOf(lasts: Lasts): string | null {
  return lasts === 'never' ? null : new Date(Date.now() + Number(lasts) * DAY_MS).toISOString();
}
