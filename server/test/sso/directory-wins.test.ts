/** One place, two sources: groups of the SCIM directory, and groups at sign-in. The directory wins, and nothing is lost between them. */
import { and, eq } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { applyQueued } from '../../src/admin/scim/directory-roles.ts';
import * as roleQueue from '../../src/store/identity/scim-role-queue.ts';
import { groupMappings, memberships, scimRoleQueue, teamMembers } from '../../src/store/schema.ts';
import { must, withAdmin } from '../admin/support.ts';
import { browse } from '../identity/support.ts';
import { directoryOf, makeGroup, makeOwner, mapGroup, mustScim, patchBody, personBody, type Site } from '../scim/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { arrive, codeOf, makeTenant, PUBLIC_URL, type Tenant, useWorld } from './support.ts';

onOneDatabase('The roles of a directory and of sign-ins', (given) => {
  const world = withAdmin(given, { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING } });

  beforeEach(() => {
    useWorld(world()).time.nowMs = Date.now();
  });

  /** An organization with a provider that sends groups, a directory, a team, and an owner in whose name mappings are. */
  async function makePlace() {
    const { root } = world();
    const tenant = await makeTenant(world(), { groups_claim: 'groups' });
    const { token } = must(await root('POST', `/organizations/${tenant.id}/scim-tokens`, { name: 'Okta' }));
    const site: Site = {
      ...{ organizationId: tenant.id, domain: tenant.domain, token },
      scim: directoryOf(world().address, token),
    };
    const team = must(await root('POST', `/organizations/${tenant.id}/teams`, { name: 'Engineering' })).id as string;
    const editor = await makeOwner(world(), tenant.id);
    return { tenant, site, team, editor, createdBy: editor.accountId };
  }

  type Place = Awaited<ReturnType<typeof makePlace>>;

  /** Signs somebody in. Returns the member's id. */
  async function signIn({ tenant }: Pick<Place, 'tenant'>, name: string, groups: readonly string[] | null): Promise<string> {
    const email = `${name}@${tenant.domain}`;
    expect(codeOf(await arrive(browse(world()), tenant.idp, { subject: name, email, groups }))).toBeNull();
    const { data } = must(await world().root('GET', `/organizations/${tenant.id}/members?limit=200`));
    return data.find((one: { email: string }) => one.email === email).id;
  }

  /** Makes somebody a person of the directory. */
  const direct = async ({ site }: Place, name: string): Promise<string> =>
    mustScim(await site.scim('POST', '/Users', personBody(`${name}@${site.domain}`, { externalId: name }))).id;

  async function move({ site }: Place, op: 'add' | 'remove', group: string, id: string): Promise<void> {
    const operation = patchBody({ op, path: 'members', value: [{ value: id }] });
    expect((await site.scim('PATCH', `/Groups/${group}`, operation)).status).toBe(204);
  }

  /** Adds a mapping of the sign-in. Returns what removes it. */
  async function mapSignIn({ tenant }: Place, gives: object, value = 'engineering'): Promise<() => Promise<void>> {
    const path = `/organizations/${tenant.id}/group-mappings`;
    const { id } = must(await world().root('POST', path, { source: tenant.idp, value, ...gives }));
    return async () => expect((await world().root('DELETE', `${path}/${id}`)).status).toBe(204);
  }

  const workOut = () => applyQueued(world().deps, () => {});

  /** Returns the member's roles, each with who gave it. */
  async function rolesOf({ tenant }: { readonly tenant: Tenant }, id: string): Promise<readonly (string | null)[]> {
    const { db } = world().deps;
    const [member] = await db
      .select()
      .from(memberships)
      .where(and(eq(memberships.organizationId, tenant.id), eq(memberships.id, id)));
    const teams = await db
      .select()
      .from(teamMembers)
      .where(and(eq(teamMembers.organizationId, tenant.id), eq(teamMembers.membershipId, id)));
    const by = (source: string | null) => (source === tenant.idp ? 'sign-in' : (source ?? 'hand'));
    return [member, ...teams].map((row) => (row === undefined ? null : `${row.role} by ${by(row.managedBy)}`));
  }

  /** Makes a key of the person in the team. Returns what reads its state. */
  async function makeKey({ tenant, team }: Place, memberId: string): Promise<() => Promise<string>> {
    const { root } = world();
    const { account_id } = must(await root('GET', `/organizations/${tenant.id}/members/${memberId}`));
    const { id } = must(await root('POST', '/keys', { team_id: team, name: 'own', owner: { account_id } }));
    return async () => must(await root('GET', `/keys/${id}`)).status;
  }

  describe('where the sign-in came first', () => {
    test('the directory takes a team over, and the person keeps role and keys when the mapping of the sign-in goes', async () => {
      const place = await makePlace();
      const { site, team, createdBy } = place;
      const unmap = await mapSignIn(place, { team_id: team, team_role: 'team_developer' });
      const id = await signIn(place, 'ada', ['engineering']);
      const keyState = await makeKey(place, id);
      expect(await rolesOf(place, id)).toEqual(['org_member by sign-in', 'team_developer by sign-in']);
      expect(await direct(place, 'ada')).toBe(id);
      const group = await makeGroup(site, 'engineering', id);
      await mapGroup(world(), site, { group, teamId: team, teamRole: 'team_developer', createdBy });
      expect(await workOut()).toBe(1);
      expect(await rolesOf(place, id)).toEqual(['org_member by sign-in', 'team_developer by scim']);
      await unmap();
      await signIn(place, 'ada', ['engineering']);
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual([
        ...['active', 'org_member by sign-in', 'team_developer by scim'],
      ]);
      const { data } = must(
        await world().root('GET', `/organizations/${site.organizationId}/audit-events?object_type=team_member&limit=50`),
      );
      expect(data.map(({ action, before, after }: Record<string, unknown>) => ({ action, before, after }))).toEqual([
        {
          action: 'team_member.update',
          before: { managed_by: place.tenant.idp },
          after: { managed_by: 'scim' },
        },
        { action: 'team_member.add', before: null, after: { role: 'team_developer', managed_by: place.tenant.idp } },
      ]);
      // What the directory stops giving ends with its keys, and a sign-in may give it again.
      await move(place, 'remove', group, id);
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual(['revoked', 'org_member by sign-in']);
      await signIn(place, 'ada', ['engineering']);
      expect(await rolesOf(place, id)).toEqual(['org_member by sign-in']);
      await mapSignIn(place, { team_id: team, team_role: 'team_viewer' });
      await signIn(place, 'ada', ['engineering']);
      expect(await rolesOf(place, id)).toEqual(['org_member by sign-in', 'team_viewer by sign-in']);
    });

    test('the directory takes the default role over, and gives its own, also a weaker one in a team', async () => {
      const place = await makePlace();
      const { site, team, createdBy } = place;
      await mapSignIn(place, { team_id: team, team_role: 'team_admin' });
      const id = await signIn(place, 'ada', ['engineering']);
      await direct(place, 'ada');
      const group = await makeGroup(site, 'admins');
      await mapGroup(world(), site, { group, role: 'org_admin', createdBy });
      await mapGroup(world(), site, { group, teamId: team, teamRole: 'team_viewer', createdBy });
      await move(place, 'add', group, id);
      expect(await rolesOf(place, id)).toEqual(['org_admin by scim', 'team_viewer by scim']);
      await signIn(place, 'ada', ['engineering']);
      await signIn(place, 'ada', []);
      expect(await rolesOf(place, id)).toEqual(['org_admin by scim', 'team_viewer by scim']);
      const { data } = must(
        await world().root('GET', `/organizations/${site.organizationId}/audit-events?action=member.update&limit=50`),
      );
      expect(data[0]).toMatchObject({
        before: { role: 'org_member', managed_by: place.tenant.idp },
        after: { role: 'org_admin', managed_by: 'scim' },
      });
      // The whole group goes. The role is taken away, and the next sign-in gives its own.
      expect((await site.scim('DELETE', `/Groups/${group}`)).status).toBe(204);
      expect(await rolesOf(place, id)).toEqual(['org_member by scim']);
      await mapSignIn(place, { role: 'org_auditor' });
      await signIn(place, 'ada', ['engineering']);
      expect(await rolesOf(place, id)).toEqual(['org_auditor by sign-in', 'team_admin by sign-in']);
    });
  });

  test('where the directory came first, a sign-in changes nothing that it gives, and gives what it does not', async () => {
    const place = await makePlace();
    const { site, team, createdBy } = place;
    const id = await direct(place, 'ada');
    const group = await makeGroup(site, 'engineering', id);
    await mapGroup(world(), site, { group, teamId: team, teamRole: 'team_developer', createdBy });
    await workOut();
    await mapSignIn(place, { team_id: team, team_role: 'team_admin' });
    await mapSignIn(place, { role: 'org_billing' });
    expect(await rolesOf(place, id)).toEqual(['org_member by scim', 'team_developer by scim']);
    expect(await signIn(place, 'ada', ['engineering'])).toBe(id);
    expect(await rolesOf(place, id)).toEqual(['org_billing by sign-in', 'team_developer by scim']);
    await mapGroup(world(), site, { group, role: 'org_auditor', createdBy });
    await workOut();
    expect(await rolesOf(place, id)).toEqual(['org_auditor by scim', 'team_developer by scim']);
    await signIn(place, 'ada', ['engineering']);
    await signIn(place, 'ada', []);
    expect(await rolesOf(place, id)).toEqual(['org_auditor by scim', 'team_developer by scim']);
  });

  describe('a sign-in loses nothing that a group of the directory gives', () => {
    /** Somebody with a role of the sign-in alone, who is in a group of the directory that nobody worked out. */
    async function behind() {
      const place = await makePlace();
      const { site, team, createdBy } = place;
      const unmap = await mapSignIn(place, { team_id: team, team_role: 'team_developer' });
      const id = await signIn(place, 'ada', ['engineering']);
      const keyState = await makeKey(place, id);
      await direct(place, 'ada');
      const group = await makeGroup(site, 'engineering', id);
      const gives = { group, teamId: team, teamRole: 'team_developer', createdBy } as const;
      await mapGroup(world(), site, gives);
      await mapGroup(world(), site, { group, role: 'org_admin', createdBy });
      expect(await rolesOf(place, id)).toEqual(['org_member by sign-in', 'team_developer by sign-in']);
      return { place, id, keyState, unmap, group };
    }
    const HEALED = ['active', 'org_admin by scim', 'team_developer by scim'];

    test('while the queue is behind', async () => {
      const { place, id, keyState, unmap } = await behind();
      await unmap();
      await signIn(place, 'ada', ['engineering']);
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual(HEALED);
      await workOut();
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual(HEALED);
    });

    test('if the version before worked out the roles and left them to the sign-in', async () => {
      const { place, id, keyState, unmap } = await behind();
      await world().deps.db.delete(scimRoleQueue).where(eq(scimRoleQueue.organizationId, place.tenant.id));
      await unmap();
      await signIn(place, 'ada', []);
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual(HEALED);
    });

    test('and without a sign-in, the daily job finds such people once', async () => {
      const { place, id, keyState } = await behind();
      const { db } = world().deps;
      const waiting = () => roleQueue.countWaiting(db, place.tenant.id);
      await db.delete(scimRoleQueue);
      await roleQueue.queueTakeovers(db, 1_000);
      expect(await waiting()).toBe(1);
      await workOut();
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual(HEALED);
      // Neither what is healed nor what a person gave is found.
      await db.update(memberships).set({ managedBy: null }).where(eq(memberships.id, id));
      await db.update(teamMembers).set({ managedBy: null }).where(eq(teamMembers.membershipId, id));
      await roleQueue.queueTakeovers(db, 1_000);
      expect(await waiting()).toBe(0);
    });

    test('and gives back what the version before lost, also without a list of groups', async () => {
      const { place, id, unmap } = await behind();
      const { db } = world().deps;
      await db.delete(scimRoleQueue).where(eq(scimRoleQueue.organizationId, place.tenant.id));
      await db.delete(teamMembers).where(eq(teamMembers.membershipId, id));
      await unmap();
      await signIn(place, 'ada', null);
      expect(await rolesOf(place, id)).toEqual(['org_admin by scim', 'team_developer by scim']);
      const { data } = must(
        await world().root('GET', `/organizations/${place.tenant.id}/audit-events?action=team_member.add&limit=1`),
      );
      expect(data[0].actor).toMatchObject({ name: 'SCIM directory' });
    });

    test('while its mapping is on hold: who has the role keeps it, and nobody gets it', async () => {
      const { place, id, keyState, unmap, group } = await behind();
      await makeOwner(world(), place.tenant.id);
      const editor = `/organizations/${place.tenant.id}/members/${place.editor.memberId}`;
      must(await world().root('PATCH', editor, { role: 'org_member' }));
      const late = await direct(place, 'late');
      await move(place, 'add', group, late);
      await unmap();
      await signIn(place, 'ada', []);
      await signIn(place, 'late', []);
      // A role that the sign-in gave is the directory's from now on; one above it was never given.
      expect([await keyState(), ...(await rolesOf(place, id))]).toEqual([
        ...['active', 'org_member by sign-in', 'team_developer by scim'],
      ]);
      expect(await rolesOf(place, late)).toEqual(['org_member by scim']);
    });
  });

  test('what a person gave stays in every order, and the last owner stays owner', async () => {
    const place = await makePlace();
    const { site, team, tenant, createdBy } = place;
    const { root } = world();
    const unmap = await mapSignIn(place, { team_id: team, team_role: 'team_admin' });
    const unmapRole = await mapSignIn(place, { role: 'org_admin' });
    const id = await signIn(place, 'ada', ['engineering']);
    must(await root('PATCH', `/organizations/${tenant.id}/members/${id}`, { role: 'org_auditor' }));
    must(await root('PATCH', `/teams/${team}/members/${id}`, { role: 'team_viewer' }));
    const byHand = ['org_auditor by hand', 'team_viewer by hand'];
    await direct(place, 'ada');
    const group = await makeGroup(site, 'engineering', id);
    await mapGroup(world(), site, { group, teamId: team, teamRole: 'team_developer', createdBy });
    await mapGroup(world(), site, { group, role: 'org_owner', createdBy });
    await workOut();
    expect(await rolesOf(place, id)).toEqual(byHand);
    await signIn(place, 'ada', ['engineering']);
    await unmap();
    await unmapRole();
    await signIn(place, 'ada', []);
    expect(await rolesOf(place, id)).toEqual(byHand);
    await move(place, 'remove', group, id);
    await signIn(place, 'ada', []);
    expect(await rolesOf(place, id)).toEqual(byHand);

    await mapSignIn(place, { role: 'org_owner' }, 'owners');
    const last = await signIn(place, 'last', ['owners']);
    await direct(place, 'last');
    must(await root('PATCH', `/organizations/${tenant.id}/members/${place.editor.memberId}`, { role: 'org_admin' }));
    const admins = await makeGroup(site, 'admins');
    await mapGroup(world(), site, { group: admins, role: 'org_admin', createdBy });
    await move(place, 'add', admins, last);
    await signIn(place, 'last', []);
    expect(await rolesOf(place, last)).toEqual(['org_owner by sign-in']);
  });

  test('sign-ins and changes of the directory at once do not wait for each other in a circle', async () => {
    const place = await makePlace();
    const { site, tenant } = place;
    const id = await direct(place, 'ada');
    await signIn(place, 'ada', []);
    const rename = (name: string) => patchBody({ op: 'replace', path: 'displayName', value: name });
    const told: (number | string | null)[] = [];
    for (let round = 0; round < 8; round += 1) {
      const said = { subject: 'ada', email: `ada@${tenant.domain}`, groups: round % 2 === 0 ? null : [] };
      const [came, changed] = await Promise.all([
        arrive(browse(world()), tenant.idp, said),
        site.scim('PATCH', `/Users/${id}`, rename(`Ada ${round}`)),
        site.scim('PATCH', `/Users/${id}`, rename(`Ada again ${round}`)),
      ]);
      told.push(codeOf(came), changed.status);
    }
    expect(told).toEqual(Array.from({ length: 8 }, () => [null, 200]).flat());
  });

  test('a directory takes over in its own organization alone, and a disabled person stays disabled', async () => {
    const [one, two] = [await makePlace(), await makePlace()];
    const ids: string[] = [];
    for (const place of [one, two]) {
      await mapSignIn(place, { team_id: place.team, team_role: 'team_developer' });
      ids.push(await signIn(place, 'ada', ['engineering']));
    }
    const [mine, theirs] = ids as [string, string];
    await direct(one, 'ada');
    await direct(two, 'ada');
    const group = await makeGroup(one.site, 'engineering', mine);
    await mapGroup(world(), one.site, { group, teamId: one.team, teamRole: 'team_viewer', createdBy: one.createdBy });
    // A mapping that names a group of the other organization gives nothing.
    await world()
      .deps.db.insert(groupMappings)
      .values({
        ...{ organizationId: two.tenant.id, id: 'map_foreign', source: 'scim', value: group, role: 'org_admin' },
        createdBy: two.createdBy,
      });
    await workOut();
    await signIn(two, 'ada', ['engineering']);
    expect(await rolesOf(one, mine)).toEqual(['org_member by sign-in', 'team_viewer by scim']);
    expect(await rolesOf(two, theirs)).toEqual(['org_member by sign-in', 'team_developer by sign-in']);

    const off = patchBody({ op: 'replace', path: 'active', value: false });
    mustScim(await one.site.scim('PATCH', `/Users/${mine}`, off));
    const email = `ada@${one.tenant.domain}`;
    const refused = await arrive(browse(world()), one.tenant.idp, { subject: 'ada', email, groups: ['engineering'] });
    expect(codeOf(refused)).toBe('membership_disabled');
    const member = must(await world().root('GET', `/organizations/${one.tenant.id}/members/${mine}`));
    expect(member).toMatchObject({ status: 'disabled', teams: [{ role: 'team_viewer' }] });
  });
});
