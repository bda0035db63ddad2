import { describe, expect, test } from 'vitest';
import { makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { makePerson, signedIn } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { makeMember } from './support.ts';

const DAY_MS = 86_400_000;

describe('members, in sessions of their own', () => {
  const world = withAdmin(withDatabase());

  async function inTeam(role: string, selfService: object = { enabled: true }) {
    const { root } = world();
    const { organization, team } = await makeTeam(root, {}, { self_service: selfService });
    const account = await makePerson(world());
    const member = must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role }));
    return { organization, team, account, memberId: member.member_id as string, browser: await signedIn(world(), account) };
  }

  test('who is removed loses the organization in the session they have open, and nothing else', async () => {
    const { root } = world();
    const { organization, team, account, memberId, browser } = await inTeam('team_developer');
    const elsewhere = await makeOrganization(root);
    must(await root('POST', `/organizations/${elsewhere.id}/members`, { account_id: account.id, role: 'org_member' }));
    const own = { team_id: team.id, name: 'mine', owner: { account_id: account.id } };
    const key = must(await browser('POST', '/keys', own));
    expect((await browser('GET', `/teams/${team.id}`)).status).toBe(200);
    must(await root('DELETE', `/organizations/${organization.id}/members/${memberId}`));
    for (const path of [`/organizations/${organization.id}`, `/teams/${team.id}`, `/keys/${key.id}`]) {
      expect((await browser('GET', path)).status).toBe(404);
    }
    expect((await browser('POST', '/keys', own)).status).toBe(404);
    const { memberships } = must(await browser('GET', '/session'));
    expect(memberships.map((one: { organization_id: string }) => one.organization_id)).toEqual([elsewhere.id]);
    expect(must(await root('GET', `/keys/${key.id}`)).status).toBe('revoked');
  });

  test('a removal’s report refuses what the removal would refuse, and changes nothing', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const owner = await makeMember(world(), organization.id, 'org_owner');
    const path = `/organizations/${organization.id}/members/${owner.memberId}`;
    expect((await root('DELETE', `${path}?dry_run=true`)).status).toBe(409);
    const { organization: place, team, account, memberId } = await inTeam('team_developer');
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
    const at = `/organizations/${place.id}/members/${memberId}?dry_run=true`;
    expect((await root('DELETE', `${at}&reassign_keys_to=${memberId}`)).status).toBe(400);
    const report = must(await root('DELETE', `${at}&reassign_keys_to=team_default`));
    expect(report).toMatchObject({ dry_run: true, keys_reassigned: [key.id], keys_revoked: [], teams_left: [team.id] });
    expect(must(await root('GET', `/teams/${team.id}/service-accounts`)).data).toEqual([]);
    expect(must(await root('GET', `/keys/${key.id}`)).owner.account_id).toBe(account.id);
    const actions = must(await root('GET', `/audit-events?organization_id=${place.id}`)).data;
    expect(actions.map((event: { action: string }) => event.action)).not.toContain('member.remove');
  });

  test('a report on a service account refuses the new owner that its deletion would refuse, and changes nothing', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const next = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Next' }));
    const service = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'ci' }));
    const stranger = must(await root('POST', `/teams/${next.id}/service-accounts`, { name: 'of another team' }));
    const owner = { service_account_id: service.id };
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner }));
    const path = `/service-accounts/${service.id}`;
    for (const heir of [stranger.id, service.id, 'svc_nobody']) {
      const refused = await root('DELETE', `${path}?dry_run=true&reassign_keys_to=${heir}`);
      expect([heir, refused.status, refused.body.errors]).toEqual([
        heir,
        400,
        [{ pointer: '?reassign_keys_to', message: expect.stringContaining(key.id) }],
      ]);
      expect((await root('DELETE', `${path}?reassign_keys_to=${heir}`)).status).toBe(400);
    }
    const report = must(await root('DELETE', `${path}?dry_run=true&reassign_keys_to=team_default`));
    expect(report).toMatchObject({ dry_run: true, keys_reassigned: [key.id], keys_revoked: [] });
    expect(must(await root('DELETE', `${path}?dry_run=true`)).keys_revoked).toEqual([key.id]);
    const ofTeam = must(await root('GET', `/teams/${team.id}/service-accounts`)).data;
    expect(
      ofTeam.map((one: { id: string }) => one.id),
      'the default account was not made',
    ).toEqual([service.id]);
    expect(must(await root('GET', `/keys/${key.id}`)).owner).toMatchObject(owner);
    expect(must(await root('DELETE', `${path}?reassign_keys_to=team_default`)).keys_reassigned).toEqual([key.id]);
  });

  test('a role taken away is gone from the open session with the next call', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    await makeMember(world(), organization.id, 'org_owner');
    const { account, memberId } = await makeMember(world(), organization.id, 'org_owner');
    const browser = await signedIn(world(), account);
    const rename = () => browser('PATCH', `/organizations/${organization.id}`, { name: 'Renamed' });
    expect((await rename()).status).toBe(200);
    must(await root('PATCH', `/organizations/${organization.id}/members/${memberId}`, { role: 'org_member' }));
    expect((await rename()).status).toBe(403);
  });

  test('nobody changes their own limits, and nobody hides in a body what is not theirs to set', async () => {
    const { root } = world();
    const organization = await makeOrganization(root);
    const { account, memberId } = await makeMember(world(), organization.id, 'org_owner');
    const browser = await signedIn(world(), account);
    const path = `/organizations/${organization.id}/members/${memberId}`;
    for (const body of [{ rate_limits: { rpm: 9 } }, { budgets: [] }, { asset_access: { mode: 'inherit' } }]) {
      expect((await browser('PATCH', path, body)).status).toBe(403);
    }
    for (const body of [{ organization_id: 'org_x' }, { account_id: 'acct_x' }, { is_platform_admin: true }]) {
      expect((await browser('PATCH', path, body)).status).toBe(400);
    }
    expect((await root('PATCH', path, { rate_limits: { rpm: 9 } })).status).toBe(200);
  });

  test('are listed with their teams and when they were last here', async () => {
    const { organization, team, memberId, browser } = await inTeam('team_viewer');
    must(await browser('GET', '/session'));
    await makeMember(world(), organization.id, 'org_member');
    const { data } = must(await world().root('GET', `/organizations/${organization.id}/members`));
    const [seen, never] = [memberId, null].map((id) =>
      data.find((row: { id: string }) => (id === null ? row.id !== memberId : row.id === id)),
    );
    expect(seen).toMatchObject({ teams: [{ team_id: team.id, role: 'team_viewer' }] });
    expect(Date.parse(seen.last_seen_at)).not.toBeNaN();
    expect(never.last_seen_at).toBeNull();
  });

  test('a developer makes keys of their own within the team’s policy, and is told beforehand what it is', async () => {
    const policy = { enabled: true, max_keys_per_member: 2, max_expiry_days: 30, max_budget: '10.00' };
    const { root } = world();
    const { team, account, browser } = await inTeam('team_developer', policy);
    const told = async () => must(await browser('GET', `/teams/${team.id}/self-service`));
    expect(await told()).toEqual({
      enabled: true,
      reason: null,
      keys_left: 2,
      budget_max: { amount: '10.00', period: 'month' },
      budget_left: '10.00',
      expiry_required: true,
      max_expiry_days: 30,
    });
    const soon = new Date(world().time.nowMs + 10 * DAY_MS).toISOString();
    const late = new Date(world().time.nowMs + 31 * DAY_MS).toISOString();
    const good = {
      team_id: team.id,
      name: 'mine',
      owner: { account_id: account.id },
      expires_at: soon,
      budgets: [{ amount: '3.00', period: 'month' }],
    };
    const bad: readonly (readonly [object, number])[] = [
      [{ expires_at: null }, 400],
      [{ expires_at: late }, 400],
      [{ budgets: [] }, 400],
      [{ budgets: [{ amount: '10.01', period: 'month' }] }, 400],
      [{ budgets: [{ amount: '10.00', period: 'rolling', hours: 1 }] }, 400],
      [{ budgets: [{ amount: '1.00', period: 'month', action: 'alert' }] }, 400],
      [{ owner: undefined }, 403],
    ];
    for (const [change, status] of bad) {
      const answer = await browser('POST', '/keys', { ...good, ...change });
      expect([change, answer.status]).toEqual([change, status]);
    }
    const key = must(await browser('POST', '/keys', good));
    must(await browser('POST', '/keys', good));
    expect(await told()).toMatchObject({ enabled: false, keys_left: 0, reason: expect.stringContaining('the most keys') });
    expect((await browser('POST', '/keys', good)).status).toBe(403);
    // A key of one's own cannot be lifted out of the policy afterwards.
    for (const change of [{ expires_at: late }, { expires_at: null }, { budgets: [] }, { rate_limits: { rpm: 9 } }]) {
      expect((await browser('PATCH', `/keys/${key.id}`, change)).status).toBe(403);
    }
    expect((await browser('POST', `/keys/${key.id}/rotate`)).status).toBe(200);
    expect((await browser('DELETE', `/keys/${key.id}`)).status).toBe(204);
    expect(await told()).toMatchObject({ enabled: true, keys_left: 1, budget_left: '4.00' });
    must(await browser('POST', '/keys', { ...good, budgets: [{ amount: '4.00', period: 'month' }] }));
    must(await root('PATCH', `/teams/${team.id}`, { self_service: { max_keys_per_member: 9 } }));
    expect(await told()).toMatchObject({
      enabled: false,
      budget_left: '0.00',
      reason: expect.stringContaining('Keys revoked in this period'),
    });
  });

  test('who may not is told why: switched off, a viewer, not in the team, an admin token; an admin is not bound', async () => {
    const { root } = world();
    const reasonFor = async (who: typeof root, teamId: string) => must(await who('GET', `/teams/${teamId}/self-service`)).reason;
    const off = await inTeam('team_developer', { enabled: false });
    expect(await reasonFor(off.browser, off.team.id)).toContain('may not create their own keys');
    const viewer = await inTeam('team_viewer');
    expect(await reasonFor(viewer.browser, viewer.team.id)).toContain('role');
    const outside = await makeMember(world(), off.organization.id, 'org_billing');
    expect(await reasonFor(await signedIn(world(), outside.account), off.team.id)).toContain('not an active member');
    const walled = await signedIn(world(), (await makeMember(world(), off.organization.id, 'org_member')).account);
    expect((await walled('GET', `/teams/${off.team.id}/self-service`)).status).toBe(403);
    expect(await reasonFor(root, off.team.id)).toContain('admin token');
    const admin = await inTeam('team_admin', { enabled: false });
    expect(must(await admin.browser('GET', `/teams/${admin.team.id}/self-service`))).toMatchObject({
      enabled: true,
      keys_left: null,
    });
    expect((await viewer.browser('GET', `/teams/${off.team.id}/self-service`)).status).toBe(404);
  });
});
