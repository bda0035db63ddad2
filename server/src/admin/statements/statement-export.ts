import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { type Cell, csvLine } from '../exports/csv.ts';
import { csvFile, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { route } from '../http/route.ts';
import { namesIn } from '../usage/names-in.ts';
import { unitCells, unitHead } from '../usage/unit-columns.ts';
import { type Statement, viewStatement } from './statement-view.ts';
import { idsOf, loadStatement, statementOf, statementParams } from './statements.ts';

/** Exports a statement for spreadsheets: a line for its total, and for each team, model, key, adjustment and budget period. */

const ROWS_MAX = 10_000;

export const csv = route({
  summary: 'Export the statement of a month as CSV',
  description:
    'The column `part` says what a line is: `total`, `team`, `model`, `key`, `adjustments` or `budget_period`. The teams, the models and the keys each add up to the total. A part has at most 10,000 lines; if there are more, its last line says so. A cell that begins like a formula gets a leading apostrophe.',
  permission: 'usage.read',
  params: statementParams,
  response: textOut,
  form: 'text',
  load: loadStatement,
  handle: async (call, organization) =>
    csvFile(`headgate-statement-${organization.slug}-${call.params.month}.csv`, linesOf(call, organization)),
});

type ExportCall = AdminCall<{ readonly id: string; readonly month: string }>;

async function* linesOf(call: ExportCall, organization: OrganizationRow): AsyncGenerator<string> {
  const found = await statementOf(call, organization, ROWS_MAX);
  const statement = viewStatement(found, await namesIn(call, idsOf(found)));
  yield csvLine(HEAD) + rowsOf(statement, unitCells(found.report.total.totalUnits)).map(csvLine).join('');
}

const COUNTS = [
  'admitted_requests',
  'requests',
  'estimated_requests',
  'refused_requests',
  'unpriced_requests',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
] as const;
const HEAD = ['part', 'month', 'status', 'start', 'end', 'id', 'name', ...COUNTS, 'spend', 'budget_amount', ...unitHead];

type Line = Omit<Statement['total'], 'units' | 'partly_priced'>;

function rowsOf(statement: Statement, units: readonly Cell[]): readonly (readonly Cell[])[] {
  const { month, status, from, to, total, adjustments, budgets } = statement;
  const row = (part: string, id: string | null, name: string | null, sums: Line): Cell[] => {
    const counts = COUNTS.map((field) => sums[field]);
    return [part, month, status, from, to, id, name, ...counts, { decimal: sums.spend }, null];
  };
  const part = (word: string, { data, truncated }: Statement['teams']): (readonly Cell[])[] => [
    ...data.map(({ id, name, ...sums }) => row(word, id, name, sums)),
    ...(truncated ? [[`There are more lines for each ${word}. The total counts all of them.`]] : []),
  ];
  const none = COUNTS.map(() => null);
  return [
    [...row('total', statement.organization_id, statement.organization_name, total), ...units],
    ...part('team', statement.teams),
    ...part('model', statement.models),
    ...part('key', statement.keys),
    [
      'adjustments',
      month,
      status,
      from,
      to,
      null,
      null,
      adjustments.count,
      ...none.slice(1),
      { decimal: adjustments.spend },
      null,
    ],
    ...budgets.flatMap(({ id, amount, periods }) =>
      periods.map(({ start, end, spent, requests }): Cell[] => [
        ...['budget_period', month, status, start, end, id, null, requests],
        ...[...none.slice(1), { decimal: spent }, { decimal: amount }],
      ]),
    ),
  ];
}
