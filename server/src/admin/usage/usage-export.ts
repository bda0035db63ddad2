import { z } from 'zod';
import { ownAmong } from '../../store/catalogue/owners.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import {
  ADDS_UP_TO_MORE,
  streamUsage,
  TooManyIntervals,
  TooManyLines,
  type UsageGroup,
  type UsageLine,
  type UsageQuestion,
  type UsageTotals,
} from '../../store/usage/usage-report.ts';
import { USAGE_SUMS } from '../../store/usage/usage-rows.ts';
import { csvLine } from '../exports/csv.ts';
import { csvFile, type TextAnswer, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { focusHead, focusWriter, type Names } from './focus.ts';
import { namesIn } from './names-in.ts';
import { unitCells, unitHead } from './unit-columns.ts';
import { FIELDS, query, questionOf, renderSums } from './usage.ts';
import { askedOrganization } from './usage-scope.ts';

/** Exports usage and spend for spreadsheets and cost tools. The lines add up exactly to the total of GET /usage. */

/** The groups of a FOCUS export. Groups that the query names are added. */
const FOCUS_GROUPS: readonly UsageGroup[] = ['organization', 'team', 'model', 'deployment', 'provider'];

const exportQuery = z.strictObject({ ...query.shape, format: z.enum(['csv', 'focus']).default('csv') });
type ExportCall = AdminCall<unknown, z.output<typeof exportQuery>>;

export const exportFile = route({
  summary: 'Export usage and spend as CSV',
  description:
    '`csv` has the columns of GET /usage, with names beside ids and a column for each unit. `focus` has those of FOCUS 1.2, by day by default. Returns 400 above 100,000 lines, never a part. Only `csv` can group by tag, because lines by tag add up to more than the total. A cell that begins like a formula gets a leading apostrophe.',
  permission: 'usage.read',
  query: exportQuery,
  response: textOut,
  form: 'text',
  load: askedOrganization,
  handle: (call, organization) => fileOf(call, organization),
});

async function fileOf(call: ExportCall, organization: OrganizationRow | null): Promise<TextAnswer> {
  const question = questionFor(call, organization);
  if (call.query.format === 'focus' && question.groupBy.some((group) => ADDS_UP_TO_MORE.has(group))) {
    throw invalid(
      '?group_by',
      'must not be a tag with `format=focus`: a request or a deployment may have several tags, so charges by tag would not add up',
    );
  }
  const day = new Date(question.fromMs).toISOString().slice(0, 10);
  return call.query.format === 'focus'
    ? csvFile(`headgate-focus-${day}.csv`, pagesOf(call, question, focusHead, focusWriter))
    : csvFile(`headgate-usage-${day}.csv`, pagesOf(call, question, plainHead, plainWriter));
}

function questionFor(call: ExportCall, organization: OrganizationRow | null): UsageQuestion {
  const asked = questionOf(call, organization);
  if (call.query.format === 'csv') return asked;
  const groupBy = asked.groupBy.length === 0 ? FOCUS_GROUPS : [...new Set([...FOCUS_GROUPS, ...asked.groupBy])];
  return { ...asked, groupBy, interval: asked.interval ?? 'day' };
}

type Head = (question: UsageQuestion) => string;
type Writer = (question: UsageQuestion) => (line: UsageLine, names: Names, own: ReadonlySet<string>) => string;

/**
 * Yields the head and the lines as they are read. Throws 400 for a query with too many intervals or lines before the first line.
 */
async function* pagesOf(call: ExportCall, question: UsageQuestion, head: Head, writer: Writer): AsyncGenerator<string> {
  let text = head(question);
  try {
    const write = writer(question);
    for await (const lines of streamUsage(call.deps.openSession, call.requestId, question)) {
      const names = await namesIn(call, idsOf(lines));
      const own = await ownAmong(
        call.deps.db,
        lines.map(({ groups }) => groups.deployment ?? null),
      );
      yield text + lines.map((line) => write(line, names, own)).join('');
      text = '';
    }
  } catch (error) {
    if (error instanceof TooManyIntervals) throw invalid('?interval', error.message);
    throw error instanceof TooManyLines ? invalid('?group_by', error.message) : error;
  }
}

const NAMED: readonly UsageGroup[] = ['organization', 'team', 'key', 'member', 'service_account'];

function idsOf(lines: readonly UsageLine[]): readonly string[] {
  return lines.flatMap(({ groups }) => NAMED.flatMap((group) => groups[group] ?? []));
}

const isNamed = (group: UsageGroup) => NAMED.includes(group);
const NOTHING_USED = Object.fromEntries(USAGE_SUMS.map((name) => [name, 0n])) as UsageTotals;

function plainHead({ groupBy, interval }: UsageQuestion): string {
  const columns = groupBy.flatMap((group) => (isNamed(group) ? [FIELDS[group], `${group}_name`] : [FIELDS[group]]));
  return csvLine([...(interval === null ? [] : ['start']), ...columns, ...Object.keys(renderSums(NOTHING_USED)), ...unitHead]);
}

function plainWriter({ groupBy }: UsageQuestion): (line: UsageLine, names: Names) => string {
  return ({ startMs, groups, sums, units }, names) => {
    const { spend, ...counts } = renderSums(sums);
    const cells = groupBy.flatMap((group) => {
      const value = groups[group] ?? null;
      return isNamed(group) ? [value, names.get(value ?? '') ?? null] : [value];
    });
    const start = startMs === null ? [] : [new Date(startMs).toISOString()];
    return csvLine([...start, ...cells, ...Object.values(counts), { decimal: spend }, ...unitCells(units)]);
  };
}
