/** Nobody raises their own cap: every route that could, as oneself, by a token, by moving a key, by a group, by a service account. */
import { beforeAll, expect, test } from 'vitest';
import { signedIn } from '../identity/support.ts';
import { makeMember } from '../invitations/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { upstream } from './catalogue-support.ts';
import { waysToRaise } from './own-cap-ways.ts';
import { type Client, makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('an owner of an organization who has a cap', (given) => {
  const world = withAdmin(given, { upstream });
  let place: Awaited<ReturnType<typeof makePlace>>;
  beforeAll(async () => {
    place = await makePlace();
  });

  async function makePlace() {
    const { root, withToken } = world();
    must(await root('POST', '/deployments', { model: 'capped', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' }));
    const { organization, team } = await makeTeam(root);
    const next = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Next' }));
    const { account, memberId } = await makeMember(world(), organization.id, 'org_owner');
    const friend = await makeMember(world(), organization.id, 'org_owner');
    for (const teamId of [team.id, next.id]) {
      for (const { id } of [account, friend.account]) {
        must(await root('POST', `/teams/${teamId}/members`, { account_id: id, role: 'team_developer' }));
      }
    }
    const at = `/organizations/${organization.id}/members/${memberId}`;
    const restricted = { mode: 'restrict', targets: [], access_groups: ['granted'] };
    must(await root('POST', '/access-groups', { key: 'granted', name: 'Granted' }));
    must(await root('PATCH', at, { rate_limits: { rpm: 1 }, asset_access: restricted }));
    const body = { team_id: team.id, name: 'own', owner: { account_id: account.id }, rate_limits: { rpm: 1 } };
    const key = must(await root('POST', '/keys', { ...body, asset_access: restricted }));
    const session: Client = await signedIn(world(), account);
    const role = { name: 't', role: 'org_owner', organization_id: organization.id };
    const own = withToken(must(await session('POST', '/admin-tokens', role)).token);
    const ofOwn = withToken(must(await own('POST', '/admin-tokens', role)).token);
    const make = async (responsible: string) => {
      const path = `/organizations/${organization.id}/service-accounts`;
      const made = must(await session('POST', path, { name: 'ops', responsible_account_id: responsible }));
      return withToken(must(await session('POST', '/admin-tokens', { ...role, service_account_id: made.id })).token);
    };
    const actors = {
      'their session': session,
      'a token of theirs': own,
      'a token made by it': ofOwn,
      'a machine they answer for': await make(account.id),
      'a machine whose token they made': await make(friend.account.id),
    };
    return { organization, team, next, account, memberId, friend, at, key, session, actors };
  }

  const ways = () => {
    const { organization, team, next, account, memberId, friend, key } = place;
    return waysToRaise({
      organizationId: organization.id,
      teamId: team.id,
      nextTeamId: next.id,
      accountId: account.id,
      memberId,
      keyId: key.id,
      friend: { accountId: friend.account.id, memberId: friend.memberId },
      accessGroup: 'granted',
      model: 'capped',
    });
  };

  // promise: Nobody changes their own user limits or their own key beyond the self-service policy
  test('raises it by no route, whoever of theirs acts', async () => {
    const { root } = world();
    const raised: string[] = [];
    for (const [actor, client] of Object.entries(place.actors)) {
      for (const { name, method, path, body } of ways()) {
        const { status } = await client(method, path, body);
        if (status !== 403) raised.push(`${name} as ${actor}: ${status}`);
      }
    }
    expect(raised).toEqual([]);
    const member = must(await root('GET', place.at));
    expect(member).toMatchObject({ rate_limits: { rpm: 1 }, asset_access: { mode: 'restrict', access_groups: ['granted'] } });
    const key = must(await root('GET', `/keys/${place.key.id}`));
    expect(key).toMatchObject({ rate_limits: { rpm: 1 }, team_id: place.team.id, owner: { account_id: place.account.id } });
  });

  test('takes no key of somebody else as their own, whoever’s it was', async () => {
    const { root } = world();
    const { team, account, memberId, organization, actors } = place;
    const other = await makeMember(world(), organization.id, 'org_member');
    must(await root('POST', `/teams/${team.id}/members`, { account_id: other.account.id, role: 'team_viewer' }));
    const service = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'ci' }));
    const made = async (owner: object) => must(await root('POST', '/keys', { team_id: team.id, name: 'k', owner })).id;
    const [ofOther, ofService] = [await made({ account_id: other.account.id }), await made({ service_account_id: service.id })];
    for (const client of Object.values(actors)) {
      for (const id of [ofOther, ofService]) {
        expect(
          (await client('PATCH', `/keys/${id}`, { rate_limits: { rpm: 5_000 } })).status,
          'an admin sets others’ limits',
        ).toBe(200);
        expect((await client('PATCH', `/keys/${id}`, { owner: { account_id: account.id } })).status).toBe(403);
      }
      for (const to of [account.id, memberId]) {
        const leaves = `/organizations/${organization.id}/members/${other.memberId}?reassign_keys_to=${to}`;
        expect((await client('DELETE', leaves)).status).toBe(403);
        expect((await client('DELETE', `/service-accounts/${service.id}?reassign_keys_to=${to}`)).status).toBe(403);
      }
    }
  });

  test('still keeps their key as it is, names it, lets it expire sooner, and others move it', async () => {
    const { root } = world();
    const { session, key, account, friend } = place;
    const same = { name: 'renamed', owner: { account_id: account.id }, team_id: key.team_id, expires_at: '2026-12-01T00:00:00Z' };
    expect((await session('PATCH', `/keys/${key.id}`, same)).status).toBe(200);
    expect((await root('PATCH', `/keys/${key.id}`, { owner: { account_id: friend.account.id } })).status).toBe(200);
    expect((await root('PATCH', `/keys/${key.id}`, { owner: { account_id: account.id } })).status).toBe(200);
  });
});
