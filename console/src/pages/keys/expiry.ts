const DAY_MS = 86_400_000;

/** The lifetimes of a new key: common spans, or a chosen day. */
const EXPIRIES = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'at', label: 'At a chosen time' },
] as const;

export interface ExpiryDraft {
  readonly after: string;
  /** A `datetime-local` text in the reader's zone. */
  readonly at: string;
}

export const NEVER: ExpiryDraft = { after: 'never', at: '' };

export function expiryDraft(expiresAt: string | null): ExpiryDraft {
  return expiresAt === null ? NEVER : { after: 'at', at: localText(new Date(expiresAt)) };
}

/** Returns the instant to send. Null for never, or if nothing is chosen yet. */
export function expiresAtOf({ after, at }: ExpiryDraft, nowMs: number = Date.now()): string | null {
  if (after === 'never') return null;
  if (after !== 'at') return new Date(nowMs + Number(after) * DAY_MS).toISOString();
  const chosen = new Date(at);
  return at === '' || Number.isNaN(chosen.getTime()) ? null : chosen.toISOString();
}

/** Returns the lifetimes that a team's self-service allows. */
export function expiriesWithin(daysMax: number | null): readonly { readonly value: string; readonly label: string }[] {
  if (daysMax === null) return EXPIRIES;
  const allowed = EXPIRIES.filter(({ value }) => value === 'at' || (value !== 'never' && Number(value) <= daysMax));
  const most = { value: String(daysMax), label: `In ${daysMax} days` };
  return allowed.some(({ value }) => value === most.value) ? allowed : [most, ...allowed];
}

function localText(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
