import type { Json } from '../api.ts';
import type { Command, Given } from '../command.ts';
import { jsonObjectIn } from '../given-files.ts';
import { type Column, printJson, printObject, printRows } from '../print.ts';

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['base URL', (row) => row.base_url],
  ['serves', (row) => Object.keys(row.wires as object).join(', ')],
  ['from', (row) => (row.source === 'shipped' ? 'this version' : 'added')],
  ['proven', (row) => (row.is_proven === true ? 'yes' : 'no')],
  ['credentials', (row) => row.credential_count],
];

const FILE_FLAG = {
  name: 'file',
  value: 'file',
  about: 'its fields as JSON, as the API takes them; - is standard input (required)',
};
const NOTES = ['Without its id and with other values the answer of `presets read … --json` is such a file.'];

const list: Command = {
  words: ['presets', 'list'],
  summary: 'list the vendors that are presets',
  operands: [],
  flags: [],
  run: async (_given, session) => {
    const answer = await session.api.get('/presets');
    printRows(session, answer, answer.data as readonly Json[], COLUMNS);
  },
};

const read: Command = {
  words: ['presets', 'read'],
  summary: 'show one preset, as JSON',
  operands: ['preset'],
  flags: [],
  run: async (given, session) => printJson(session, await session.api.get(pathOf(given))),
};

const add: Command = {
  words: ['presets', 'add'],
  summary: 'add a vendor that speaks a known API',
  operands: [],
  flags: [FILE_FLAG],
  notes: NOTES,
  run: async (given, session) =>
    printObject(session, await session.api.send('POST', '/presets', jsonObjectIn(given, 'file')), COLUMNS),
};

const change: Command = {
  words: ['presets', 'change'],
  summary: 'replace fields of a preset that was added',
  operands: ['preset'],
  flags: [FILE_FLAG],
  run: async (given, session) =>
    printObject(session, await session.api.send('PATCH', pathOf(given), jsonObjectIn(given, 'file')), COLUMNS),
};

const remove: Command = {
  words: ['presets', 'delete'],
  summary: 'delete a preset that was added and that nothing uses',
  operands: ['preset'],
  flags: [],
  run: async (given, session) => {
    await session.api.send('DELETE', pathOf(given));
    session.note(`${given.operand('preset')} was deleted.`);
  },
};

export const presetCommands: readonly Command[] = [list, read, add, change, remove];

function pathOf(given: Given): string {
  return `/presets/${encodeURIComponent(given.operand('preset'))}`;
}
