import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { UniqueViolation } from '../errors.ts';
import { newPartitions } from '../partitions.ts';
import { organizations, requestContent } from '../schema.ts';
import { migrate, NewerSchema } from './migrate.ts';

onEveryDatabase('the schema', (given, kind) => {
  test('migrating again changes nothing', async () => {
    await migrate(given());
    await Promise.all([migrate(given()), migrate(given())]);
  });

  // promise: Partitions are created at start and by the writer before any
  test('partitions appear for any month a row needs, once, however many ask', async () => {
    const { db } = given();
    const row = { organizationId: 'org_1', requestId: 'req_1', sealed: Buffer.from('x') };
    const months = [Date.UTC(2024, 11, 31, 23, 59, 59, 999), Date.UTC(2025, 0, 1), Date.UTC(2031, 5, 15)];
    await expect(db.insert(requestContent).values({ ...row, admittedAt: new Date(months[0] as number) })).rejects.toThrow();
    await Promise.all([newPartitions(db, kind).ensure(months), newPartitions(db, kind).ensure(months)]);
    await db.insert(requestContent).values(months.map((atMs) => ({ ...row, admittedAt: new Date(atMs) })));
    expect(await db.$count(requestContent)).toBe(3);
    await expect(newPartitions(db, kind).ensure([Number.NaN])).rejects.toThrow(RangeError);
  });

  test('an error of the database has a type and carries no value', async () => {
    const { db } = given();
    const row = { id: 'org_1', slug: 'sesame', name: 'Sesame' };
    await db.insert(organizations).values(row);
    const error = await db
      .transaction((tx) => tx.insert(organizations).values({ ...row, id: 'org_2' }))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UniqueViolation);
    expect((error as UniqueViolation).constraint).toBe('organizations_slug');
    expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain('sesame');
  });

  // promise: (A wrong master key, another installation's journal, a directory in use and a newer schema without a way back still do
  test('a database of a newer version is refused and left alone', async () => {
    const { db } = given();
    await db.execute(sql`insert into schema_migrations (name) values ('9999_from_the_future')`);
    await expect(migrate(given())).rejects.toThrow(NewerSchema);
    await db.execute(sql`delete from schema_migrations where name = '9999_from_the_future'`);
  });

  test('a database of a newer version is served if all that this version does not know has a way back', async () => {
    const { db } = given();
    await db.execute(
      sql`insert into schema_migrations (name, can_go_back) values ('9998_next', true), ('9999_the_one_after', true)`,
    );
    expect(await migrate(given())).toEqual({ newer: ['9998_next', '9999_the_one_after'] });
    await db.execute(sql`update schema_migrations set can_go_back = false where name = '9999_the_one_after'`);
    await expect(migrate(given())).rejects.toThrow('9999_the_one_after');
    await db.execute(sql`delete from schema_migrations where name > '9'`);
  });
});
