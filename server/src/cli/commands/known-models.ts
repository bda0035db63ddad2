import type { Json } from '../api.ts';
import type { Command } from '../command.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { type Column, printRows } from '../print.ts';

const COLUMNS: readonly Column[] = [
  ['provider', (row) => row.provider],
  ['upstream model', (row) => row.upstream_model],
  ['input USD/M', (row) => (row.prices as Json | null)?.input_per_million],
  ['output USD/M', (row) => (row.prices as Json | null)?.output_per_million],
  ['context window', (row) => row.context_window],
  ['source', (row) => sourceText((row.sources as readonly Json[])[0])],
  ['deployments', (row) => row.deployment_count],
];

const list: Command = {
  words: ['known-models', 'list'],
  summary: 'list the models that price lists and deployments name, with their prices',
  operands: [],
  flags: [
    { name: 'search', value: 'text', about: 'only models whose upstream name contains this text' },
    { name: 'provider', value: 'provider', about: 'only models of this provider, such as openai' },
    { name: 'feature', value: 'feature', about: 'only models of which a list states this feature, such as vision' },
    { name: 'not-deployed', value: null, about: 'only models without a deployment' },
    { name: 'csv', value: null, about: 'print all of them as CSV, with the prices of every unit' },
    ...LIST_FLAGS.filter(({ name }) => name !== 'search'),
  ],
  run: async (given, session) => {
    const query = {
      provider: given.flag('provider'),
      feature: given.flag('feature'),
      deployed: given.has('not-deployed') ? 'false' : undefined,
    };
    if (given.has('csv')) {
      const text = await session.api.text('/known-models/export', { ...query, search: given.flag('search') });
      return session.print(text.trimEnd());
    }
    printRows(session, {}, await listRows(given, session, '/known-models', query), COLUMNS);
  },
};

export const knownModelCommands: readonly Command[] = [list];

function sourceText(source: Json | undefined): string | null {
  if (source === undefined) return null;
  return source.list === null ? 'price of a deployment' : `${source.list} ${source.version}`;
}
