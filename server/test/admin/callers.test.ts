import { describe, expect, test } from 'vitest';
import { newAdminToken, newKeySecret } from '../../src/lib/secrets.ts';
import { onOneDatabase, withDatabase } from '../support/database.ts';
import { freshSlug, makeOrganization, makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('callers', (given) => {
  const world = withAdmin(given);
  const statusWith = async (headers: Record<string, string>) =>
    (await fetch(`${world().address}/api/v1/organizations`, { headers })).status;

  test('are known by an admin token and by nothing else', async () => {
    const { root } = world();
    const { team } = await makeTeam(root);
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app' }));
    const wrong: Record<string, string>[] = [
      {},
      { authorization: 'Bearer' },
      { authorization: 'Basic YTpi' },
      { authorization: `Bearer ${newAdminToken()}` },
      { authorization: `Bearer ${'x'.repeat(5_000)}` },
      { authorization: `Bearer ${key.secret}` },
      { authorization: `Bearer ${newKeySecret()}` },
      { 'x-api-key': key.secret },
      { 'api-key': key.secret },
      { cookie: 'session=1' },
    ];
    for (const headers of wrong) expect([headers, await statusWith(headers)]).toEqual([headers, 401]);
  });

  test('are refused before their body is read, and without a word about what exists', async () => {
    const response = await fetch(`${world().address}/api/v1/organizations`, {
      method: 'POST',
      body: '{"broken',
      headers: { 'content-type': 'application/json' },
    });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="headgate"']);
  });

  describe('admin tokens', () => {
    test('act in the role and organization they were made for', async () => {
      const { root, withToken } = world();
      const [mine, other] = [await makeOrganization(root), await makeOrganization(root)];
      const token = must(
        await root('POST', '/admin-tokens', { name: 'acme ops', role: 'org_admin', organization_id: mine.id, expires_at: null }),
      );
      expect(token).toMatchObject({
        id: expect.stringMatching(/^adm_/),
        token: expect.stringMatching(/^hgadm_/),
        status: 'active',
      });
      const client = withToken(token.token);
      expect((await client('PATCH', `/organizations/${mine.id}`, { name: 'Renamed' })).status).toBe(200);
      expect((await client('GET', `/organizations/${other.id}`)).status).toBe(404);
      expect((await client('POST', '/organizations', { slug: freshSlug(), name: 'x' })).status).toBe(403);
      const events = must(await root('GET', `/organizations/${mine.id}/audit-events?actor_id=${token.id}`));
      expect(events.data[0]).toMatchObject({ actor: { kind: 'admin_token', id: token.id, name: 'acme ops' } });
    });

    test('stop at once when they are revoked, and when they expire', async () => {
      const { root, withToken, time } = world();
      const make = async (expires_at: string | null) =>
        must(await root('POST', '/admin-tokens', { name: 't', role: 'platform_auditor', organization_id: null, expires_at }));
      const [revoked, expiring] = [await make(null), await make(new Date(time.nowMs + 60_000).toISOString())];
      const status = async (token: { token: string }) => (await withToken(token.token)('GET', '/organizations')).status;
      expect([await status(revoked), await status(expiring)]).toEqual([200, 200]);
      expect((await root('DELETE', `/admin-tokens/${revoked.id}`)).status).toBe(204);
      time.nowMs += 60_000;
      expect([await status(revoked), await status(expiring)]).toEqual([401, 401]);
      const read = async (token: { id: string }) => must(await root('GET', `/admin-tokens/${token.id}`)).status;
      expect([await read(revoked), await read(expiring)]).toEqual(['revoked', 'expired']);
    });

    test('are never made, or revoked, above the maker’s own role', async () => {
      const { root, withToken } = world();
      const organization = await makeOrganization(root);
      const make = (client: typeof root, role: string, organization_id: string | null = organization.id) =>
        client('POST', '/admin-tokens', { name: 't', role, organization_id });
      const admin = withToken(must(await make(root, 'org_admin')).token);
      const owner = must(await make(root, 'org_owner'));
      expect((await make(admin, 'org_admin')).status).toBe(201);
      expect((await make(admin, 'org_owner')).status).toBe(403);
      expect((await make(admin, 'platform_admin', null)).status).toBe(403);
      expect((await admin('DELETE', `/admin-tokens/${owner.id}`)).status).toBe(403);
      for (const [role, organizationId] of [
        ['platform_admin', organization.id],
        ['org_admin', null],
      ] as const) {
        const refused = await make(root, role, organizationId);
        expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/organization_id']);
      }
    });

    test('name when they were last used', async () => {
      const { root, withToken } = world();
      const token = must(await root('POST', '/admin-tokens', { name: 't', role: 'platform_auditor' }));
      expect(token.last_used_at).toBeNull();
      await withToken(token.token)('GET', '/organizations');
      expect(must(await root('GET', `/admin-tokens/${token.id}`)).last_used_at).not.toBeNull();
    });
  });

  test('read the metrics only with a platform role', async () => {
    const { root, app } = world();
    const organization = await makeOrganization(root);
    const token = async (role: string, organization_id: string | null) =>
      `Bearer ${must(await root('POST', '/admin-tokens', { name: 't', role, organization_id })).token}`;
    expect(await app.mayReadMetrics(await token('platform_auditor', null))).toBe(true);
    expect(await app.mayReadMetrics(await token('org_owner', organization.id))).toBe(false);
    expect(await app.mayReadMetrics(undefined)).toBe(false);
    expect(await app.mayReadMetrics('Bearer nonsense')).toBe(false);
  });
});

describe('while the database is away', () => {
  const given = withDatabase();
  const world = withAdmin(given);

  // promise: admin writes: 503
  test('reads and writes are 503 and say so, and nothing of the fault is shown', async () => {
    const { root, logged } = world();
    expect((await root('GET', '/organizations')).status).toBe(200);
    await given().close();
    const answers = [await root('GET', '/organizations'), await root('POST', '/organizations', { slug: freshSlug(), name: 'x' })];
    for (const answer of answers) {
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
    // The log tells why, for whoever looks after the gateway.
    expect(logged.filter((line) => /an admin request found no database/.test(line))).toHaveLength(2);
    expect(logged.join()).toMatch(/the database (does not answer|cannot be reached) \(/);
  });
});
