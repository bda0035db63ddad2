import type pg from 'pg';
import { newId } from '../../src/lib/id.ts';

const AT_ONCE = 5_000;

/** Fills a group of a directory with people, as a provider does over hours, and makes one person who is not in it. */
export async function fillGroup(
  database: pg.Client,
  organizationId: string,
  members: number,
): Promise<{ readonly groupId: string; readonly outsiderId: string }> {
  const groupId = newId('grp');
  await database.query("insert into scim_groups (organization_id, id, name) values ($1, $2, 'Everybody')", [
    organizationId,
    groupId,
  ]);
  for (let from = 0; from < members; from += AT_ONCE) {
    const ids = await insertPeople(database, organizationId, { from, count: Math.min(AT_ONCE, members - from) });
    await database.query(
      'insert into scim_group_members (organization_id, group_id, membership_id) select $1, $2, unnest($3::text[])',
      [organizationId, groupId, ids],
    );
  }
  const [outsiderId] = (await insertPeople(database, organizationId, { from: members, count: 1 })) as [string];
  await database.query('analyze scim_users, scim_group_members, memberships, accounts');
  return { groupId, outsiderId };
}

async function insertPeople(
  database: pg.Client,
  organizationId: string,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly string[]> {
  const rows = Array.from({ length: count }, (_, at) => {
    const email = `person-${from + at}@large.example`;
    return { account: newId('acct'), id: newId('mem'), email };
  });
  const [accounts, ids, emails] = [rows.map((row) => row.account), rows.map(({ id }) => id), rows.map(({ email }) => email)];
  await database.query(
    `insert into accounts (id, name, email, made_how, bound_organization_id)
     select a, e, e, 'directory', $3 from unnest($1::text[], $2::text[]) as t(a, e)`,
    [accounts, emails, organizationId],
  );
  await database.query(
    `insert into memberships (organization_id, id, account_id, role, managed_by)
     select $3, i, a, 'org_member', 'scim' from unnest($1::text[], $2::text[]) as t(i, a)`,
    [ids, accounts, organizationId],
  );
  await database.query(
    `insert into scim_users (organization_id, membership_id, name, user_name, email, resource, is_active, made_account)
     select $3, i, e, e, e, jsonb_build_object('userName', e), true, true from unnest($1::text[], $2::text[]) as t(i, e)`,
    [ids, emails, organizationId],
  );
  return ids;
}
