import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { openClient } from '../../../test/support/pg-client.ts';
import { type ChangedScopes, listenForChanges, tellOthers } from './config-notices.ts';

const WAIT = { timeout: 10_000, interval: 10 };

describe.skipIf(!hasPostgres())('notices of changes (PostgreSQL)', () => {
  let database: TestDatabase;
  let listening: { stop(): Promise<void> };
  let changes: ChangedScopes[];
  let gaps: number;
  let unheard: string[];

  beforeAll(async () => {
    database = await openTestDatabase('postgresql');
  });
  afterAll(() => database.dispose());
  beforeEach(async () => {
    changes = [];
    gaps = 0;
    unheard = [];
    listening = listenForChanges({
      url: database.url as string,
      onChange: (changed) => void changes.push(changed),
      onGap: () => {
        gaps += 1;
      },
      onUnheard: (reason) => void unheard.push(reason),
    });
    await vi.waitFor(() => expect(gaps).toBe(1), WAIT);
  });
  afterEach(() => listening.stop());

  /** Sends a notice as another process does. */
  const notify = (notice: object | string) => {
    const text = typeof notice === 'string' ? notice : JSON.stringify({ by: 'another', ...notice });
    return database.db.execute(sql`select pg_notify('headgate_config', ${text})`);
  };
  const heard = (count: number) => vi.waitFor(() => expect(changes).toHaveLength(count), WAIT);

  test('the first contact may have missed something; then another process’s change is told as what it names', async () => {
    await notify({ catalogue: true, organizationIds: ['org_1'], keyIds: ['key_1'] });
    await heard(1);
    expect(changes).toEqual([{ catalogue: true, organizationIds: ['org_1'], keyIds: ['key_1'] }]);
    expect(gaps).toBe(1);
  });

  test('a way that cannot be used is told once, with the reason and no password', async () => {
    const url = new URL(database.url as string);
    [url.pathname, url.password] = ['/headgate_no_such_database', 'canary'];
    const failing = listenForChanges({
      url: url.href,
      onChange: () => {},
      onGap: () => {},
      onUnheard: (reason) => void unheard.push(reason),
    });
    await vi.waitFor(() => expect(unheard).toHaveLength(1), WAIT);
    expect(unheard).toEqual(['this database does not exist. Create it, or correct its name.']);
    // It is tried again every second.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(unheard).toHaveLength(1);
    await failing.stop();
  });

  test('what this process did itself, and what was rolled back, is not told', async () => {
    await database.db.transaction((tx) => tellOthers(tx, { organizationIds: ['org_own'] }));
    const undone = database.db.transaction(async (tx) => {
      await tx.execute(sql`select pg_notify('headgate_config', '{"by":"another","catalogue":true}')`);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await notify({ organizationIds: ['org_after'] });
    await heard(1);
    expect(changes).toEqual([{ organizationIds: ['org_after'] }]);
    expect(gaps).toBe(1);
  });

  test('a change with more names than a notice holds is told without them, and leads to a poll', async () => {
    const payloads: string[] = [];
    const raw = await openClient(database.url as string);
    raw.on('notification', ({ payload }) => void payloads.push(payload ?? ''));
    await raw.query('listen headgate_config');
    const keyIds = Array.from({ length: 1_000 }, (_, index) => `key_${index}`.padEnd(30, 'x'));
    await database.db.transaction((tx) => tellOthers(tx, { keyIds }));
    await vi.waitFor(() => expect(payloads).toHaveLength(1), WAIT);
    await raw.end();
    const { by, ...told } = JSON.parse(payloads[0] as string) as Record<string, unknown>;
    expect(told).toEqual({});
    await notify(JSON.stringify({ by: `not ${String(by)}` }));
    await vi.waitFor(() => expect(gaps).toBe(2), WAIT);
    await notify('not a notice of ours');
    await vi.waitFor(() => expect(gaps).toBe(3), WAIT);
    expect(changes).toEqual([]);
  });

  test('a connection that was lost is made again, and what was told meanwhile is a gap', async () => {
    expect(await endListeners()).toBe(1);
    await notify({ organizationIds: ['org_lost'] });
    await vi.waitFor(() => expect(gaps).toBe(2), WAIT);
    expect(changes).toEqual([]);
    await notify({ organizationIds: ['org_heard'] });
    await heard(1);
    expect(changes).toEqual([{ organizationIds: ['org_heard'] }]);
  });

  test('once stopped it holds no connection, and makes none', async () => {
    await endListeners();
    await listening.stop();
    await notify({ organizationIds: ['org_1'] });
    // Longer than the pause before it reconnects.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await endListeners()).toBe(0);
    expect({ changes, gaps }).toEqual({ changes: [], gaps: 1 });
  });

  /** Ends the connections that listen on this test's database, and returns their number. */
  async function endListeners(): Promise<number> {
    const ended = await database.db.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`);
    return ended.rowCount ?? 0;
  }
});
