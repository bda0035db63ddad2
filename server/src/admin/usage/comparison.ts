import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { spanBefore } from '../../domain/usage/compared-spans.ts';
import type { Database } from '../../store/database.ts';
import {
  intervalStarts,
  LINES_MAX,
  reportUsage,
  type UsageLine,
  type UsageQuestion,
  type UsageReport,
  type UsageTotals,
} from '../../store/usage/usage-report.ts';
import { USAGE_SUMS } from '../../store/usage/usage-rows.ts';
import { instantOut } from '../http/fields.ts';

/** The comparison of a report with the period before, by the same groups and filters. */

const figures = { admitted_requests: z.int(), total_tokens: z.int(), spend: z.string() };
const previousOut = z
  .object({
    ...figures,
    spend_difference: z.string().meta({ description: 'The spend now minus the spend before, in USD. It may be negative.' }),
    spend_change_percent: z.string().nullable().meta({
      description: '`spend_difference` in percent of the spend before, with one decimal. Null if nothing was spent before.',
    }),
  })
  .meta({ id: 'PreviousUsage' });

export const comparedOut = {
  line: previousOut.nullable().optional().meta({
    description:
      'With `compare`, and without an interval: the same group in the period before. Null: it did not exist there, so it is new. Absent if it is not known, because the period before has more lines than are read.',
  }),
  report: z
    .object({
      from: instantOut,
      to: instantOut,
      total: previousOut,
      intervals: z
        .array(
          z.object({
            start: instantOut,
            compared_start: instantOut.meta({ description: 'The start of the interval at the same place in the range.' }),
            ...figures,
          }),
        )
        .nullable()
        .meta({ description: 'With an interval: the sums of each interval of the period before that has use. Otherwise null.' }),
      truncated: z.boolean().meta({ description: 'True if the period before has more lines than are read.' }),
    })
    .meta({ id: 'PreviousPeriod' }),
};

export interface Comparison {
  /** The lines of the report. Groups that only the period before has follow, with sums of 0. */
  readonly lines: readonly UsageLine[];
  readonly isCut: boolean;
  readonly report: z.output<typeof comparedOut.report>;
  /** Returns the period before of a line, as the API returns it. */
  previousOf(line: UsageLine): z.output<typeof comparedOut.line>;
}

/** Compares a report with the period before. Reads only sums, no units. */
export async function comparisonOf(db: Database, question: UsageQuestion, now: UsageReport): Promise<Comparison> {
  const { startMs, endMs } = spanBefore({ startMs: question.fromMs, endMs: question.toMs }, question.timeZone);
  const asked = { ...question, fromMs: startMs, toMs: endMs, isUntilNow: false, withUnits: false, linesMax: LINES_MAX };
  const earlier = await reportUsage(db, question.interval === null ? asked : { ...asked, groupBy: [] });
  const before = new Map(earlier.lines.map((line) => [nameOf(line), line]));
  const report = {
    from: new Date(startMs).toISOString(),
    to: new Date(endMs).toISOString(),
    total: rendered(now.total, earlier.total),
    intervals: question.interval === null ? null : intervalsOf(question, asked, earlier),
    truncated: earlier.isCut,
  };
  if (question.interval !== null) return { lines: now.lines, isCut: now.isCut, report, previousOf: () => undefined };
  return {
    ...withGone(question, now, earlier),
    report,
    previousOf: (line) => {
      const found = before.get(nameOf(line));
      if (found === undefined) return earlier.isCut ? undefined : null;
      return rendered(line.sums, found.sums);
    },
  };
}

const NOTHING = Object.fromEntries(USAGE_SUMS.map((name) => [name, 0n])) as UsageTotals;

/** Adds the groups that only the period before has, up to the most lines of the report. */
function withGone({ linesMax = LINES_MAX }: UsageQuestion, now: UsageReport, earlier: UsageReport) {
  if (now.isCut) return { lines: now.lines, isCut: true };
  const known = new Set(now.lines.map(nameOf));
  const gone = earlier.lines.filter((line) => !known.has(nameOf(line))).map((line) => ({ ...line, sums: NOTHING, units: [] }));
  const lines = [...now.lines, ...gone];
  return { lines: lines.slice(0, linesMax), isCut: lines.length > linesMax };
}

function intervalsOf(question: UsageQuestion, asked: UsageQuestion, { lines }: UsageReport) {
  const [starts, before] = [intervalStarts(question) ?? [], intervalStarts(asked) ?? []];
  return lines.flatMap(({ startMs, sums }) => {
    const comparedMs = starts[before.indexOf(startMs ?? Number.NaN)];
    // The month before may have a day more than this one.
    if (startMs === null || comparedMs === undefined) return [];
    const compared = { start: new Date(startMs).toISOString(), compared_start: new Date(comparedMs).toISOString() };
    return [{ ...compared, ...figuresOf(sums) }];
  });
}

function nameOf({ groups }: UsageLine): string {
  return JSON.stringify(groups);
}

function rendered(now: UsageTotals, before: UsageTotals): z.output<typeof previousOut> {
  const difference = now.spend_nano_usd - before.spend_nano_usd;
  return {
    ...figuresOf(before),
    spend_difference: formatUsd(difference),
    spend_change_percent: percentText(difference, before.spend_nano_usd),
  };
}

function figuresOf(sums: UsageTotals) {
  return {
    admitted_requests: Number(sums.admitted),
    total_tokens: Number(sums.total_tokens),
    spend: formatUsd(sums.spend_nano_usd),
  };
}

/** Returns a part of a whole in percent with one decimal, rounded to the nearest, exactly at any size. Null for a whole of 0. */
function percentText(part: bigint, whole: bigint): string | null {
  if (whole === 0n) return null;
  const isNegative = part < 0n !== whole < 0n;
  const [size, of] = [part < 0n ? -part : part, whole < 0n ? -whole : whole];
  const tenths = (size * 2_000n + of) / (of * 2n);
  return `${isNegative && tenths > 0n ? '-' : ''}${tenths / 10n}.${tenths % 10n}`;
}
