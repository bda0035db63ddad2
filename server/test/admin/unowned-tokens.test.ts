/** Admin tokens that nobody owns, and tokens that nobody knows. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { newId } from '../../src/lib/id.ts';
import { hashSecret, newAdminToken } from '../../src/lib/secrets.ts';
import { adminTokens } from '../../src/store/schema.ts';
import { makePerson, signedIn } from '../identity/support.ts';
import { makeMember } from '../invitations/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

const DAY_MS = 86_400_000;

onOneDatabase('an admin token', (given) => {
  const world = withAdmin(given);

  describe('that nobody owns', () => {
    /** As a version without owners left them. */
    async function unowned(role = 'platform_admin', organizationId: string | null = null) {
      const { deps, time, withToken } = world();
      const token = newAdminToken();
      const id = newId('adm');
      await deps.db.insert(adminTokens).values({
        id,
        name: 'of before',
        role,
        organizationId,
        hash: Buffer.from(hashSecret(deps.keys.pepper, token), 'hex'),
        lastFour: token.slice(-4),
        createdBy: 'start',
        unownedEndsAt: new Date(time.nowMs + 30 * DAY_MS),
      });
      return { id, client: withToken(token) };
    }

    test('is listed, works for 30 days, and goes on when somebody takes it over', async () => {
      const { root, time } = world();
      const admin = await makePerson(world(), { platformRole: 'platform_admin' });
      const [taken, left] = [await unowned(), await unowned()];
      const listed = async () => must(await root('GET', '/admin-tokens?unowned=true')).data.map((row: { id: string }) => row.id);
      expect(await listed()).toEqual([left.id, taken.id]);
      expect(must(await root('GET', `/admin-tokens/${left.id}`))).toMatchObject({
        owner: { kind: 'nobody' },
        unowned_ends_at: expect.any(String),
      });
      expect((await left.client('POST', `/admin-tokens/${left.id}/take-over`)).status, 'nobody gives nothing').toBe(403);
      const made = must(await left.client('POST', '/admin-tokens', { name: 'child', role: 'platform_auditor' }));
      expect(made.unowned_ends_at, 'what it makes ends with it').not.toBeNull();
      must(await root('DELETE', `/admin-tokens/${made.id}`));
      const browser = await signedIn(world(), admin);
      expect(must(await browser('POST', `/admin-tokens/${taken.id}/take-over`)).owner).toMatchObject({
        kind: 'account',
        id: admin.id,
      });
      expect((await browser('POST', `/admin-tokens/${taken.id}/take-over`)).status).toBe(409);
      expect(await listed()).toEqual([left.id]);
      time.nowMs += 30 * DAY_MS;
      expect([(await taken.client('GET', '/accounts')).status, (await left.client('GET', '/accounts')).status]).toEqual([
        200, 401,
      ]);
      expect(await listed()).toEqual([]);
      expect((await root('POST', `/admin-tokens/${left.id}/take-over`)).status).toBe(409);
    });

    test('of an organization is taken over by who could hold it there', async () => {
      const { root } = world();
      const organization = await makeOrganization(root);
      const { account } = await makeMember(world(), organization.id, 'org_admin');
      const browser = await signedIn(world(), account);
      const [above, own] = [await unowned('org_owner', organization.id), await unowned('org_admin', organization.id)];
      expect((await browser('POST', `/admin-tokens/${above.id}/take-over`)).status).toBe(403);
      expect((await browser('POST', `/admin-tokens/${own.id}/take-over`)).status).toBe(200);
    });
  });

  test('that is not known is refused, after a hundred guesses from an address for a while, and leaves an event; known ones go on', async () => {
    const { root, withToken } = world();
    const statuses: number[] = [];
    for (let i = 0; i < 104; i++) statuses.push((await withToken(newAdminToken())('GET', '/organizations')).status);
    expect(new Set(statuses.slice(0, 90))).toEqual(new Set([401]));
    expect(statuses.at(-1)).toBe(429);
    const events = must(await root('GET', '/audit-events?action=admin_token.refused')).data;
    expect(events).toMatchObject([{ actor: { kind: 'anonymous' }, after: { guesses: 1, addresses: ['127.0.0.1'] } }]);
  });
});

onOneDatabase('rows of a version without owners', (given) => {
  const world = withAdmin(given);

  test('get the owner that this version would give them', async () => {
    const { deps, root } = world();
    const insert = async (createdBy: string) => {
      const id = newId('adm');
      const row = { id, name: 'old', role: 'platform_admin', hash: Buffer.from(id), lastFour: 'aaaa', createdBy };
      const { name, role, hash, lastFour } = row;
      await given().pool.query({
        text: 'insert into admin_tokens (id, name, role, hash, last_four, created_by) values ($1, $2, $3, $4, $5, $6)',
        values: [id, name, role, hash, lastFour, createdBy],
      });
      return must(await root('GET', `/admin-tokens/${id}`));
    };
    const account = await makePerson(world(), { platformRole: 'platform_admin' });
    const persons = await insert(account.id);
    expect(persons.owner).toMatchObject({ kind: 'account', id: account.id });
    expect((await insert(persons.id)).owner).toMatchObject({ kind: 'account', id: account.id });
    expect((await insert('command_line')).owner.kind).toBe('installation');
    const orphan = await insert('start');
    expect(orphan.owner.kind).toBe('nobody');
    expect(Date.parse(orphan.unowned_ends_at) - Date.now()).toBeGreaterThan(29 * DAY_MS);
    expect(deps.process.version).toBe('0.0.0');
  });

  test('of before the upgrade go to who could hold their role today; the others go on for 30 days, and nobody is locked out', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const memberWho = async (role: string, then: (at: string, accountId: string) => Promise<unknown> = async () => {}) => {
      const { account, memberId } = await makeMember(world(), organization.id, role);
      await then(`/organizations/${organization.id}/members/${memberId}`, account.id);
      return account.id;
    };
    await memberWho('org_owner');
    const admin = (await makePerson(world(), { platformRole: 'platform_admin' })).id;
    const removed = await memberWho('org_admin', (at) => root('DELETE', at));
    const isOf = organization.id;
    const rows: readonly (readonly [name: string, createdBy: string, role: string, place: string | null, owner: string])[] = [
      ['the recovery command', 'command_line', 'platform_admin', null, 'installation'],
      ['the start', 'start', 'platform_admin', null, 'nobody'],
      ['a token', 'adm_of-before', 'org_admin', isOf, 'nobody'],
      ['a platform admin', admin, 'platform_auditor', null, 'account'],
      ['a platform admin, in an organization', admin, 'org_owner', isOf, 'account'],
      ['an owner', await memberWho('org_owner'), 'org_auditor', isOf, 'account'],
      ['an admin', await memberWho('org_admin'), 'org_billing', isOf, 'account'],
      ['an admin, above their role', await memberWho('org_admin'), 'org_owner', isOf, 'nobody'],
      ['one who was removed', removed, 'org_admin', isOf, 'nobody'],
      [
        'one who was demoted',
        await memberWho('org_admin', (at) => root('PATCH', at, { role: 'org_member' })),
        'org_admin',
        isOf,
        'nobody',
      ],
      [
        'one whose account is disabled',
        await memberWho('org_admin', (_, id) => root('PATCH', `/accounts/${id}`, { status: 'disabled' })),
        'org_admin',
        isOf,
        'nobody',
      ],
      ['nobody that is known', 'acct_unknown', 'org_admin', isOf, 'nobody'],
    ];
    await given().pool.query('alter table admin_tokens disable trigger user');
    const ids = new Map<string, string>();
    for (const [name, createdBy, role, place] of rows) {
      const id = newId('adm');
      ids.set(name, id);
      await given().pool.query({
        text: 'insert into admin_tokens (id, name, role, organization_id, hash, last_four, created_by) values ($1, $2, $3, $4, $5, $6, $7)',
        values: [id, name, role, place, Buffer.from(id), 'aaaa', createdBy],
      });
    }
    await given().pool.query('alter table admin_tokens enable trigger user');
    const migration = await readFile(new URL('../../src/store/migrations/0017_token_owners.sql', import.meta.url), 'utf8');
    const updates = migration.split('--> statement-breakpoint').filter((statement) => /^UPDATE/m.test(statement));
    expect(updates).toHaveLength(2);
    for (const statement of updates) await given().pool.query(statement);
    const after = await Promise.all(rows.map(async ([name]) => must(await root('GET', `/admin-tokens/${ids.get(name)}`))));
    expect(after.map(({ name, owner, status }) => [name, owner.kind, status])).toEqual(
      rows.map(([name, , , , owner]) => [name, owner, 'active']),
    );
    for (const { owner, unowned_ends_at: ends } of after) expect(ends !== null).toBe(owner.kind === 'nobody');
  });
});
