/** The role that may only insert, made by the file that operators run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, test } from 'vitest';
import { appendAuditEvent, type NewAuditEvent } from '../../src/store/audit/audit.ts';
import { verifyAuditChain } from '../../src/store/audit/audit-proof.ts';
import { type Database, type OpenDatabase, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/installation/migrate.ts';
import { repository } from '../prove/gateway.ts';
import { testTrail } from '../support/audit-trail.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { openClient } from '../support/pg-client.ts';

const event: NewAuditEvent = {
  organizationId: 'org_1',
  at: new Date('2026-01-02T03:04:05.678Z'),
  actorKind: 'admin_token',
  actorId: 'adm_1',
  actorName: 'ops',
  action: 'organization.update',
  objectType: 'organization',
  objectId: 'org_1',
  objectName: 'Acme',
  before: null,
  after: { name: 'Acme' },
  reason: null,
  ip: null,
  requestId: null,
};

describe.skipIf(!hasPostgres())('a role that may only insert', () => {
  const taken = new AsyncDisposableStack();
  afterEach(() => taken.disposeAsync());

  test('appends and verifies, and neither changes events nor switches triggers off', async () => {
    const { owned, gateway } = await openAsGateway(taken);
    const append = (db: Database) => db.transaction((tx) => appendAuditEvent(tx, testTrail(), event));
    await append(gateway.db);
    await psql(owned, 'audit-role.sql');
    await migrate(gateway); // A start whose schema is there already needs no more rights.
    await append(gateway.db);
    expect(await verifyAuditChain(gateway.db, testTrail(), 'org_1', event.at.getTime())).toMatchObject({
      is: 'intact',
      events: 2,
    });
    for (const statement of REFUSED) await expect(gateway.db.execute(sql.raw(statement)), statement).rejects.toThrow();
    expect(await verifyAuditChain(gateway.db, testTrail(), 'org_1', event.at.getTime())).toMatchObject({
      is: 'intact',
      events: 2,
    });
    await psql(owned, 'audit-role-undo.sql');
    await gateway.db.execute(sql`alter table audit_events add column later text`);
    await append(gateway.db);
  });
});

const REFUSED = [
  `update audit_events set actor_name = 'Nobody'`,
  `delete from audit_events`,
  `truncate audit_events`,
  `alter table audit_events disable trigger user`,
  `drop trigger audit_events_only_grow on audit_events`,
  `drop table audit_events`,
  `create or replace function refuse_audit_change() returns trigger language plpgsql as $$ begin return null; end $$`,
  `set session_replication_role = 'replica'`,
  `delete from audit_heads`,
  `update audit_heads set seq = 1`,
];

/** A database whose tables belong to a role without other rights, as DATABASE_URL should name. */
async function openAsGateway(taken: AsyncDisposableStack): Promise<{ owned: Owned; gateway: OpenDatabase }> {
  const database = await openTestDatabase('postgresql');
  const role = `gateway_${Math.random().toString(36).slice(2, 10)}`;
  taken.defer(() => database.dispose());
  await database.db.execute(sql.raw(`create role ${role} login password 'secret'`));
  taken.defer(() => dropRole(database.url as string, role));
  await database.db.execute(sql.raw(`grant usage, create on schema public to ${role}`));
  await database.db.execute(sql.raw(`grant all on schema_migrations to ${role}`));
  for (const table of ['audit_events', 'audit_heads'])
    await database.db.execute(sql.raw(`alter table ${table} owner to ${role}`));
  for (const name of ['refuse_audit_change', 'refuse_audit_head_back']) {
    await database.db.execute(sql.raw(`alter function ${name}() owner to ${role}`));
  }
  const url = new URL(database.url as string);
  [url.username, url.password] = [role, 'secret'];
  const gateway = openDatabase({ url: url.href });
  taken.defer(() => gateway.close());
  return { owned: { database, role }, gateway };
}

interface Owned {
  readonly database: TestDatabase;
  readonly role: string;
}

/** Runs the file as psql does: its own commands begin with a backslash, and `:"gateway"` is the quoted name. */
async function psql({ database, role }: Owned, file: string): Promise<void> {
  const text = readFileSync(path.join(repository, 'deploy/postgresql', file), 'utf8');
  const statements = text
    .split('\n')
    .filter((line) => !line.startsWith('\\'))
    .join('\n')
    .replaceAll(':"gateway"', `"${role}"`);
  const client = await openClient(database.url as string);
  try {
    await client.query(statements);
  } finally {
    await client.end();
  }
}

/** Roles belong to the server, which other suites use as well. */
async function dropRole(url: string, role: string): Promise<void> {
  const client = await openClient(url);
  try {
    await client.query(`drop owned by ${role} cascade; drop role ${role}`);
  } finally {
    await client.end();
  }
}
