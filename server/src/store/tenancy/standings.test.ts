import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { hasPostgres, onEveryDatabase, withDatabase } from '../../../test/support/database.ts';
import { organizationStandings, organizations, standingChanges } from '../schema.ts';
import { type Judged, storeJudged, takeChanges, usedDays } from './standings.ts';

describe.skipIf(!hasPostgres())('changes of standings (PostgreSQL)', () => {
  const given = withDatabase('postgresql');
  const later = new Date('2100-01-01T00:00:00Z');

  beforeEach(async () => {
    const { db } = given();
    await db.delete(standingChanges);
    for (const id of ['org_a', 'org_b'])
      await db
        .insert(organizations)
        .values({ id, slug: id.replace('_', '-'), name: id })
        .onConflictDoNothing();
    await db.update(organizationStandings).set({ dueAt: later });
    await db
      .insert(standingChanges)
      .values([{ organizationId: 'org_a' }, { organizationId: 'org_b' }, { organizationId: 'org_gone' }]);
  });

  const waiting = async () => (await given().db.select().from(standingChanges)).map((row) => row.organizationId).sort();
  const due = async () =>
    (await given().db.select().from(organizationStandings))
      .filter((row) => row.dueAt.getTime() < later.getTime())
      .map((row) => row.organizationId)
      .sort();

  test('are taken all, also those of an organization that is gone', async () => {
    await takeChanges(given().db, { most: 10, nowMs: Date.now(), restMs: 0 });
    expect(await waiting()).toEqual([]);
    expect(await due()).toEqual(['org_a', 'org_b']);
  });

  test('wait while their organization was judged a moment ago, by whoever did it, and are not lost', async () => {
    const { db } = given();
    const nowMs = Date.now();
    await db.update(organizationStandings).set({ asOf: new Date(nowMs - 4_000) });
    const take = (atMs: number) => takeChanges(db, { most: 10, nowMs: atMs, restMs: 5_000 });
    expect(await take(nowMs)).toBe(0);
    expect(await waiting()).toEqual(['org_a', 'org_b']);
    expect(await due()).toEqual([]);
    expect(await take(nowMs + 1_500)).toBe(2);
    expect(await waiting()).toEqual([]);
    expect(await due()).toEqual(['org_a', 'org_b']);
  });

  test('of an organization whose judgement is said to be from the future do not wait for it', async () => {
    const { db } = given();
    await db.update(organizationStandings).set({ asOf: new Date(Date.now() + 3_600_000) });
    expect(await takeChanges(db, { most: 10, nowMs: Date.now(), restMs: 5_000 })).toBe(2);
  });

  test('wait for nobody and let nobody wait: what a change under way holds is taken after it', async () => {
    await given().db.transaction(async (tx) => {
      // The order of a real change: its trigger first counts the team, and last records the change.
      await tx.execute(sql`update organization_standings set team_count = team_count + 1 where organization_id = 'org_a'`);
      await takeChanges(given().db, { most: 10, nowMs: Date.now(), restMs: 0 });
      expect(await waiting()).toEqual(['org_a']);
      await tx.execute(sql`insert into standing_changes (organization_id) values ('org_a')
        on conflict (organization_id) do update set changed_at = excluded.changed_at`);
    });
    expect(await due()).toEqual(['org_b']);
    await takeChanges(given().db, { most: 10, nowMs: Date.now(), restMs: 0 });
    expect(await waiting()).toEqual([]);
    expect(await due()).toEqual(['org_a', 'org_b']);
  });
});

onEveryDatabase('standings beside an organization with sums that nothing can hold', (given) => {
  const MOST = '9223372036854775807';
  const found = { dueAt: new Date('2100-01-01T00:00:00Z'), asOf: new Date('2026-01-01T00:00:00Z') };
  const judged = (organizationId: string, sum: number): Judged => ({
    ...{ organizationId, judgement: 'healthy', budgetUsedPpm: sum, spendPeriodNanoUsd: sum, spend30dNanoUsd: sum },
    ...{ dailySpendNanoUsd: [sum], requests30d: sum, grantedTargets: 0, catalogueVersion: 1, dueAtMs: 4_102_444_800_000, found },
  });

  beforeEach(async () => {
    const { db } = given();
    await db
      .insert(organizations)
      .values(['org_a', 'org_b'].map((id) => ({ id, slug: id.replace('_', '-'), name: id })))
      .onConflictDoNothing();
    await db.update(organizationStandings).set(found);
  });

  test('are stored, and its own are held at the largest exact number', async () => {
    const { db } = given();
    await storeJudged(db, [judged('org_a', 3 * 2 ** 63), judged('org_b', 7)], new Date());
    const rows = await db.select().from(organizationStandings).orderBy(organizationStandings.organizationId);
    const held = Number.MAX_SAFE_INTEGER;
    expect(rows).toMatchObject([
      { organizationId: 'org_a', spendPeriodNanoUsd: held, spend30dNanoUsd: held, dailySpendNanoUsd: [held], requests30d: held },
      { organizationId: 'org_b', spendPeriodNanoUsd: 7, spend30dNanoUsd: 7, dailySpendNanoUsd: [7], requests30d: 7 },
    ]);
  });

  test('are worked out of days that cannot be added up', async () => {
    const { db } = given();
    await db.execute(sql`insert into organization_days (organization_id, day_start, requests, estimated_requests, refused_requests)
      values ('org_a', '2026-01-05 00:00:00+00', ${MOST}, ${MOST}, ${MOST}), ('org_b', '2026-01-05 00:00:00+00', 1, 2, 3)
      on conflict do nothing`);
    const days = await usedDays(db, ['org_a', 'org_b'], 0);
    expect(days.get('org_b')).toMatchObject([{ requests: 3, seen: 6 }]);
    expect(days.get('org_a')).toMatchObject([{ requests: 2 ** 64, seen: 3 * 2 ** 63 }]);
  });
});
