import { readFileSync } from 'node:fs';
import type { Json } from '../api.ts';
import type { Command } from '../command.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printJson, printRows } from '../print.ts';

const LISTS: readonly Column[] = [
  ['name', (row) => row.name],
  ['version', (row) => row.version],
  ['published on', (row) => row.published_on],
  ['by', (row) => row.author],
  ['imported', (row) => row.imported_at],
  ['models', (row) => row.models],
];

const ENTRIES: readonly Column[] = [
  ['outcome', (row) => row.outcome],
  ['entry', (row) => row.name],
  ['input USD/M', (row) => (row.prices as Json | null)?.input_per_million],
  ['output USD/M', (row) => (row.prices as Json | null)?.output_per_million],
  ['why', (row) => row.reason],
];

const list: Command = {
  words: ['price-lists', 'list'],
  summary: 'list the published price list and imported ones',
  operands: [],
  flags: [],
  run: async (_, session) => {
    const answer = await session.api.get('/price-lists');
    printRows(session, answer, answer.data as readonly Json[], LISTS);
  },
};

const importList: Command = {
  words: ['price-lists', 'import'],
  summary: 'import a list of prices in LiteLLM’s JSON form',
  operands: ['file'],
  flags: [
    { name: 'name', value: 'name', about: 'the name of the list; one with this name is replaced (required)' },
    { name: 'version', value: 'version', about: 'the version of the list, such as a commit or a day (required)' },
    { name: 'published-on', value: 'day', about: 'the day of this version, such as 2026-03-10' },
    { name: 'deployments', value: 'which', about: 'set prices of deployments: keep, unpriced or all (default: keep)' },
    { name: 'dry-run', value: null, about: 'show what would change, and store nothing' },
  ],
  run: async (given, session) => {
    const body = {
      name: given.required('name'),
      version: given.required('version'),
      published_on: given.flag('published-on'),
      deployments: given.flag('deployments'),
      prices: readList(given.operand('file')),
    };
    const answer = await session.api.send('POST', `/price-lists${given.has('dry-run') ? '?dry_run=true' : ''}`, body);
    if (session.isJson) return printJson(session, answer);
    printRows(session, answer, answer.rows as readonly Json[], ENTRIES);
    const counts = Object.entries(answer.counts as Readonly<Record<string, number>>).filter(([, count]) => count > 0);
    session.note(counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'The list is empty.');
    session.note(`${(answer.deployments as readonly Json[]).length} deployments get a new price.`);
    if (answer.is_dry_run === true) session.note('Nothing was stored.');
  },
};

export const priceListCommands: readonly Command[] = [list, importList];

function readList(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new BadUsage(`${file} cannot be read as JSON (${(error as Error).message}).`);
  }
}
