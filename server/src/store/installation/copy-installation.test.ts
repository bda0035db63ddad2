import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, test } from 'vitest';
import { byForce, testTrail } from '../../../test/support/audit-trail.ts';
import { hasPostgres, openTestDatabase, type TestDatabase, withDatabase } from '../../../test/support/database.ts';
import { appendAuditEvent } from '../audit/audit.ts';
import { copyInstallation } from './copy-installation.ts';

describe.skipIf(!hasPostgres())('copying an installation', () => {
  const source = withDatabase('embedded');
  let target: TestDatabase | null = null;
  afterEach(async () => {
    await target?.dispose();
    target = null;
  });

  const append = (objectName: string) =>
    source().db.transaction((tx) =>
      appendAuditEvent(tx, testTrail(), {
        organizationId: null,
        at: new Date('2026-01-02T03:04:05.678Z'),
        actorKind: 'admin_token',
        actorId: 'adm_1',
        actorName: 'ops',
        action: 'model.create',
        objectType: 'model',
        objectId: 'mdl_1',
        objectName,
        before: null,
        after: { name: objectName, quote: '"\\{}\'', nothing: null, list: [1, 'a,b', '(x)'] },
        reason: null,
        ip: null,
        requestId: null,
      }),
    );

  test('brings every kind of value as it is, and works nothing out twice', async () => {
    target = await openTestDatabase('postgresql');
    for (const name of ['plain', 'Söhne & "Töchter"', 'a\\b, (c) {d}', '\u{1F980} \n\t']) await append(name);
    await source().db.execute(
      sql`insert into organizations (id, slug, name, time_zone) values ('org_1', 'one', 'One', 'Asia/Kathmandu')`,
    );
    await source().db.execute(sql`insert into teams (organization_id, id, name) values ('org_1', 'team_1', 'Team')`);
    await source().db.execute(
      sql`insert into scope_marks (organization_id, fold, time_zone, until) values ('org_1', 3, 'Asia/Kathmandu', '2026-01-02 18:15Z')`,
    );
    for (const table of ['scope_days', 'scope_months']) {
      await source().db.execute(
        sql`insert into ${sql.identifier(table)} values ('org_1', 3, 'k', 'key_1', '', '2026-01-01', 5, 60, 9007199254740993)`,
      );
    }
    const copied = await copyInstallation(source(), target);
    expect(copied).toMatchObject({ auditChains: 1, ledgerRows: 0, spentNanoUsd: 0n });
    for (const table of [
      'audit_events',
      'teams',
      'organization_standings',
      'tenant_objects',
      'config_versions',
      'scope_marks',
      'scope_days',
      'scope_months',
    ]) {
      const all = sql`select one::text as line from ${sql.identifier(table)} one order by 1`;
      expect((await target.db.execute(all)).rows, table).toEqual((await source().db.execute(all)).rows);
    }
    // The triggers are enabled again: they count a second team like the first.
    const teams = sql`select team_count as teams from organization_standings where organization_id = 'org_1'`;
    const before = Number((await target.db.execute<{ teams: number }>(teams)).rows[0]?.teams);
    await target.db.execute(sql`insert into teams (organization_id, id, name) values ('org_1', 'team_2', 'Other')`);
    expect(Number((await target.db.execute<{ teams: number }>(teams)).rows[0]?.teams)).toBe(before + 1);
  });

  test('leaves the audit log of the copy as closed to changes as its original', async () => {
    target = await openTestDatabase('postgresql');
    await append('copied');
    await copyInstallation(source(), target);
    for (const db of [source().db, target.db]) {
      await expect(db.execute(sql`update audit_events set object_name = 'edited'`)).rejects.toThrow();
      await expect(db.execute(sql`truncate audit_events`)).rejects.toThrow();
    }
  });

  test('stops at an audit chain that was broken before, and leaves the other database as empty as it was', async () => {
    target = await openTestDatabase('postgresql');
    await append('to be edited by hand');
    await byForce(source().db, (tx) => tx.execute(sql`update audit_events set object_name = 'edited' where seq = 1`));
    await expect(copyInstallation(source(), target)).rejects.toThrow(/audit chain platform was already broken at event 1 /);
    const { rows } = await target.db.execute(sql`select 1 from organizations union all select 1 from audit_events`);
    expect(rows).toEqual([]);
    await expect(copyInstallation(source(), target)).rejects.toThrow(/audit chain platform was already broken at event 1 /);
  });
});
