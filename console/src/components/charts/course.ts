import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

/** Usage lines as points over time. */

export type UsageLine = Schema<'Usage'>['data'][number];

export type CourseMetric = 'spend' | 'requests' | 'total_tokens';

/** A way to group usage lines: its label for the reader, and the field of a line that holds the value. */
export interface Grouping {
  readonly label: string;
  readonly field: string;
}

/** The exact values of one interval by the names of their series. */
export interface CoursePoint {
  /** The instant at which the interval begins. */
  readonly time: string;
  readonly values: Readonly<Record<string, string>>;
}

interface Cut {
  /** The values of the group that have a series of their own: `s0`, `s1`, …. All others share one series. */
  readonly top: readonly string[];
  readonly group: Grouping;
  readonly metric: CourseMetric;
  /** Adds two values of the metric without losing a digit. */
  readonly plus: (a: string, b: string) => string;
}

/** Returns one point for each interval with any use, the oldest first. */
export function coursePoints(lines: readonly UsageLine[], { top, group, metric, plus }: Cut): readonly CoursePoint[] {
  const series = new Map(top.map((id, at) => [id, `s${at}`]));
  const points = new Map<string, Record<string, string>>();
  for (const line of lines) {
    const time = line.start ?? '';
    const name = series.get(idOf(line, group)) ?? `s${top.length}`;
    const values = points.get(time) ?? {};
    values[name] = plus(values[name] ?? '0', String(metric === 'requests' ? line.admitted_requests : line[metric]));
    points.set(time, values);
  }
  return [...points].sort(([one], [other]) => one.localeCompare(other)).map(([time, values]) => ({ time, values }));
}

/** Returns the group's value of a line, or '' if it has none. Requests without a value are one group too. */
export function idOf(line: UsageLine, { field }: Grouping): string {
  const value = (line as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : '';
}

/** Returns the value itself as its name, or words for no value. */
export function wordFor(id: string, { label }: Grouping): string {
  return id === '' ? words.none(label) : id;
}
