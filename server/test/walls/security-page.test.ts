/** The security page of an organization, over HTTP: what it finds, who may read it, and what it never tells. */
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../src/domain/tenancy/permission.ts';
import { newId } from '../../src/lib/id.ts';
import { addProof } from '../../src/store/accounts/address-proofs.ts';
import { accounts, adminTokens, credentials, keys, twoFactors } from '../../src/store/schema.ts';
import { upstream } from '../admin/catalogue-support.ts';
import { type Client, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { readCsv } from '../exports/read-csv.ts';
import { makePerson } from '../identity/support.ts';
import { makeMember } from '../invitations/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { grantsOf, makeTenants, type TeamPlace, type Tenants } from '../support/tenants.ts';

const DAY_MS = 86_400_000;

onOneDatabase('the security page', (given) => {
  const world = withAdmin(given, { upstream });
  let tenants: Tenants;
  let own: TeamPlace;
  let sibling: TeamPlace;
  let foreign: TeamPlace;

  beforeAll(async () => {
    tenants = await makeTenants(async (method, path, body) => must(await world().root(method, path, body)));
    own = tenants[0].teams[0];
    sibling = tenants[0].teams[1];
    foreign = tenants[1].teams[0];
  });

  const as = (role: Role): Client => world().as(grantsOf(role, own), own.developer.accountId);
  const page = (organizationId: string, more = '') => `/organizations/${organizationId}/security${more}`;
  const idsOf = (rows: readonly { id: string }[]) => rows.map((row) => row.id).sort();
  const list = async (organizationId: string, more: string) => must(await world().root('GET', page(organizationId, more))).data;

  const PATHS = ['', '/members?finding=vouched_for', '/members/export?finding=password_only', '/admin-tokens', '/upstreams'];

  describe('is read', () => {
    test.each(['platform_admin', 'platform_auditor', 'org_owner', 'org_admin', 'org_auditor'] as const)(
      'by a %s',
      async (role) => {
        for (const path of PATHS) expect((await as(role)('GET', page(own.organizationId, path))).status, path).toBe(200);
      },
    );

    // promise: **Team walls.**
    test.each(['org_billing', 'org_member', 'team_admin', 'team_developer', 'team_viewer'] as const)(
      'not by a %s, and another tenant’s by nobody of this one',
      async (role) => {
        for (const path of PATHS) {
          expect((await as(role)('GET', page(own.organizationId, path))).status, path).toBe(403);
          expect((await as('org_owner')('GET', page(foreign.organizationId, path))).status, path).toBe(404);
          expect((await as(role)('GET', page(foreign.organizationId, path))).status, path).toBe(404);
        }
      },
    );
  });

  describe('finds people', () => {
    test('who were vouched for, while nothing stronger proves their present address', async () => {
      const organization = await makeOrganization(world().root);
      const place = { organizationId: organization.id, boundTo: organization.id };
      const vouched = await memberOf(place, 'org_member');
      const proved = await memberOf(place, 'org_member');
      const moved = await memberOf(place, 'org_member');
      const unproved = await memberOf(place, 'org_member');
      for (const { account } of [vouched, proved, moved])
        must(await world().root('POST', `/accounts/${account.id}/vouch`, { reason: 'told to nobody else' }));
      const at = new Date();
      await addProof(world().deps.db, {
        accountId: proved.account.id,
        address: proved.account.email,
        how: 'mail',
        at,
        by: proved.account,
      });
      await world()
        .deps.db.update(accounts)
        .set({ email: `moved-${moved.account.email}` })
        .where(eq(accounts.id, moved.account.id));
      const answer = await world().root('GET', page(organization.id, '/members?finding=vouched_for'));
      expect(must(answer)).toMatchObject({ total: 1, next_cursor: null });
      expect(answer.body.data).toEqual([
        expect.objectContaining({
          id: vouched.memberId,
          account_id: vouched.account.id,
          email: vouched.account.email,
          role: 'org_member',
          vouched_by: 'root',
          vouched_at: expect.any(String),
        }),
      ]);
      expect(answer.text, 'a reason is the platform’s own').not.toContain('told to nobody else');
      expect(unproved.memberId).not.toBe(vouched.memberId);
    });

    test('whom a password alone lets in: with an authenticator app, without a password, disabled or removed they are not found', async () => {
      const { root, deps } = world();
      const organization = await makeOrganization(root);
      const inside = `/organizations/${organization.id}/members`;
      const [alone, withApp, disabled, removed, begun] = [
        await makeMember(world(), organization.id, 'org_member'),
        await makeMember(world(), organization.id, 'org_admin'),
        await makeMember(world(), organization.id, 'org_member'),
        await makeMember(world(), organization.id, 'org_member'),
        await makeMember(world(), organization.id, 'org_owner'),
      ];
      const app = (userId: string, verified: boolean) =>
        deps.db.insert(twoFactors).values({ id: newId('auth'), userId, secret: 'sealed', backupCodes: 'hashed', verified });
      await app(withApp.account.id, true);
      await app(begun.account.id, false);
      must(await root('PATCH', `${inside}/${disabled.memberId}`, { status: 'disabled' }));
      must(await root('DELETE', `${inside}/${removed.memberId}`));
      const invited = must(await root('POST', '/accounts', { email: `without-${process.pid}@example.com`, name: 'No password' }));
      must(await root('POST', inside, { account_id: invited.id, role: 'org_member' }));
      const found = await list(organization.id, '/members?finding=password_only');
      expect(idsOf(found)).toEqual([alone.memberId, begun.memberId].sort());
      expect(found[0]).toMatchObject({ vouched_by: null, vouched_at: null, passkeys: 0 });
      const only = await list(organization.id, `/members?finding=password_only&search=${alone.account.email}`);
      expect(idsOf(only)).toEqual([alone.memberId]);
    });

    test('in pages, and as a file', async () => {
      const organization = await makeOrganization(world().root);
      const made: string[] = [];
      for (let count = 0; count < 3; count += 1) made.push((await makeMember(world(), organization.id, 'org_member')).memberId);
      const path = '/members?finding=password_only';
      const first = must(await world().root('GET', page(organization.id, `${path}&limit=2`)));
      expect([first.data.length, first.total]).toEqual([2, 3]);
      const second = must(await world().root('GET', page(organization.id, `${path}&limit=2&cursor=${first.next_cursor}`)));
      expect(idsOf([...first.data, ...second.data])).toEqual(made.toSorted());
      const file = readCsv((await world().root('GET', page(organization.id, '/members/export?finding=password_only'))).text);
      expect(file.map((line) => line.member_id).sort()).toEqual(made.toSorted());
      expect((await world().root('GET', page(organization.id, '/members'))).status, 'which finding').toBe(400);
    });
  });

  test('finds admin tokens of the organization that nobody owns, and none that ended', async () => {
    const { deps, root, time } = world();
    const [organization, other] = [await makeOrganization(root), await makeOrganization(root)];
    const unowned = async (organizationId: string | null, endsInDays: number) => {
      const id = newId('adm');
      await deps.db.insert(adminTokens).values({
        id,
        name: 'of before',
        role: organizationId === null ? 'platform_admin' : 'org_admin',
        organizationId,
        hash: Buffer.from(id),
        lastFour: 'last',
        createdBy: 'start',
        unownedEndsAt: new Date(time.nowMs + endsInDays * DAY_MS),
      });
      return id;
    };
    const id = await unowned(organization.id, 30);
    for (const [place, days] of [[organization.id, -1] as const, [other.id, 30] as const, [null, 30] as const])
      await unowned(place, days);
    must(await root('POST', '/admin-tokens', { name: 'owned', role: 'org_admin', organization_id: organization.id }));
    const found = await list(organization.id, '/admin-tokens');
    expect(found).toEqual([expect.objectContaining({ id, role: 'org_admin', last_four: 'last', last_used_at: null })]);
    expect(Date.parse(found[0].ends_at)).toBe(time.nowMs + 30 * DAY_MS);
    expect(must(await root('GET', page(organization.id))).unowned_admin_tokens).toBe(1);
    expect(must(await root('GET', page(other.id))).unowned_admin_tokens).toBe(1);
  });

  // promise: A public upstream begins with `https://`; one that was stored
  test('finds the models that the organization may call and whose requests may leave without TLS, and never says where to', async () => {
    const { deps, root } = world();
    const made = `${process.pid}-${Date.now()}`;
    const credential = async (name: string, baseUrl: string | null) => {
      const { id } = must(
        await root('POST', '/credentials', { name: `${name}-${made}`, provider: 'openai', api_key: 'sk-0123456789' }),
      );
      await deps.db.update(credentials).set({ baseUrl }).where(eq(credentials.id, id));
      return id as string;
    };
    const plain = await credential('plain', 'http://models.example.com/v1');
    const listed = await credential('listed', 'http://vllm.internal:8000/v1');
    const safe = await credential('safe', null);
    const deployment = async (model: string, credential_id: string, more: object = {}) =>
      must(await root('POST', '/deployments', { model, provider: 'openai', upstream_model: 'gpt-5', credential_id, ...more })).id;
    const [mixed, hidden, off, inside] = ['mixed', 'hidden', 'off', 'inside'].map((name) => `${name}-${made}`) as [
      string,
      string,
      string,
      string,
    ];
    await deployment(mixed, plain);
    await deployment(mixed, safe);
    const member = await deployment(hidden, plain);
    must(await root('PATCH', `/deployments/${await deployment(off, plain)}`, { enabled: false }));
    await deployment(inside, listed);
    const group = `group-${made}`;
    must(await root('POST', '/route-groups', { key: group, members: [{ deployment_id: member, weight: 1, priority: 0 }] }));
    const organization = await makeOrganization(root, {
      asset_access: { mode: 'selected', targets: [mixed, off, inside, group] },
    });
    const answer = await root('GET', page(organization.id, '/upstreams'));
    expect(must(answer)).toEqual({
      data: [
        { id: group, kind: 'route_group', deployments: 1, plain_deployments: 1 },
        { id: mixed, kind: 'model', deployments: 2, plain_deployments: 1 },
      ],
      next_cursor: null,
      total: 2,
    });
    expect(answer.text).not.toContain('example.com');
    const first = must(await root('GET', page(organization.id, '/upstreams?limit=1')));
    expect([idsOf(first.data), first.total]).toEqual([[group], 2]);
    const rest = must(await root('GET', page(organization.id, `/upstreams?limit=1&cursor=${first.next_cursor}`)));
    expect([idsOf(rest.data), rest.next_cursor]).toEqual([[mixed], null]);
    expect((await root('GET', page(organization.id, '/upstreams?cursor=made-up'))).status).toBe(400);
    expect(must(await root('GET', page(organization.id))).plain_targets).toBe(2);
  });

  describe('finds keys that nobody has used for 90 days', () => {
    test('of all teams for who reads all of them, of their own team for who does not', async () => {
      const { deps, root, time } = world();
      const before = must(await root('GET', page(own.organizationId))).unused_keys;
      const key = async (team: TeamPlace, columns: object) => {
        const { id } = must(await root('POST', '/keys', { team_id: team.teamId, name: `old ${team.teamName}` }));
        await deps.db.update(keys).set(columns).where(eq(keys.id, id));
        return id as string;
      };
      const daysAgo = (days: number) => new Date(time.nowMs - days * DAY_MS);
      const neverUsed = await key(own, { createdAt: daysAgo(91) });
      const usedLongAgo = await key(sibling, { createdAt: daysAgo(400), lastUsedAt: daysAgo(90.5) });
      const elsewhere = await key(foreign, { createdAt: daysAgo(400) });
      const usedLately = await key(own, { createdAt: daysAgo(400), lastUsedAt: daysAgo(89) });
      const fresh = await key(own, { createdAt: daysAgo(0) });
      const disabled = await key(own, { createdAt: daysAgo(400), status: 'disabled' });
      const expired = await key(own, { createdAt: daysAgo(400), expiresAt: daysAgo(1) });
      const asked = async (role: Role, path: string) => idsOf(must(await as(role)('GET', path)).data);
      const inside = `/organizations/${own.organizationId}/keys?unused_days=90&limit=200`;
      const found = await asked('org_auditor', inside);
      expect(found).toEqual([neverUsed, usedLongAgo].sort());
      for (const other of [elsewhere, usedLately, fresh, disabled, expired]) expect(found).not.toContain(other);
      expect(await asked('team_admin', inside)).toEqual([neverUsed]);
      expect(await asked('team_admin', '/keys?unused_days=90&limit=200')).toEqual([neverUsed]);
      const file = readCsv((await as('org_owner')('GET', '/keys/export?unused_days=90')).text);
      expect(file.map((line) => line.id).sort()).toEqual([neverUsed, usedLongAgo].sort());
      expect(must(await root('GET', page(own.organizationId)))).toMatchObject({ unused_keys: before + 2, unused_days: 90 });
      expect((await root('GET', '/keys?unused_days=0')).status).toBe(400);
    });
  });

  test('counts what its lists hold', async () => {
    const organization = await makeOrganization(world().root, { asset_access: { mode: 'selected', targets: [] } });
    const nothing = {
      vouched_for: 0,
      password_only: 0,
      unowned_admin_tokens: 0,
      plain_targets: 0,
      unused_keys: 0,
      unused_days: 90,
    };
    expect(must(await world().root('GET', page(organization.id)))).toEqual(nothing);
    const { account } = await memberOf({ organizationId: organization.id, boundTo: organization.id }, 'org_owner');
    must(await world().root('POST', `/accounts/${account.id}/vouch`, { reason: 'known' }));
    expect(must(await world().root('GET', page(organization.id)))).toEqual({ ...nothing, vouched_for: 1, password_only: 1 });
  });

  /** A member whose address nobody has proved yet. */
  async function memberOf({ organizationId, boundTo }: { organizationId: string; boundTo: string }, role: string) {
    const account = await makePerson(world(), { boundTo });
    const member = must(await world().root('POST', `/organizations/${organizationId}/members`, { account_id: account.id, role }));
    return { account, memberId: member.id as string };
  }
});
