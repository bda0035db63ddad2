import { z } from 'zod';
import { can, reachOf } from '../../domain/permission.ts';
import { namesOf } from '../../store/names-of-ids.ts';
import type { OrganizationRow } from '../../store/organizations.ts';
import {
  reportUsage,
  TooManyIntervals,
  type UsageGroup,
  type UsageQuestion,
  type UsageReport,
} from '../../store/usage-report.ts';
import { csvFile, type TextAnswer, textOut } from '../answer.ts';
import type { AdminCall } from '../call.ts';
import { csvLine } from '../csv.ts';
import { focusLines } from '../focus.ts';
import { invalid } from '../problem.ts';
import { route } from '../route.ts';
import { unitCells, unitHead } from '../unit-columns.ts';
import { askedOrganization } from '../usage-scope.ts';
import { FIELDS, query, questionOf, renderSums } from './usage.ts';

/** Usage and spend as a spreadsheet or a cost tool takes them. The lines add up to what GET /usage says, to the nano-dollar. */

const LINES_MAX = 100_000;
const NAMES_AT_ONCE = 500;
/** What a cost tool wants to tell apart, unless something else is asked for. */
const FOCUS_GROUPS: readonly UsageGroup[] = ['organization', 'team', 'model', 'deployment', 'provider'];

const exportQuery = z.strictObject({ ...query.shape, format: z.enum(['csv', 'focus']).default('csv') });
type ExportCall = AdminCall<unknown, z.output<typeof exportQuery>>;

export const exportFile = route({
  summary: 'Export usage and spend as comma-separated values',
  description:
    '`csv` has the columns of GET /usage with names beside ids and a column for each unit, `focus` those of FOCUS 1.2, by day unless said. At most 100,000 lines: more is 400, never a part. Lines by tag are for `csv` alone, since they add up to more than the total. A cell that begins like a formula gets an apostrophe in front.',
  permission: 'usage.read',
  query: exportQuery,
  response: textOut,
  form: 'text',
  load: askedOrganization,
  handle: (call, organization) => fileOf(call, organization),
});

async function fileOf(call: ExportCall, organization: OrganizationRow | null): Promise<TextAnswer> {
  const question = questionFor(call, organization);
  if (call.query.format === 'focus' && question.groupBy.includes('tag')) {
    throw invalid('?group_by', 'a deployment may have several tags, so charges by tag would not add up');
  }
  const report = await reportUsage(call.deps.db, question).catch((error: unknown) => {
    throw error instanceof TooManyIntervals ? invalid('?interval', error.message) : error;
  });
  if (report.isCut) throw invalid('?group_by', `there are more than ${LINES_MAX} lines: narrow the time or the filters`);
  const names = await namesIn(call, report);
  const day = new Date(question.fromMs).toISOString().slice(0, 10);
  return call.query.format === 'focus'
    ? csvFile(`headgate-focus-${day}.csv`, focusLines(question, report, names))
    : csvFile(`headgate-usage-${day}.csv`, plainLines(question, report, names));
}

function questionFor(call: ExportCall, organization: OrganizationRow | null): UsageQuestion {
  const asked = { ...questionOf(call, organization), linesMax: LINES_MAX };
  if (call.query.format === 'csv') return asked;
  const groupBy = asked.groupBy.length === 0 ? FOCUS_GROUPS : [...new Set([...FOCUS_GROUPS, ...asked.groupBy])];
  return { ...asked, groupBy, interval: asked.interval ?? 'day' };
}

type Names = ReadonlyMap<string, string>;

const NAMED: readonly UsageGroup[] = ['organization', 'team', 'key', 'member', 'service_account'];

/** Of the ids in a report, as far as the caller may see what they stand for. */
async function namesIn(call: ExportCall, report: UsageReport): Promise<Names> {
  const ids = new Set(report.lines.flatMap(({ groups }) => NAMED.flatMap((group) => groups[group] ?? [])));
  const names = new Map<string, string>();
  const all = [...ids];
  const reaches = reachOf(call.actor, 'usage.read');
  const mayReadCatalogue = can(call.actor, 'platform.read', { organizationId: null });
  for (let at = 0; at < all.length; at += NAMES_AT_ONCE) {
    const some = await namesOf(call.deps.db, { ids: all.slice(at, at + NAMES_AT_ONCE), reaches, mayReadCatalogue });
    for (const [id, name] of Object.entries(some)) names.set(id, name);
  }
  return names;
}

async function* plainLines({ groupBy, interval }: UsageQuestion, report: UsageReport, names: Names): AsyncGenerator<string> {
  const isNamed = (group: UsageGroup) => NAMED.includes(group);
  const columns = groupBy.flatMap((group) => (isNamed(group) ? [FIELDS[group], `${group}_name`] : [FIELDS[group]]));
  const sums = Object.keys(renderSums(report.total));
  yield csvLine([...(interval === null ? [] : ['start']), ...columns, ...sums, ...unitHead]);
  for (const { startMs, groups, sums: line, units } of report.lines) {
    const { spend, ...counts } = renderSums(line);
    const cells = groupBy.flatMap((group) => {
      const value = groups[group] ?? null;
      return isNamed(group) ? [value, names.get(value ?? '') ?? null] : [value];
    });
    const start = startMs === null ? [] : [new Date(startMs).toISOString()];
    yield csvLine([...start, ...cells, ...Object.values(counts), { decimal: spend }, ...unitCells(units)]);
  }
}
