import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hasPostgres, withDatabase } from '../../../test/support/database.ts';
import { migrationNames, migrationText } from './migrate.ts';
import { costsOf, HOT_TABLES, jobsAfter, secondsOf, wayBackOf } from './migration-costs.ts';

/** Migrations from before the rule, with work that takes longer with more rows of a hot table. The operating guide says how long. */
const BEFORE_THE_RULE = ['0002', '0003', '0005', '0006', '0009', '0010', '0011', '0013', '0021'];

describe('migrations', () => {
  test('none from now on takes longer with more rows of a table that requests use', async () => {
    const long: string[] = [];
    for (const name of await migrationNames()) {
      const costs = costsOf(await migrationText(name)).filter(({ table, work }) => HOT_TABLES.has(table) && work !== 'catalogue');
      if (costs.length > 0 && !BEFORE_THE_RULE.includes(name.slice(0, 4))) long.push(`${name}: ${JSON.stringify(costs)}`);
    }
    expect(long, 'make the index in late-indexes.ts, the constraint NOT VALID, and change rows in a job').toEqual([]);
  });

  test('one that code waits for, until no version before it can start, says that it has no way back', async () => {
    const sources = globSync('**/*.ts', { cwd: fileURLToPath(new URL('../../', import.meta.url)) }).filter(
      (file) => !file.endsWith('.test.ts'),
    );
    const text = sources.map((file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).join('\n');
    const named = (await migrationNames()).filter((name) => text.includes(`'${name}'`));
    expect(named).toEqual(expect.arrayContaining(['0019_keys_for_addresses', '0020_master_key']));
    for (const name of named.filter((one) => one > '0027')) expect(wayBackOf(await migrationText(name)), name).not.toBeNull();
  });

  test('a migration that removes or renames something has no way back', async () => {
    for (const name of (await migrationNames()).filter((one) => one > '0027')) {
      const text = await migrationText(name);
      if (/\b(?:drop (?:table|column)|rename (?:to|column))\b/i.test(text.replace(/--.*$/gm, '')))
        expect(wayBackOf(text), name).not.toBeNull();
    }
  });

  test('a migration says itself that it has no way back, and which jobs follow', () => {
    expect(wayBackOf('ALTER TABLE "keys" ADD COLUMN "x" text;')).toBeNull();
    expect(wayBackOf('-- no way back: The version before writes the old form.\nALTER TABLE …')).toBe(
      'The version before writes the old form.',
    );
    expect(jobsAfter('0099_next', '-- followed by: bind-more\nALTER TABLE …')).toEqual(['bind-more']);
  });

  test('an index over ten million rows is estimated as it was measured', () => {
    const three = costsOf(readFileSync(new URL('../migrations/0011_requests_of_everybody.sql', import.meta.url), 'utf8'));
    const seconds = three.reduce((sum, cost) => sum + secondsOf(cost, 10_000_000), 0);
    expect(seconds).toBeGreaterThan(65);
    expect(seconds).toBeLessThan(80);
  });
});

/** A statement on a table with rows, and its work. What PostgreSQL does is compared with it. */
const SAMPLES: readonly (readonly [string, ReturnType<typeof costsOf>[number]['work']])[] = [
  ['alter table "sample" add column "b" text', 'catalogue'],
  [`alter table "sample" add column "b" text default 'x' not null`, 'catalogue'],
  ['alter table "sample" add column "b" timestamptz default now()', 'catalogue'],
  ['alter table "sample" add constraint "c" check ("a" > 0) not valid', 'catalogue'],
  ['alter table "sample" alter column "a" set default 3', 'catalogue'],
  ['alter table "sample" add column "b" uuid default gen_random_uuid()', 'rewrite'],
  ['alter table "sample" add column "b" bigserial', 'rewrite'],
  ['alter table "sample" add column "b" bigint generated always as ("a" + 1) stored', 'rewrite'],
  ['alter table "sample" alter column "a" set data type bigint', 'rewrite'],
  ['alter table "sample" alter column "a" set not null', 'scan'],
  ['alter table "sample" add constraint "c" check ("a" > 0)', 'scan'],
  ['alter table "sample" add constraint "c" unique ("a")', 'index'],
  ['create index "i" on "sample" using btree ("a")', 'index'],
  ['create unique index if not exists "i" on "sample" ("a")', 'index'],
  ['update "sample" set "a" = "a" + 1', 'rows'],
  ['delete from "sample" where "a" = 1', 'rows'],
];

describe.skipIf(!hasPostgres())('the work of a statement is what PostgreSQL does', () => {
  const given = withDatabase('postgresql');
  const ROWS = 1_000;

  test.each(SAMPLES)('%s: %s', async (statement, work) => {
    expect(costsOf(statement)).toEqual([{ table: 'sample', work }]);
    const client = await given().pool.connect();
    const seen = async () =>
      (
        await client.query(`select pg_relation_filenode('sample') as file,
          (select seq_tup_read::integer from pg_stat_xact_user_tables where relname = 'sample') as read`)
      ).rows[0] as { file: number; read: number };
    try {
      await client.query('begin');
      await client.query(
        `create table sample (a integer); insert into sample select generate_series(1, ${ROWS}); analyze sample`,
      );
      const before = await seen();
      await client.query(statement);
      const after = await seen();
      expect(after.file !== before.file, 'rewritten').toBe(work === 'rewrite');
      expect(after.read - before.read >= ROWS, 'read').toBe(work !== 'catalogue');
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  test('what a migration does to its own tables costs nothing', () => {
    expect(costsOf('create table "new" ("a" integer); create index "i" on "new" ("a"); update "new" set "a" = 1')).toEqual([]);
    expect(costsOf('insert into "new" select max("a") from "keys"')).toEqual([{ table: 'keys', work: 'scan' }]);
    expect(costsOf('create function f() returns void as $$ update keys set a = 1; $$ language sql')).toEqual([]);
  });
});
