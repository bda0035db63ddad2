import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/store/installation/migrate.ts';
import { temporaryDirectory } from '../prove/gateway.ts';
import { hasPostgres, type TestDatabase, withDatabase } from '../support/database.ts';
import { headgateHere } from './support.ts';

interface Plan {
  readonly from: string | null;
  readonly migrations: readonly {
    name: string;
    work: readonly { table: string; work: string; rows: number; seconds: number }[];
  }[];
  readonly seconds: number;
  readonly jobs: readonly string[];
  readonly way_back: { is_open: boolean; why: string };
  readonly problem: string | null;
}

describe('headgate upgrade --check', () => {
  test('says that an empty directory has nothing to upgrade, and makes nothing there', async () => {
    const env = { HEADGATE_DATA_DIR: `${temporaryDirectory()}/none` };
    expect(await headgateHere(env, 'upgrade', '--check')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^The database is empty/),
    });
    expect(await headgateHere(env, 'upgrade')).toMatchObject({ code: 2, err: expect.stringContaining('upgrade --check') });
  });
});

describe.skipIf(!hasPostgres())('headgate upgrade --check on PostgreSQL', () => {
  const given = withDatabase('postgresql');
  const checked = async () => {
    const env = { DATABASE_URL: (given() as TestDatabase).url as string, HEADGATE_DATA_DIR: temporaryDirectory() };
    const ran = await headgateHere(env, 'upgrade', '--check', '--json');
    return { ...ran, plan: JSON.parse(ran.out) as Plan };
  };
  const names = async () =>
    (await given().pool.query('select name from schema_migrations order by name')).rows.map(({ name }) => name);

  test('of a database of this version says that nothing would run', async () => {
    const { code, plan } = await checked();
    expect(code).toBe(0);
    expect(plan).toMatchObject({ migrations: [], seconds: 0, problem: null, way_back: { is_open: true } });
  });

  test('of an earlier one says what would run, for how long at its rows, and changes nothing', async () => {
    const { pool } = given();
    await pool.query(`delete from schema_migrations where name = '0011_requests_of_everybody';
      drop index request_log_model, request_log_deployment, request_log_code;
      create table request_log_2031_01 partition of request_log for values from ('2031-01-01') to ('2031-02-01');
      update pg_class set reltuples = 10000000 where relname = 'request_log_2031_01'`);
    const before = await names();
    const { code, plan } = await checked();
    expect(code).toBe(0);
    expect(plan.migrations.map(({ name }) => name)).toEqual(['0011_requests_of_everybody']);
    expect(plan.migrations[0]?.work).toHaveLength(3);
    expect(plan.migrations[0]?.work[0]).toMatchObject({ table: 'request_log', work: 'index', rows: 10_000_000, seconds: 25 });
    expect(plan.seconds).toBe(75);
    expect(plan.jobs).toEqual(['late-indexes']);
    expect(plan.way_back).toEqual({ is_open: true, why: 'The version that serves now can be started again afterwards.' });
    expect(await names()).toEqual(before);
    await pool.query('drop table request_log_2031_01');
    await migrate(given());
    expect((await checked()).plan.migrations).toEqual([]);
  });

  test('of a database whose version does not know of ways back says that there is none', async () => {
    const { pool } = given();
    await pool.query(
      `delete from schema_migrations where name = '0010_unsuccessful_requests'; alter table schema_migrations rename can_go_back to old`,
    );
    const { plan } = await checked();
    expect(plan.way_back).toMatchObject({ is_open: false, why: expect.stringContaining('backup') });
    await pool.query('alter table schema_migrations rename old to can_go_back');
    await migrate(given());
  });

  test('of a newer database without a way back fails, with one line', async () => {
    const { pool } = given();
    await pool.query("insert into schema_migrations (name) values ('9999_from_the_future')");
    const { code, plan, err } = await checked();
    expect({ code, problem: plan.problem }).toMatchObject({ code: 1, problem: expect.stringContaining('9999_from_the_future') });
    expect(err).toBe(`headgate: ${plan.problem}\n`);
    await pool.query("delete from schema_migrations where name = '9999_from_the_future'");
  });
});
