import type { MailDraft } from '../../api/scheduled-mails.ts';

/** The words for the time of a scheduled mail. */

const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', timeZone: 'UTC' });
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });

/** Returns the name of a day of the week, 1 (Monday) to 7. */
export function weekdayText(day: number): string {
  // 5 January 1970 was a Monday.
  return weekday.format(Date.UTC(1970, 0, 4 + day));
}

export function hourText(hour: number): string {
  return clock.format(Date.UTC(1970, 0, 1, hour));
}

/** Returns when a mail is sent: `Every Monday at 08:00`. */
export function whenText({ every, day, hour }: Pick<MailDraft, 'every' | 'day' | 'hour'>): string {
  return every === 'week'
    ? `Every ${weekdayText(day)} at ${hourText(hour)}`
    : `On day ${day} of every month at ${hourText(hour)}`;
}
