/** The times at which a scheduled mail is due. */

export interface MailSchedule {
  readonly every: 'week' | 'month';
  /** Of a week 1 (Monday) to 7, of a month 1 to 28. */
  readonly day: number;
  /** 0 to 23, in the organization's time zone. An hour that the clocks skip is the next one. */
  readonly hour: number;
}

/** The outcome of one mail. `refused`: the person may not see its content any more. `failed`: it may be tried again. */
export type MailOutcome =
  | { readonly is: 'sent' }
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'failed'; readonly reason: string };

/** Returns the first due time after an instant, in milliseconds. */
export function nextDueMs({ every, day, hour }: MailSchedule, timeZone: string, afterMs: number): number {
  const today = Temporal.Instant.fromEpochMilliseconds(afterMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const first = every === 'week' ? today.add({ days: (day - today.dayOfWeek + 7) % 7 }) : today.with({ day });
  const at = (date: Temporal.PlainDate) =>
    date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from({ hour }) }).epochMilliseconds;
  if (at(first) > afterMs) return at(first);
  return at(first.add(every === 'week' ? { weeks: 1 } : { months: 1 }));
}
