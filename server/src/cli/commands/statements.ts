import type { Json } from '../api.ts';
import type { Command, Session } from '../command.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printJson, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

const SUMS: readonly Column[] = [
  ['requests', (row) => row.admitted_requests],
  ['refused', (row) => row.refused_requests],
  ['tokens', (row) => row.total_tokens],
  ['spend', (row) => row.spend],
];

const list: Command = {
  words: ['statements', 'list'],
  summary: 'list the months of an organization that have a statement, newest first',
  operands: ['organization'],
  flags: [
    { name: 'limit', value: 'n', about: 'the number of months to look at (default: 24)' },
    { name: 'cursor', value: 'month', about: 'continues an earlier list at this month' },
  ],
  run: async (given, session) => {
    const id = await organizationId(session.api, given.operand('organization'));
    const query = { limit: given.whole('limit'), cursor: given.flag('cursor') };
    const answer = await session.api.get(`/organizations/${id}/statements`, query);
    const columns: readonly Column[] = [['month', (row) => row.month], ['status', (row) => row.status], ...SUMS];
    printRows(session, answer, answer.data as readonly Json[], columns);
    if (answer.next_cursor !== null) session.note(`more with --cursor ${answer.next_cursor}`);
  },
};

const get: Command = {
  words: ['statements', 'get'],
  summary: 'show the statement of a month, such as 2026-10',
  operands: ['organization', 'month'],
  flags: [{ name: 'csv', value: null, about: 'print CSV, with more rows and every bucket of tokens' }],
  run: async (given, session) => {
    if (given.has('csv') && session.isJson) throw new BadUsage('--csv and --json cannot be combined. Use one of them.');
    const id = await organizationId(session.api, given.operand('organization'));
    const path = `/organizations/${id}/statements/${encodeURIComponent(given.operand('month'))}`;
    if (given.has('csv')) return session.print((await session.api.text(`${path}/export`)).trimEnd());
    printStatement(session, await session.api.get(path));
  },
};

export const statementCommands: readonly Command[] = [list, get];

/** Prints the total and each part as one table. */
function printStatement(session: Session, statement: Json): void {
  if (session.isJson) {
    printJson(session, statement);
    return;
  }
  const { organization_name: name, month, status, time_zone: zone } = statement;
  session.note(`${name}, ${month} (${zone}), ${status}`);
  const part = (word: string, field: string) =>
    ((statement[field] as Json).data as readonly Json[]).map((row): Json => ({ ...row, part: word }));
  const rows = [
    { ...(statement.total as Json), part: 'total', name },
    ...part('team', 'teams'),
    ...part('model', 'models'),
    ...part('key', 'keys'),
  ];
  const columns: readonly Column[] = [['part', (row) => row.part], ['name', (row) => row.name ?? row.id], ...SUMS];
  printRows(session, statement, rows, columns);
  const truncated = statement.truncated as readonly string[];
  if (truncated.length > 0)
    session.note(`Not all ${truncated.join(', ')} are shown. The total counts all of them, and --csv has more.`);
}
