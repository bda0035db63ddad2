import { words } from './words.ts';

const DAY_MS = 86_400_000;

/** The lifetimes of a new key: common spans, or a chosen day. */
const EXPIRIES = [
  { value: 'never', label: words.never },
  { value: '7', label: words.in7Days },
  { value: '30', label: words.in30Days },
  { value: '90', label: words.in90Days },
  { value: '365', label: words.inAYear },
  { value: 'at', label: words.atAChosenTime },
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
  const most = { value: String(daysMax), label: words.inDays(daysMax) };
  return allowed.some(({ value }) => value === most.value) ? allowed : [most, ...allowed];
}

function localText(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
