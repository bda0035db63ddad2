import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { hasPostgres, withDatabase } from '../../test/support/database.ts';
import { organizationStandings, organizations, standingChanges } from './schema.ts';
import { takeChanges } from './standings.ts';

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
    await takeChanges(given().db, 10);
    expect(await waiting()).toEqual([]);
    expect(await due()).toEqual(['org_a', 'org_b']);
  });

  test('wait for nobody and let nobody wait: what a change under way holds is taken after it', async () => {
    await given().db.transaction(async (tx) => {
      // As a change does: its trigger counts the team first and notes the change at the end.
      await tx.execute(sql`update organization_standings set team_count = team_count + 1 where organization_id = 'org_a'`);
      await takeChanges(given().db, 10);
      expect(await waiting()).toEqual(['org_a']);
      await tx.execute(sql`insert into standing_changes (organization_id) values ('org_a')
        on conflict (organization_id) do update set changed_at = excluded.changed_at`);
    });
    expect(await due()).toEqual(['org_b']);
    await takeChanges(given().db, 10);
    expect(await waiting()).toEqual([]);
    expect(await due()).toEqual(['org_a', 'org_b']);
  });
});
