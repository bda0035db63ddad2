/** Looks into what a gateway that has ended left behind: its database as SQL sees it, and every byte of every file. */
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { openClient } from '../support/pg-client.ts';

/** Where a gateway's database is: a data directory, or a PostgreSQL server's URL. */
export type Where = { readonly dataDir: string } | { readonly databaseUrl: string };

export type Row = Record<string, unknown>;
export type Query = (sql: string) => Promise<readonly Row[]>;

/** Opens the database beside the gateway, which must have ended when it is the embedded one, and closes it again. */
export async function inDatabase<Result>(where: Where, work: (query: Query) => Promise<Result>): Promise<Result> {
  if ('databaseUrl' in where) {
    const client = await openClient(where.databaseUrl);
    return work(async (sql) => (await client.query<Row>(sql)).rows).finally(() => client.end());
  }
  const engine = await PGlite.create(path.join(where.dataDir, 'database'));
  return work(async (sql) => (await engine.query<Row>(sql)).rows).finally(() => engine.close());
}

/** Every row of every table as text; bytes in hex, as PostgreSQL writes them. */
export async function dumpOf(query: Query): Promise<string> {
  const tables = await query(`select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')`);
  const lines: string[] = [];
  for (const { name } of tables)
    for (const { line } of await query(`select t::text as line from ${name} t`)) lines.push(`${name} ${line}`);
  return lines.join('\n');
}

export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file below a directory. */
export function filesOf(directory: string): Place[] {
  const files = globSync('**/*', { cwd: directory }).filter((file) => statSync(path.join(directory, file)).isFile());
  return files.map((name) => ({ name, bytes: readFileSync(path.join(directory, name)) }));
}

/** Where one of the words stands: as it is, in hex, or in base64 at any of its three offsets. `word in place` each. */
export function hitsOf(words: readonly string[], places: readonly Place[]): string[] {
  const needles = words.flatMap((word) => writingsOf(word).map((writing) => ({ word, writing })));
  return places.flatMap(({ name, bytes }) =>
    needles.filter(({ writing }) => bytes.includes(writing)).map(({ word, writing }) => `${word} in ${name} as ${writing}`),
  );
}

function writingsOf(word: string): string[] {
  const bytes = Buffer.from(word);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and last characters mix with what stands beside the word.
    return text.slice(Math.ceil((offset * 4) / 3), -1);
  });
  return [word, bytes.toString('hex'), ...base64];
}
