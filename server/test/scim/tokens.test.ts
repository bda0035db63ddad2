/** The tokens of the SCIM endpoint, its bounds, and what it keeps of refused requests. */
import { expect, test } from 'vitest';
import type { AdminDeps } from '../../src/admin/http/deps.ts';
import { authenticateScim } from '../../src/admin/scim/authenticate-scim.ts';
import { hashSecret, newDataKey } from '../../src/lib/secrets.ts';
import { findByHash } from '../../src/store/identity/scim-tokens.ts';
import { organizationDomains } from '../../src/store/schema.ts';
import { must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { directoryOf, makeSite, mustScim, personBody } from './support.ts';

onOneDatabase('The SCIM endpoint', (given) => {
  const world = withAdmin(given);

  test('two live at once, shown once, revoked at once, and none of a suspended organization works', async () => {
    const site = await makeSite(world());
    const { root, address } = world();
    const path = `/organizations/${site.organizationId}/scim-tokens`;
    const second = must(await root('POST', path, { name: 'Next', expires_at: '2026-03-11T00:00:00Z' }));
    expect((await root('POST', path, { name: 'Third' })).status).toBe(409);
    const listed = must(await root('GET', path));
    expect(listed.data.map((one: { state: string }) => one.state)).toEqual(['active', 'active']);
    expect(JSON.stringify(listed)).not.toContain(second.token);
    const next = directoryOf(address, second.token);
    expect((await next('GET', '/Users')).status).toBe(200);
    const [first] = listed.data.filter((one: { name: string }) => one.name === 'Okta');
    expect((await root('DELETE', `${path}/${first.id}`)).status).toBe(204);
    expect((await site.scim('GET', '/Users')).status).toBe(401);
    must(await root('POST', `/organizations/${site.organizationId}/suspend`));
    expect((await next('GET', '/Users')).status).toBe(403);
    must(await root('POST', `/organizations/${site.organizationId}/reactivate`));
    expect((await next('GET', '/Users')).status).toBe(200);
    world().time.nowMs += 86_400_000;
    expect((await next('GET', '/Users')).body.detail).toContain('expired');
  });

  test('a token moves to a new pepper when it is used', async () => {
    const site = await makeSite(world());
    const { deps } = world();
    const otherPepper = { is: 'before' as const, pepper: deps.keys.pepper };
    const renewed: AdminDeps = { ...deps, keys: { ...deps.keys, pepper: newDataKey(), otherPepper } };
    const headers = { authorization: `Bearer ${site.token}` };
    const { id } = await authenticateScim(renewed, headers, '192.0.2.1');
    const hash = Buffer.from(hashSecret(renewed.keys.pepper, site.token), 'hex');
    expect((await findByHash(deps.db, [hash]))?.id).toBe(id);
    await expect(authenticateScim(deps, headers, '192.0.2.1')).rejects.toThrow('unknown or was revoked');
  });

  test('a token is no admin token, and an admin token no SCIM token', async () => {
    const site = await makeSite(world());
    const { withToken, address } = world();
    expect((await withToken(site.token)('GET', '/organizations')).status).toBe(401);
    expect((await directoryOf(address, 'hgadm_x')('GET', '/Users')).status).toBe(401);
  });

  test('a token that sends too fast is told to wait', async () => {
    const site = await makeSite(world());
    let [accepted, refused] = [0, 0];
    for (let at = 0; at < 230; at += 1) {
      const { status, headers } = await site.scim('GET', '/ServiceProviderConfig');
      if (status === 200) accepted += 1;
      if (status === 429 && headers.get('retry-after') === '1') refused += 1;
    }
    expect([accepted, refused]).toEqual([200, 30]);
    world().time.nowMs += 1_000;
    expect((await site.scim('GET', '/ServiceProviderConfig')).status).toBe(200);
  });

  test('bodies that are too large, of another type or too deep are refused in SCIM’s form', async () => {
    const { scim } = await makeSite(world());
    const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
    const cases: readonly (readonly [string, Record<string, string>, number])[] = [
      [JSON.stringify({ userName: 'x'.repeat(1_100_000) }), {}, 413],
      ['<xml/>', { 'content-type': 'application/xml' }, 415],
      [`{"emails":${deep}}`, {}, 400],
      ['{"__proto__":{"a":1},"userName":"x"}', {}, 400],
      ['[]', {}, 400],
      ['null', {}, 400],
    ];
    for (const [body, headers, status] of cases) {
      const answer = await scim('POST', '/Users', body, headers);
      expect([body.slice(0, 40), answer.status, answer.body.schemas]).toEqual([
        body.slice(0, 40),
        status,
        ['urn:ietf:params:scim:api:messages:2.0:Error'],
      ]);
    }
  });

  test('what was refused is listed, and leaves the list once it is accepted', async () => {
    const site = await makeSite(world());
    const { root, deps } = world();
    const path = `/organizations/${site.organizationId}/directory/refusals`;
    const body = personBody('late@elsewhere.test', { password: 'N3verSt0red!' });
    await site.scim('POST', '/Users', body);
    await site.scim('POST', '/Users', body);
    const refused = must(await root('GET', path));
    expect(refused.data).toMatchObject([{ subject: 'late@elsewhere.test', times: 2, method: 'POST', status: 400 }]);
    expect(JSON.stringify(refused)).not.toContain('N3verSt0red');
    const { organizationId } = site;
    await deps.db
      .insert(organizationDomains)
      .values({ organizationId, domain: 'elsewhere.test', challenge: 'y', state: 'verified', createdBy: 'test' });
    mustScim(await site.scim('POST', '/Users', body));
    expect(must(await root('GET', path)).total).toBe(0);
  });
});
