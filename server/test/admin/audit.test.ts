import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { byForce } from '../support/audit-trail.ts';
import { onOneDatabase } from '../support/database.ts';
import { makeOrganization, makeTeam, makeTeamMember, must, withAdmin } from './support.ts';

onOneDatabase('the audit log', (given) => {
  const world = withAdmin(given);
  const verify = async (organizationId: string | null) =>
    must(await world().root('GET', `/audit-events/verify${organizationId === null ? '' : `?organization_id=${organizationId}`}`));

  test('has one event per change: who, what, the fields that differ, why, from where, in which request', async () => {
    const { root } = world();
    const made = await makeOrganization(root, { rate_limits: { rpm: 1 } });
    const answer = await root('PATCH', `/organizations/${made.id}`, { name: 'Renamed' }, { 'x-headgate-reason': 'asked by Ada' });
    const [event] = must(await root('GET', `/organizations/${made.id}/audit-events`)).data;
    expect(event).toMatchObject({
      seq: 2,
      organization_id: made.id,
      actor: { kind: 'admin_token', name: 'root' },
      action: 'organization.update',
      object: { type: 'organization', id: made.id, name: 'Renamed' },
      before: { name: 'Made' },
      after: { name: 'Renamed' },
      reason: 'asked by Ada',
      ip: '127.0.0.1',
      request_id: answer.headers['x-request-id'],
    });
  });

  test('tells one event by its position in its chain, and nobody else’s', async () => {
    const { root, as } = world();
    const [one, other] = [await makeOrganization(root), await makeOrganization(root)];
    must(await root('PATCH', `/organizations/${one.id}`, { name: 'Renamed' }));
    const second = must(await root('GET', `/audit-events?organization_id=${one.id}&seq=2`));
    expect(second).toMatchObject({ data: [{ seq: 2, action: 'organization.update' }], next_cursor: null, total: 1 });
    expect(must(await root('GET', `/audit-events?organization_id=${other.id}&seq=2`)).data).toEqual([]);
    const stranger = as([{ role: 'org_owner', organizationId: other.id }]);
    expect((await stranger('GET', `/audit-events?organization_id=${one.id}&seq=2`)).status).toBe(404);
    expect((await root('GET', '/audit-events?seq=0')).status).toBe(400);
  });

  test('has none for what was not valid or rolled back', async () => {
    const { root } = world();
    const made = await makeOrganization(root);
    await root('PATCH', `/organizations/${made.id}`, { name: 'x'.repeat(500) });
    await root('PATCH', `/organizations/${made.id}`, { name: 'x' }, { 'if-match': '"9"' });
    expect(must(await root('GET', `/organizations/${made.id}/audit-events`)).total).toBe(1);
  });

  test('has one a minute for attempts that a role was short of, and the next says how many there were', async () => {
    const { root, as, time } = world();
    const made = await makeOrganization(root);
    const member = as([{ role: 'org_member', organizationId: made.id }], 'acct_curious');
    const attempt = async () => expect((await member('PATCH', `/organizations/${made.id}`, { name: 'x' })).status).toBe(403);
    for (let count = 0; count < 5; count += 1) await attempt();
    const denied = async () => must(await root('GET', `/organizations/${made.id}/audit-events?action=access.deny`)).data;
    expect(await denied()).toMatchObject([
      {
        actor: { id: 'acct_curious' },
        object: { type: 'operation', id: 'PATCH /api/v1/organizations/:id' },
        after: { status: 403, params: { id: made.id }, held_back: 0 },
        ip: '127.0.0.1',
      },
    ]);
    time.nowMs += 60_000;
    await attempt();
    expect((await denied()).map((event: { after: { held_back: number } }) => event.after.held_back)).toEqual([4, 0]);
    expect((await verify(made.id)).intact).toBe(true);
  });

  test('tells the platform, and not its owner, who asked for another tenant’s object', async () => {
    const { root, as } = world();
    const [mine, other] = [await makeOrganization(root), await makeOrganization(root)];
    const stranger = as([{ role: 'org_owner', organizationId: mine.id }], 'acct_stranger');
    expect((await stranger('GET', `/organizations/${other.id}`)).status).toBe(404);
    expect((await stranger('GET', '/organizations/org_nothing')).status).toBe(404);
    const told = async () => must(await root('GET', '/audit-events?action=access.deny&actor_id=acct_stranger')).data;
    await expect.poll(told).toMatchObject([{ after: { status: 404, organization_id: other.id, params: { id: other.id } } }]);
    expect(must(await root('GET', `/organizations/${other.id}/audit-events`)).total).toBe(1);
  });

  test('has one a minute for exports of each caller', async () => {
    const { root } = world();
    const made = await makeOrganization(root);
    for (let count = 0; count < 3; count += 1) await root('GET', `/audit-events/export?organization_id=${made.id}`);
    const events = must(await root('GET', `/organizations/${made.id}/audit-events?action=export.create`)).data;
    expect(events).toMatchObject([{ object: { id: 'GET /api/v1/audit-events/export' }, after: { held_back: 0 } }]);
  });

  // promise: **Nobody edits the audit log unseen**: control-plane events are hash-chained per organization
  test('verifies after everything, also after changes made at once, and finds a row edited by hand', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const { memberId } = await makeTeamMember(root, team.id);
    const names = Array.from({ length: 10 }, (_, index) => `key ${index}`);
    const made = await Promise.all(names.map((name) => root('POST', '/keys', { team_id: team.id, name })));
    await Promise.all(made.map((answer) => root('DELETE', `/keys/${must(answer).id}`)));
    must(await root('DELETE', `/organizations/${organization.id}/members/${memberId}`));
    const { intact, events } = await verify(organization.id);
    expect(intact).toBe(true);
    expect(await verify(organization.id)).toMatchObject({ keyed_from_seq: 1, unkeyed_since: 0, broken_because: null });
    expect(events).toBe(must(await root('GET', `/organizations/${organization.id}/audit-events`)).total);
    expect((await verify(null)).intact).toBe(true);
    const edit = sql`update audit_events set actor_name = 'somebody else' where chain = ${organization.id} and seq = 3`;
    await expect(given().db.execute(edit)).rejects.toThrow();
    await byForce(given().db, (tx) => tx.execute(edit));
    expect(await verify(organization.id)).toMatchObject({
      intact: false,
      events: null,
      head_hash: null,
      broken_at_seq: 3,
      broken_because: 'hash',
    });
    expect((await verify(null)).intact).toBe(true);
  });

  test('is exported whole as JSON lines, oldest first, each with the hash before it', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    for (const name of ['a', 'b']) must(await root('POST', `/teams/${team.id}/service-accounts`, { name }));
    const answer = await root('GET', `/audit-events/export?organization_id=${organization.id}`);
    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    const lines = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; hash: string; previous_hash: string });
    // The fifth is the export itself.
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(lines.slice(1).map((line) => line.previous_hash)).toEqual(lines.slice(0, -1).map((line) => line.hash));
  });

  test('is read by those who may, each their own', async () => {
    const { root, as } = world();
    const [mine, other] = [await makeOrganization(root), await makeOrganization(root)];
    const admin = as([{ role: 'org_admin', organizationId: mine.id }]);
    expect((await admin('GET', `/audit-events?organization_id=${mine.id}`)).status).toBe(200);
    expect((await admin('GET', `/audit-events?organization_id=${other.id}`)).status).toBe(404);
    expect((await admin('GET', '/audit-events')).status).toBe(403);
    expect(
      (await as([{ role: 'org_billing', organizationId: mine.id }])('GET', `/audit-events?organization_id=${mine.id}`)).status,
    ).toBe(403);
    const platform = must(await as([{ role: 'platform_auditor' }])('GET', '/audit-events?limit=1'));
    expect(platform.data.every((event: { organization_id: string | null }) => event.organization_id === null)).toBe(true);
  });
});
