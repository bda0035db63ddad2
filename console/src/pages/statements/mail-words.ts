import type { MailDraft } from '../../api/scheduled-mails.ts';
import { hourText, weekdayNames } from '../../numbers/times.ts';
import { words } from './words.ts';

/** The words for the time of a scheduled mail. */

/** Returns the name of a day of the week, 1 (Monday) to 7. */
export function weekdayText(day: number): string {
  return weekdayNames()[day - 1] ?? '';
}

/** Returns when a mail is sent: `Every Monday at 08:00`. */
export function whenText({ every, day, hour }: Pick<MailDraft, 'every' | 'day' | 'hour'>): string {
  return every === 'week' ? words.weekly(weekdayText(day), hourText(hour)) : words.monthly(day, hourText(hour));
}
