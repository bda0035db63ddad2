import { partsIn } from '../numbers/times.ts';
import type { BudgetDraft } from './budget-draft.ts';

/**
 * Returns the next reset of a form's calendar budget, as the server computes it: at local midnight in the organization's zone. An
 * anchor after a month's end means its last day. Null if the budget never resets by date: a total or a rolling window.
 */
export function nextReset(
  draft: Pick<BudgetDraft, 'period' | 'anchor_day' | 'anchor_month'>,
  timeZone: string,
  now: Date,
): Date | null {
  const today = localDate(now, timeZone);
  const next = nextDate(draft, today);
  return next === null ? null : midnightIn(timeZone, next);
}

/** A calendar date, as the UTC instant of its midnight. Arithmetic with it involves no time zone. */
type DateMs = number;

const DAY_MS = 86_400_000;

function nextDate({ period, anchor_day, anchor_month }: Parameters<typeof nextReset>[0], today: DateMs): DateMs | null {
  const date = new Date(today);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (period) {
    case 'day':
      return today + DAY_MS;
    case 'week': {
      const weekday = ((date.getUTCDay() + 6) % 7) + 1;
      const days = (anchor_day - weekday + 7) % 7;
      return today + (days === 0 ? 7 : days) * DAY_MS;
    }
    case 'month':
      return firstAfter(today, 2, (step) => anchored(year, month + step, anchor_day));
    case 'quarter':
      return firstAfter(today, 7, (step) => {
        const at = month - 2 + step;
        return (((at - (anchor_month - 1)) % 3) + 3) % 3 === 0 ? anchored(year, at, anchor_day) : null;
      });
    case 'year':
      return firstAfter(today, 2, (step) => anchored(year + step, anchor_month - 1, anchor_day));
    default:
      return null;
  }
}

function firstAfter(today: DateMs, steps: number, dateAt: (step: number) => DateMs | null): DateMs | null {
  for (let step = 0; step <= steps; step += 1) {
    const date = dateAt(step);
    if (date !== null && date > today) return date;
  }
  return null;
}

/** Returns the anchor's day in a month, or the month's last day if it is shorter. */
function anchored(year: number, month: number, day: number): DateMs {
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day, last));
}

function localDate(at: Date, timeZone: string): DateMs {
  const { year, month, day } = partsIn(timeZone, at);
  return Date.UTC(year, month - 1, day);
}

/** Returns the instant at which a date begins in a zone. Looks up the offset twice, because it may change near the guess. */
function midnightIn(timeZone: string, date: DateMs): Date {
  const guess = date - offsetMs(timeZone, new Date(date));
  return new Date(date - offsetMs(timeZone, new Date(guess)));
}

function offsetMs(timeZone: string, at: Date): number {
  const { year, month, day, hour, minute, second } = partsIn(timeZone, at);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at.getTime() / 1_000) * 1_000;
}
