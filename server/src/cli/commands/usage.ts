import type { Json } from '../api.ts';
import type { Command, Session } from '../command.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

const SUMS: readonly Column[] = [
  ['requests', (row) => row.admitted_requests],
  ['refused', (row) => row.refused_requests],
  ['input tokens', (row) => row.input_tokens],
  ['output tokens', (row) => row.output_tokens],
  ['spend', (row) => row.spend],
];

/** A column such as `search=12 (3 without a price)`; shown if something was billed by the unit. */
const UNITS: Column = ['units', (row) => unitsOf(row).map(unitText)];

const usage: Command = {
  words: ['usage'],
  summary: 'show usage and spend',
  operands: [],
  flags: [
    { name: 'from', value: 'instant', about: 'start of the range (default: 30 days before --to)' },
    { name: 'to', value: 'instant', about: 'end of the range, exclusive (default: now)' },
    { name: 'month', value: 'month', about: 'a month such as 2026-10, current or last, in place of --from and --to' },
    { name: 'compare', value: null, about: 'compare with the period before' },
    { name: 'group-by', value: 'a,b', about: 'groups: organization, team, key, member, model, deployment, provider, tag' },
    { name: 'interval', value: 'interval', about: 'a line for each hour, day or month' },
    { name: 'organization', value: 'id or slug', about: 'only usage of this organization' },
    { name: 'csv', value: null, about: 'print CSV with exact numbers' },
  ],
  run: async (given, session) => {
    if (given.has('csv') && given.has('compare')) throw new BadUsage('--csv and --compare cannot be combined. Use one of them.');
    if (given.has('csv') && session.isJson) throw new BadUsage('--csv and --json cannot be combined. Use one of them.');
    const named = given.flag('organization');
    const query = {
      from: given.flag('from'),
      to: given.flag('to'),
      month: given.flag('month'),
      group_by: given.flag('group-by'),
      interval: given.flag('interval'),
      organization_id: named === undefined ? undefined : await organizationId(session.api, named),
    };
    if (given.has('csv')) return session.print((await session.api.text('/usage/export', { format: 'csv', ...query })).trimEnd());
    const answer = await session.api.get('/usage', { ...query, compare: given.has('compare') ? 'previous_period' : undefined });
    printReport(session, answer);
    if (answer.truncated === true) session.note('There are more lines than shown. The total counts all of them.');
  },
};

export const usageCommands: readonly Command[] = [usage];

/** Prints a line for each group, and a total below if there are groups. */
function printReport(session: Session, answer: Json): void {
  const data = answer.data as readonly Json[];
  const sums = data.some((row) => unitsOf(row).length > 0) ? [...SUMS, UNITS] : SUMS;
  const compared = answer.previous === undefined ? [] : comparedWith(answer.previous as Json);
  const start: readonly Column[] = answer.interval === null ? [] : [['start', (row) => row.start]];
  const [first, ...others] = [...start, ...(answer.group_by as readonly string[]).map(groupColumn)];
  if (session.isJson || first === undefined) {
    printRows(session, answer, data, [...sums, ...compared]);
    return;
  }
  const total = answer.total as Json;
  const labelled: Column = [first[0], (row) => (row === total ? 'total' : first[1](row))];
  printRows(session, answer, [...data, total], [labelled, ...others, ...sums, ...compared]);
}

/** Returns the columns of the period before. A total is compared with its total, and a line with the same group. */
function comparedWith({ total }: Json): readonly Column[] {
  const of = (row: Json) => ('previous' in row ? (row.previous as Json | null) : (total as Json));
  return [
    ['before', (row) => of(row)?.spend ?? 'new'],
    ['change', (row) => of(row)?.spend_difference ?? ''],
    ['%', (row) => of(row)?.spend_change_percent ?? ''],
  ];
}

/** Finds a group in the answer: `team` as `team_id`, `model` under its own name. */
function groupColumn(group: string): Column {
  return [group, (row) => (`${group}_id` in row ? row[`${group}_id`] : row[group])];
}

/** Returns the units of a row; none from a gateway of an earlier version. */
function unitsOf({ units }: Json): readonly Json[] {
  return (units ?? []) as readonly Json[];
}

function unitText({ unit, quantity, unpriced_quantity: unpriced }: Json): string {
  return `${unit}=${quantity}${unpriced === 0 ? '' : ` (${unpriced} without a price)`}`;
}
