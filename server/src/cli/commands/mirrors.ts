import type { Json } from '../api.ts';
import type { Command } from '../command.ts';
import { type Column, printRows } from '../print.ts';

const COLUMNS: readonly Column[] = [
  ['model', (row) => row.model],
  ['deployment', (row) => row.deployment_id],
  ['upstream model', (row) => row.upstream_model],
  ['answered', (row) => row.answered],
  ['failed', (row) => row.failed],
  ['cut', (row) => row.cut],
  ['skipped', (row) => row.skipped],
  ['mean ms', (row) => row.took_ms],
  ['USD', (row) => row.cost],
];

const DAY_MS = 86_400_000;

const report: Command = {
  words: ['mirrors', 'report'],
  summary: 'show the copies that mirrors got, and what they cost the platform',
  operands: [],
  flags: [
    { name: 'from', value: 'instant', about: 'start of the range (default: 30 days before now)' },
    { name: 'to', value: 'instant', about: 'end of the range, exclusive (default: now)' },
  ],
  run: async (given, session) => {
    const from = given.flag('from') ?? new Date(Date.now() - 30 * DAY_MS).toISOString();
    const answer = await session.api.get('/mirror-copies', { from, to: given.flag('to') });
    printRows(session, { cost: answer.cost }, answer.data as readonly Json[], COLUMNS);
    session.note(`The platform pays ${answer.cost} USD for these copies.`);
  },
};

export const mirrorCommands: readonly Command[] = [report];
