/** A start that migrates while somebody keeps a table locked: nobody waits behind it for long, and it goes on when the lock is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasPostgres, withDatabase } from '../../../test/support/database.ts';
import { type Blocker, MigrationBlocked, migrate } from './migrate.ts';

/** The newest migration that changes `deployments`, `prices`, `request_log` and `ledger`, in this order. */
const AGAIN = '0013_units';
const WAIT_MS_MAX = 1_000;

describe.skipIf(!hasPostgres())('a migration beside an open transaction', () => {
  const given = withDatabase('postgresql');
  let holder: PoolClient;
  beforeEach(async () => {
    await given().pool.query(`drop table if exists unit_rollups; delete from schema_migrations where name = '${AGAIN}';
      alter table deployments drop column if exists searches_max, drop column if exists part_tokens_max, drop column if exists on_hangup;
      alter table prices drop column if exists units, drop column if exists source_version, drop column if exists created_by;
      drop view if exists requests, ledger_entries; alter table request_log drop column if exists partly_priced;
      alter table ledger drop column if exists service_tier, drop column if exists unpriced_units`);
    holder = await given().pool.connect();
    await holder.query('begin; select count(*) from ledger');
  });
  afterEach(async () => {
    await holder.query('rollback').catch(() => {});
    holder.release();
  });

  test('holds up nobody for a second, and is applied when the transaction ends', async () => {
    const told: (readonly Blocker[])[] = [];
    let isDone = false;
    const migrating = migrate(given(), { onBlocked: (blockers) => told.push(blockers) }).finally(() => {
      isDone = true;
    });
    const waits: number[] = [];
    const use = async () => {
      while (!isDone) {
        const beganMs = performance.now();
        await given().pool.query(
          'select (select count(*) from deployments), (select count(*) from prices), (select count(*) from ledger)',
        );
        waits.push(performance.now() - beganMs);
        await sleep(5);
      }
    };
    const using = use();
    await expect.poll(() => told.length, { timeout: 20_000 }).toBeGreaterThan(1);
    expect(isDone).toBe(false);
    await holder.query('rollback');
    expect(await migrating).toEqual({ newer: [] });
    await using;
    expect(Math.max(...waits)).toBeLessThan(WAIT_MS_MAX);
    expect(waits.length).toBeGreaterThan(10);
    expect(told[0]).toContainEqual({ pid: expect.any(Number), program: 'headgate', seconds: expect.any(Number) });
    const { rows } = await given().pool.query('select unpriced_units from ledger');
    expect(rows).toEqual([]);
  });

  test('gives up after its time with one line, and changes nothing', async () => {
    const failure = await migrate(given(), { triesMsMax: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MigrationBlocked);
    expect((failure as Error).message).toMatch(/^The database could not be migrated [^\n]+ process \d+ \(headgate\)[^\n]+$/);
    const { rows } = await given().pool.query("select to_regclass('unit_rollups') as made");
    expect(rows).toEqual([{ made: null }]);
  });
});
