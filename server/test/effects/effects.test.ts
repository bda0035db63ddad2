import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RequestInFlight } from '../../src/admin/http/deps.ts';
import { type Answer, makeOrganization, makeTeam, makeTeamMember, must, PROCESS, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';

const MODELS = ['effect-a', 'effect-b', 'effect-c'];
const only = (...targets: string[]) => ({ mode: 'restrict', targets });
const granted = (...targets: string[]) => ({ mode: 'selected', targets });

onOneDatabase('the effect of a change, before it is made', (given) => {
  let inFlight: readonly RequestInFlight[] = [];
  const world = withAdmin(given, { process: { ...PROCESS, inFlight: () => inFlight } });

  beforeAll(async () => {
    for (const model of MODELS) {
      const deployment = { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' };
      must(await world().root('POST', '/deployments', deployment));
    }
    must(await world().root('PUT', '/callable-targets/effect-c/access-groups', { access_groups: ['effect-group'] }));
  });

  /** Everything that a change writes, so that a dry run can be seen to write none of it. */
  async function stored(): Promise<string> {
    const tables =
      'organizations teams memberships keys budgets config_versions audit_events organization_standings standing_changes';
    const rows = [];
    for (const table of tables.split(' ')) {
      const name = sql.identifier(table);
      rows.push(
        (
          await given().db.execute(
            sql`select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as all from ${name} as t`,
          )
        ).rows,
      );
    }
    return JSON.stringify(rows);
  }

  /** The effect, and that nothing moved for it. */
  async function effectOf(path: string, body: object): Promise<Answer['body']> {
    const before = await stored();
    const changes = world().changes.length;
    const answer = await world().root('PATCH', `${path}?dry_run=true`, body);
    expect(answer.headers.etag).toBeUndefined();
    expect(await stored()).toBe(before);
    expect(world().changes.length).toBe(changes);
    return must(answer).effect;
  }

  test('of an organization: targets and keys that lose, teams and members whose narrowing would give nothing', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(
      root,
      { asset_access: granted(...MODELS) },
      { asset_access: only('effect-a', 'effect-b') },
    );
    const { memberId, account } = await makeTeamMember(root, team.id);
    const path = `/organizations/${organization.id}`;
    must(await root('PATCH', `${path}/members/${memberId}`, { asset_access: only('effect-b') }));
    const plain = must(await root('POST', '/keys', { team_id: team.id, name: 'plain' }));
    const owned = must(await root('POST', '/keys', { team_id: team.id, name: 'owned', owner: { account_id: account.id } }));
    const narrow = must(await root('POST', '/keys', { team_id: team.id, name: 'narrow', asset_access: only('effect-a') }));
    const gone = must(await root('POST', '/keys', { team_id: team.id, name: 'gone' }));
    must(await root('DELETE', `/keys/${gone.id}`));
    const effect = await effectOf(path, { asset_access: granted('effect-a', 'effect-c') });
    expect(effect).toMatchObject({
      targets_lost: ['effect-b'],
      targets_lost_count: 1,
      targets_gained: [],
      keys_losing_access: 2,
      teams_ineffective: [{ team_id: team.id, name: 'Team', narrowed_to: ['effect-b'] }],
      members_ineffective: [{ member_id: memberId, narrowed_to: ['effect-b'] }],
      keys_over_new_limit: [],
    });
    const examples = effect.key_examples.map((one: Answer['body']) => [one.key_id, one.name, one.team_name, one.lost]);
    expect(examples).toEqual([
      [plain.id, 'plain', 'Team', ['effect-b']],
      [owned.id, 'owned', 'Team', ['effect-b']],
    ]);
    expect(JSON.stringify(effect)).not.toContain(narrow.id);
  });

  test('of a team, of a member and of a key', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root, { asset_access: granted(...MODELS) });
    const { memberId, account } = await makeTeamMember(root, team.id);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app', owner: { account_id: account.id } }));
    const loses = (lost: string[]) => ({ targets_lost: lost, keys_losing_access: 1, key_examples: [{ key_id: key.id, lost }] });
    expect(await effectOf(`/teams/${team.id}`, { asset_access: only('effect-a') })).toMatchObject(
      loses(['effect-b', 'effect-c']),
    );
    const member = `/organizations/${organization.id}/members/${memberId}`;
    expect(await effectOf(member, { asset_access: only('effect-b', 'effect-c') })).toMatchObject(loses(['effect-a']));
    expect(await effectOf(`/keys/${key.id}`, { asset_access: only() })).toMatchObject(loses(MODELS));
    must(await root('PATCH', `/keys/${key.id}`, { asset_access: only('effect-a') }));
    expect(await effectOf(`/keys/${key.id}`, { asset_access: null })).toMatchObject({
      targets_lost: [],
      targets_gained: ['effect-b', 'effect-c'],
      keys_losing_access: 0,
    });
  });

  test('of an access group that stays granted when a target is granted no more: nobody loses', async () => {
    const { root } = world();
    const organization = await makeOrganization(root, {
      asset_access: { ...granted('effect-c'), access_groups: ['effect-group'] },
    });
    const effect = await effectOf(`/organizations/${organization.id}`, { asset_access: { targets: [] } });
    expect(effect).toMatchObject({ targets_lost: [], keys_losing_access: 0 });
  });

  test('of a limit: who is above it already, the scope first and then its keys', async () => {
    const { root, time } = world();
    const { organization, team } = await makeTeam(root, { rate_limits: { rpd: 100 } });
    const organizationId = organization.id;
    for (const keyId of ['key_greedy', 'key_greedy', 'key_greedy', 'key_modest']) {
      const request = { organizationId, teamId: team.id, keyId, admittedAtMs: time.nowMs };
      await storeRecords(given(), [givenEnd({ ...request, entries: [givenEntry({ nanoUsd: 500_000_000 })] })]);
    }
    const path = `/organizations/${organizationId}`;
    const above = { scope: 'organization', limit: 'rpd', value: 2 };
    expect((await effectOf(path, { rate_limits: { rpd: 2 } })).keys_over_new_limit).toEqual([
      { ...above, used: 4 },
      { ...above, key_id: 'key_greedy', used: 3 },
    ]);
    expect((await effectOf(path, { rate_limits: { rpd: 200, rpm: 50 } })).keys_over_new_limit).toEqual([]);
    const budgets = [{ amount: '1.75', period: 'month', anchor_day: 1, action: 'block' }];
    expect((await effectOf(`/teams/${team.id}`, { budgets })).keys_over_new_limit).toEqual([
      { scope: 'team', limit: 'budget', value: '1.75', used: '2.00' },
    ]);
  });

  test('of max_parallel: who has more on its way than a new limit lets pass, and nobody else', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root, { asset_access: granted(...MODELS) });
    const greedy = must(await root('POST', '/keys', { team_id: team.id, name: 'greedy', rate_limits: { max_parallel: 5 } }));
    const at = { organizationId: organization.id, teamId: team.id, memberId: null, calledName: 'effect-a' };
    const grouped = { ...at, calledName: 'effect-c' };
    inFlight = [
      { ...at, keyId: greedy.id },
      { ...at, keyId: greedy.id },
      { ...grouped, keyId: greedy.id },
      { ...at, keyId: 'key_modest' },
      { ...at, organizationId: 'org_other', keyId: greedy.id },
      { ...at, teamId: 'team_other', memberId: 'mem_1', keyId: 'key_else' },
    ];
    const overOf = async (path: string, rate_limits: object) => (await effectOf(path, { rate_limits })).keys_over_new_limit;
    const path = `/organizations/${organization.id}`;
    const above = (scope: string, value: number) => ({ scope, limit: 'max_parallel', value });
    expect(await overOf(path, { max_parallel: 2 })).toEqual([
      { ...above('organization', 2), used: 5 },
      { ...above('organization', 2), key_id: greedy.id, used: 3 },
    ]);
    expect(await overOf(path, { max_parallel: 5 })).toEqual([]);
    expect(await overOf(`/teams/${team.id}`, { max_parallel: 3 })).toEqual([{ ...above('team', 3), used: 4 }]);
    expect(await overOf(`/keys/${greedy.id}`, { max_parallel: 1 })).toEqual([{ ...above('key', 1), used: 3 }]);
    expect(await overOf(`/keys/${greedy.id}`, { max_parallel: 6 })).toEqual([]);
    const model_limits = [{ access_group: 'effect-group', rate_limits: { max_parallel: 0 } }];
    expect((await effectOf(`/keys/${greedy.id}`, { model_limits })).keys_over_new_limit).toEqual([
      { ...above('key', 0), used: 1 },
    ]);
    inFlight = [];
  });

  describe('is checked as the change itself', () => {
    test('a name that does not exist is 400, a stale version 412, and another tenant’s organization 404', async () => {
      const { root, as } = world();
      const organization = await makeOrganization(root);
      const path = `/organizations/${organization.id}?dry_run=true`;
      expect((await root('PATCH', path, { asset_access: granted('nowhere') })).status).toBe(400);
      expect((await root('PATCH', path, { name: 'New' }, { 'if-match': '"99"' })).status).toBe(412);
      const other = await makeOrganization(root);
      const owner = as([{ role: 'org_owner', organizationId: other.id }]);
      expect((await owner('PATCH', path, { name: 'New' })).status).toBe(404);
      const own = as([{ role: 'org_owner', organizationId: organization.id }]);
      expect((await own('PATCH', path, { rate_limits: { rpm: 1 } })).status).toBe(403);
    });

    test('without dry_run the same body makes the change', async () => {
      const { root } = world();
      const organization = await makeOrganization(root);
      const path = `/organizations/${organization.id}`;
      await effectOf(path, { name: 'Renamed' });
      expect(must(await root('GET', path)).name).toBe('Made');
      expect(must(await root('PATCH', `${path}?dry_run=false`, { name: 'Renamed' }))).toMatchObject({
        name: 'Renamed',
        version: 2,
      });
    });
  });
});
