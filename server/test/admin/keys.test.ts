import { describe, expect, test } from 'vitest';
import { hashSecret } from '../../src/lib/secrets.ts';
import { configVersions, findKeyByHash } from '../../src/store/configuration/config.ts';
import { onOneDatabase } from '../support/database.ts';
import { makeTeam, makeTeamMember, must, withAdmin } from './support.ts';

onOneDatabase('keys', (given) => {
  const world = withAdmin(given);
  /** What the data plane would find for a secret. */
  const found = async (secret: string) =>
    (await findKeyByHash(given().db, hashSecret(world().deps.keys.pepper, secret)))?.key ?? null;

  test('are shown with their secret once, and never again in any answer, audit event or log', async () => {
    const { root, logged } = world();
    const { organization, team } = await makeTeam(root);
    const answer = await root('POST', '/keys', { team_id: team.id, name: 'app' }, { 'idempotency-key': 'once' });
    const { id, secret, prefix, last_four } = must(answer);
    expect(secret.startsWith(prefix) && secret.endsWith(last_four)).toBe(true);
    expect((await found(secret))?.id).toBe(id);
    const rotated = must(await root('POST', `/keys/${id}/rotate`, {}));
    const token = must(await root('POST', '/admin-tokens', { name: 't', role: 'org_admin', organization_id: organization.id }));
    const paths = [
      `/keys/${id}`,
      `/keys?search=app`,
      `/organizations/${organization.id}/keys`,
      `/organizations/${organization.id}/audit-events`,
      `/audit-events/export?organization_id=${organization.id}`,
      `/admin-tokens`,
      `/organizations/${organization.id}`,
    ];
    const seen = (await Promise.all(paths.map((path) => root('GET', path)))).map((answer) => answer.text).join('\n');
    const rows = await given().pool.query(
      `select row_to_json(k)::text as text from keys k union all select row_to_json(s)::text from key_secrets s union all
       select row_to_json(a)::text from audit_events a union all select row_to_json(i)::text from idempotency_keys i union all
       select row_to_json(t)::text from admin_tokens t`,
    );
    const stored = rows.rows.map((row: { text: string }) => row.text).join('\n');
    for (const canary of [secret, rotated.secret, token.token]) {
      const random = canary.slice(10, 40);
      for (const [where, text] of Object.entries({ seen, stored, logged: logged.join('\n') }))
        expect([where, text.includes(random)]).toEqual([where, false]);
    }
  });

  test('have exactly the owner that was named, who is active in their team', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const elsewhere = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Other' }));
    const foreign = must(await root('POST', `/teams/${elsewhere.id}/service-accounts`, { name: 'theirs' }));
    const paused = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'paused' }));
    must(await root('PATCH', `/service-accounts/${paused.id}`, { status: 'disabled' }));
    for (const id of [foreign.id, paused.id, 'svc_nothing']) {
      const refused = await root('POST', '/keys', { team_id: team.id, name: 'x', owner: { service_account_id: id } });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/owner/service_account_id']);
    }
    const both = await root('POST', '/keys', {
      team_id: team.id,
      name: 'x',
      owner: { service_account_id: 'a', account_id: 'b' },
    });
    expect(both.status).toBe(400);
    const made = [1, 2].map(() => root('POST', '/keys', { team_id: team.id, name: 'x' }));
    const owners = (await Promise.all(made)).map((answer) => must(answer).owner.service_account_id);
    expect(new Set(owners).size).toBe(1);
  });

  describe('secrets', () => {
    test('rotate with an overlap in which both work, and the key stays what it is', async () => {
      const { root } = world();
      const { team } = await makeTeam(root);
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app', rate_limits: { rpm: 5 } }));
      // The overlap is compared with the database's own clock, so it is set far ahead of the hand-turned one.
      world().time.nowMs = Date.now();
      const rotated = must(await root('POST', `/keys/${key.id}/rotate`, { overlap_seconds: 3600 }));
      expect(rotated).toMatchObject({ id: key.id, rate_limits: { rpm: 5 } });
      expect([(await found(key.secret))?.id, (await found(rotated.secret))?.id]).toEqual([key.id, key.id]);
      const again = must(await root('POST', `/keys/${key.id}/rotate`));
      expect([await found(key.secret), await found(rotated.secret)]).toEqual([null, null]);
      expect((await found(again.secret))?.id).toBe(key.id);
    });

    // promise: A key is active, disabled (`disable`/`enable`, reversible) or revoked (`DELETE`, final
    test('are revoked for good, and disabled only for a time', async () => {
      const { root } = world();
      const { team } = await makeTeam(root);
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app' }));
      const status = async () => (await found(key.secret))?.status.is;
      expect(must(await root('POST', `/keys/${key.id}/disable`)).status).toBe('disabled');
      expect(await status()).toBe('disabled');
      must(await root('POST', `/keys/${key.id}/enable`));
      expect(await status()).toBe('active');
      expect((await root('DELETE', `/keys/${key.id}`)).status).toBe(204);
      expect((await root('DELETE', `/keys/${key.id}`)).status).toBe(204);
      expect(await status()).toBe('revoked');
      for (const action of ['enable', 'disable', 'rotate'])
        expect((await root('POST', `/keys/${key.id}/${action}`)).status).toBe(409);
      expect((await root('PATCH', `/keys/${key.id}`, { name: 'x' })).status).toBe(409);
      expect(must(await root('GET', `/keys/${key.id}`)).revoked_at).not.toBeNull();
    });
  });

  test('that change move their organization’s version, by which other replicas notice', async () => {
    const { root, changes } = world();
    const { organization, team } = await makeTeam(root);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app' }));
    const version = async () => (await configVersions(given().db, [organization.id])).get(organization.id) ?? 0;
    const steps = [
      () => root('PATCH', `/keys/${key.id}`, { rate_limits: { rpm: 1 } }),
      () => root('POST', `/keys/${key.id}/rotate`),
      () => root('POST', `/keys/${key.id}/disable`),
      () => root('POST', `/keys/${key.id}/enable`),
      () => root('DELETE', `/keys/${key.id}`),
    ];
    for (const step of steps) {
      const before = await version();
      must(await step());
      expect(await version()).toBe(before + 1);
      expect(changes.at(-1)).toEqual({ catalogue: false, organizationIds: [organization.id], keyIds: [key.id] });
    }
  });

  // promise: Keys move only within an organization: their own counters move
  test('move within their organization, with an owner there, and nowhere else', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const next = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Next' }));
    const foreign = await makeTeam(root);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app' }));
    for (const teamId of [foreign.team.id, 'team_nothing']) {
      const refused = await root('PATCH', `/keys/${key.id}`, { team_id: teamId });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/team_id']);
    }
    const moved = must(await root('PATCH', `/keys/${key.id}`, { team_id: next.id }));
    expect(moved).toMatchObject({ team_id: next.id, owner: { name: 'default' } });
    expect(moved.owner.service_account_id).not.toBe(key.owner.service_account_id);
    const person = await makeTeamMember(root, team.id);
    const own = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: person.account.id } }));
    expect((await root('PATCH', `/keys/${own.id}`, { team_id: next.id })).status).toBe(400);
    must(await root('POST', `/teams/${next.id}/members`, { account_id: person.account.id, role: 'team_viewer' }));
    expect(must(await root('PATCH', `/keys/${own.id}`, { team_id: next.id })).owner.member_id).toBe(person.memberId);
  });

  describe('of one’s own', () => {
    const policy = { enabled: true, max_keys_per_member: 2, max_expiry_days: 30, max_budget: '5.00' };

    // promise: Nobody changes their own user limits or their own key beyond the self-service policy
    test('can be made within the team’s self-service policy, and not beyond', async () => {
      const { root, as, time } = world();
      time.nowMs = Date.parse('2026-03-10T12:00:00Z');
      const { organization, team } = await makeTeam(root, {}, { self_service: policy });
      const { account } = await makeTeamMember(root, team.id);
      const self = as([{ role: 'team_developer', organizationId: organization.id, teamId: team.id }], account.id);
      const good = {
        team_id: team.id,
        name: 'mine',
        owner: { account_id: account.id },
        expires_at: '2026-04-01T00:00:00Z',
        budgets: [{ amount: '2.5', period: 'month' }],
      };
      const bad: readonly (readonly [object, number])[] = [
        [{ expires_at: null }, 400],
        [{ expires_at: '2026-05-01T00:00:00Z' }, 400],
        [{ budgets: [] }, 400],
        [{ budgets: [{ amount: '5.01', period: 'month' }] }, 400],
        [{ budgets: [{ amount: '5', period: 'rolling', hours: 1 }] }, 400],
        [{ budgets: [{ amount: '1', period: 'day' }] }, 400],
        [{ budgets: [{ amount: '1', period: 'month', anchor_day: 15 }] }, 400],
        [{ budgets: [{ amount: '1', period: 'month', action: 'alert' }] }, 400],
        [{ budgets: [{ amount: '1', period: 'month', target: 'only-this' }] }, 400],
        [{ owner: undefined }, 403],
      ];
      for (const [change, status] of bad)
        expect([change, (await self('POST', '/keys', { ...good, ...change })).status]).toEqual([change, status]);
      const key = must(await self('POST', '/keys', good));
      must(await self('POST', '/keys', good));
      expect((await self('POST', '/keys', good)).status).toBe(403);
      expect((await self('PATCH', `/keys/${key.id}`, { budgets: [] })).status).toBe(403);
      expect((await self('PATCH', `/keys/${key.id}`, { rate_limits: { rpm: null } })).status).toBe(403);
      expect((await self('PATCH', `/keys/${key.id}`, { expires_at: '2026-04-02T00:00:00Z' })).status).toBe(403);
      expect((await self('PATCH', `/keys/${key.id}`, { team_id: 'team_other' })).status).toBe(403);
      expect((await self('PATCH', `/keys/${key.id}`, { expires_at: '2026-03-20T00:00:00Z', name: 'renamed' })).status).toBe(200);
    });

    // promise: Nobody changes their own user limits or their own key beyond the self-service policy
    test('spend the team’s bound together in a period, revoked ones included; the next period begins anew', async () => {
      const { root, as, time } = world();
      time.nowMs = Date.parse('2026-03-10T12:00:00Z');
      const bound = { enabled: true, max_budget: { amount: '5', period: 'month' } };
      const { organization, team } = await makeTeam(root, {}, { self_service: bound });
      const { account } = await makeTeamMember(root, team.id);
      const self = as([{ role: 'team_developer', organizationId: organization.id, teamId: team.id }], account.id);
      const make = (amount: string, period = 'month') =>
        self('POST', '/keys', { team_id: team.id, name: 'k', owner: { account_id: account.id }, budgets: [{ amount, period }] });
      const left = async () => must(await self('GET', `/teams/${team.id}/self-service`)).budget_left;
      const first = must(await make('3'));
      expect(await left()).toBe('2.00');
      expect((await make('2.01')).status).toBe(400);
      for (let i = 0; i < 4; i++) {
        expect((await self('DELETE', `/keys/${first.id}`)).status).toBe(204);
        expect((await make('3')).status, 'a revoked key is no fresh budget').toBe(400);
      }
      must(await make('2', 'total'));
      expect(await left()).toBe('0.00');
      // An admin's word stands above: what they make is not held to the bound, and what has no such budget takes nothing of it.
      must(await root('POST', '/keys', { team_id: team.id, name: 'given', owner: { account_id: account.id } }));
      expect((await make('0.01')).status).toBe(400);
      time.nowMs = Date.parse('2026-04-01T00:00:00Z');
      expect(await left()).toBe('3.00');
      expect((await make('3')).status).toBe(201);
    });

    test('were bounded by an amount alone in an earlier version, which is now per month', async () => {
      const { root } = world();
      const { organization, team } = await makeTeam(root, {}, { self_service: { enabled: true, max_budget: '7' } });
      const shown = { amount: '7.00', period: 'month' };
      expect(team.self_service.max_budget).toEqual(shown);
      const stored = JSON.stringify({ enabled: true, maxBudgetNanoUsd: 7_000_000_000 });
      await given().pool.query({ text: 'update teams set self_service = $1::jsonb where id = $2', values: [stored, team.id] });
      expect(must(await root('GET', `/teams/${team.id}`)).self_service.max_budget).toEqual(shown);
      const patched = must(
        await root('PATCH', `/teams/${team.id}`, { self_service: { max_budget: { amount: '8', period: 'week' } } }),
      );
      expect(patched.self_service.max_budget).toEqual({ amount: '8.00', period: 'week' });
      const kept = must(await root('PATCH', `/teams/${team.id}`, { self_service: { max_keys_per_member: 4 } }));
      expect(kept.self_service.max_budget).toEqual({ amount: '8.00', period: 'week' });
      expect(
        must(await root('PATCH', `/teams/${team.id}`, { self_service: { max_budget: null } })).self_service.max_budget,
      ).toBeNull();
      expect(organization.id).toMatch(/^org_/);
    });

    test('cannot be made where the team has no such policy', async () => {
      const { root, as } = world();
      const { organization, team } = await makeTeam(root);
      const { account } = await makeTeamMember(root, team.id);
      const self = as([{ role: 'team_developer', organizationId: organization.id, teamId: team.id }], account.id);
      const answer = await self('POST', '/keys', { team_id: team.id, name: 'mine', owner: { account_id: account.id } });
      expect(answer.status).toBe(403);
    });

    test('that an admin disabled are not the owner’s to enable', async () => {
      const { root, as } = world();
      const { organization, team } = await makeTeam(root, {}, { self_service: { enabled: true } });
      const { account } = await makeTeamMember(root, team.id);
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
      must(await root('POST', `/keys/${key.id}/disable`));
      const self = as([{ role: 'team_developer', organizationId: organization.id, teamId: team.id }], account.id);
      expect((await self('POST', `/keys/${key.id}/enable`)).status).toBe(403);
      expect((await self('DELETE', `/keys/${key.id}`)).status).toBe(204);
    });
  });

  test('are found by name prefix and id, and filtered by team, owner and status', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const { account } = await makeTeamMember(root, team.id);
    const alpha = must(await root('POST', '/keys', { team_id: team.id, name: 'Alpha 100%_x' }));
    const beta = must(await root('POST', '/keys', { team_id: team.id, name: 'beta', owner: { account_id: account.id } }));
    must(await root('DELETE', `/keys/${beta.id}`));
    const ids = async (query: string) =>
      must(await root('GET', `/organizations/${organization.id}/keys?${query}`)).data.map((key: { id: string }) => key.id);
    expect(await ids('search=alpha%20100%25_')).toEqual([alpha.id]);
    expect(await ids('search=pha')).toEqual([]);
    expect(await ids('search=%25')).toEqual([]);
    expect(await ids(`search=${beta.id}`)).toEqual([beta.id]);
    expect(await ids('status=revoked')).toEqual([beta.id]);
    expect(await ids(`account_id=${account.id}`)).toEqual([beta.id]);
    expect(await ids(`service_account_id=${alpha.owner.service_account_id}`)).toEqual([alpha.id]);
    expect(await ids('account_id=acct_nothing')).toEqual([]);
    expect(await ids('sort=name')).toEqual([alpha.id, beta.id]);
  });
});
