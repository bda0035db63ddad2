/** The intervals of a report. */
export const INTERVALS = ['hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof INTERVALS)[number];

/** The query of a report, without its grouping. */
export type Question = Readonly<Record<string, string>>;
