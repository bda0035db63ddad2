/** What a report can be cut into. */
export const INTERVALS = ['hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof INTERVALS)[number];

/** What is asked of the server, beside what it is grouped by. */
export type Question = Readonly<Record<string, string>>;
