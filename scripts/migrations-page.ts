// Writes docs/migrations.md: what each migration takes at ten million requests. `--check` only checks that the page is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { migrationNames, migrationText } from '../server/src/store/installation/migrate.ts';
import {
  costsOf,
  jobsAfter,
  type StatementCost,
  secondsOf,
  wayBackOf,
} from '../server/src/store/installation/migration-costs.ts';

const FILE = new URL('../docs/migrations.md', import.meta.url);
const REQUESTS = 10_000_000;
const OTHERS = 100_000;
/** The tables with rows for each request. */
const OF_REQUESTS = /^(?:request_|ledger|decision_|.*rollups$)/;
/** The versions that store whether there is a way back. Before them there is none. */
const WAYS_SINCE = '0027';

const names = await migrationNames();
const rows = await Promise.all(names.toReversed().map(async (name) => rowOf(name, await migrationText(name))));
const text = `${head()}${rows.join('')}`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (text !== readFileSync(FILE, 'utf8')) {
  process.stderr.write('docs/migrations.md is not what the migrations say: run `npm run generate` and commit it.\n');
  process.exitCode = 1;
}

function head(): string {
  return `# Migrations

What each start of a new version does to the database, newest first, and how long it takes at ten million requests (and 100,000 keys, organizations and other rows). Times are estimates from
one measurement: three indexes over ten million rows took 73 s on two cores. \`headgate upgrade --check\` estimates them for your database. Release notes repeat the rows since the release
before. \`npm run generate\` writes this page.

| migration | takes longer with more rows | at 10 million | jobs that follow | way back |
|---|---|---|---|---|
`;
}

function rowOf(name: string, statements: string): string {
  const long = costsOf(statements).filter(({ work }) => work !== 'catalogue');
  const seconds = long.reduce((sum, cost) => sum + secondsOf(cost, rowsOf(cost)), 0);
  const counts = Map.groupBy(long, ({ work, table }) => `${work} of \`${table}\``);
  const work = [...counts].map(([what, { length }]) => (length === 1 ? what : `${length} × ${what}`)).join(', ');
  const time = seconds < 1 ? 'below 1 s' : `about ${Math.ceil(seconds)} s`;
  const back = wayBackOf(statements) ?? (name > WAYS_SINCE ? 'yes' : 'no');
  return `| \`${name}\` | ${work || '–'} | ${time} | ${jobsAfter(name, statements).join(', ') || '–'} | ${back} |\n`;
}

function rowsOf({ table }: StatementCost): number {
  return OF_REQUESTS.test(table) ? REQUESTS : OTHERS;
}
