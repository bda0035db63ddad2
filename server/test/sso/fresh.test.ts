/** People who have only their provider show again through it that it is them, and come back to the page that asked. */
import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import * as links from '../../src/store/identity/identity-links.ts';
import { must, withAdmin } from '../admin/support.ts';
import { type Browser, browse, makePerson, PASSWORD } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { arrive, begin, comeBack, HERE, join, makeTenant, PUBLIC_URL, useWorld } from './support.ts';

const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING } });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

const CONNECT = `/connect?${new URLSearchParams({
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  redirect_uri: 'http://127.0.0.1:43210/callback',
  device_name: "Ada’s laptop, “the” 'new' one",
  state: 's'.repeat(512),
})}`;

test('a provider asks again if the start wants that', async () => {
  const { idp } = await makeTenant(world());
  expect(await begin(browse(world()), idp)).toContain('fresh=false');
  expect(await begin(browse(world()), idp, '?fresh=1')).toContain('fresh=true');
  expect((await browse(world())('GET', `/sso/${idp}/start?fresh=yes`, undefined, HERE)).status).toBe(400);
});

test('a sign-in that is too old to approve a login is made fresh through the provider, and the page is as it was', async () => {
  const { idp, domain } = await makeTenant(world());
  const ada = { subject: 'ada', email: `ada@${domain}` };
  const browser = browse(world());
  const places = async () => must(await browser('GET', '/logins/places', undefined, HERE));
  await arrive(browser, idp, ada);
  expect(await places()).toMatchObject({ is_fresh: true });
  world().time.nowMs += 660_000;
  expect(await places()).toEqual({
    data: [],
    is_fresh: false,
    again: { password: false, passkey: false, providers: [{ id: idp, name: 'Okta' }] },
  });
  const back = await arrive(browser, idp, ada, `?fresh=1&return_to=${encodeURIComponent(CONNECT)}`);
  expect(back).toBe(CONNECT);
  expect(await places()).toMatchObject({ is_fresh: true });
});

test('a session that a provider opened is told of no provider of another organization', async () => {
  const [here, there] = [await makeTenant(world()), await makeTenant(world())];
  const browser = browse(world());
  await arrive(browser, here.idp, { subject: 'ada', email: `ada@${here.domain}` });
  const { account } = must(await browser('GET', '/session', undefined, HERE));
  const key = { organizationId: there.id, providerId: there.idp, subject: 'ada' };
  await links.use(world().deps.db, key, { accountId: account.id, email: null, now: new Date() });
  const { again } = must(await browser('GET', '/logins/places', undefined, HERE));
  expect(again.providers.map(({ id }: { id: string }) => id)).toEqual([here.idp]);
});

test('a provider that is switched off is no way to show it', async () => {
  const { id, idp, domain } = await makeTenant(world());
  const browser = browse(world());
  await arrive(browser, idp, { subject: 'ada', email: `ada@${domain}` });
  must(await world().root('POST', `/organizations/${id}/identity-providers/${idp}/switch-off`));
  const { again } = must(await browser('GET', '/logins/places', undefined, HERE));
  expect(again).toEqual({ password: false, passkey: false, providers: [] });
});

describe('a login of somebody who has only the provider', () => {
  /** A team of an organization that lets its members log in, with somebody in it. Returns its id. */
  async function teamWith(organizationId: string, accountId: string): Promise<string> {
    const { root } = world();
    const body = { name: 'Support', self_service: { enabled: true } };
    const { id } = must(await root('POST', `/organizations/${organizationId}/teams`, body));
    must(await root('POST', `/teams/${id}/members`, { account_id: accountId, role: 'team_developer' }));
    return id;
  }

  const approve = (browser: Browser, team_id: string) =>
    browser(
      'POST',
      '/logins/authorize',
      {
        ...{ team_id, device_name: 'laptop', redirect_uri: 'http://127.0.0.1:43210/callback' },
        ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
      },
      HERE,
    );

  test('is approved with a fresh sign-in through it, in its organization', async () => {
    const { id, idp, domain } = await makeTenant(world());
    const ada = { subject: 'ada', email: `ada@${domain}` };
    const browser = browse(world());
    await arrive(browser, idp, ada);
    const { account } = must(await browser('GET', '/session', undefined, HERE));
    const teamId = await teamWith(id, account.id);
    world().time.nowMs += 660_000;
    const stale = await approve(browser, teamId);
    expect(stale.status).toBe(403);
    expect(stale.body.errors).toMatchObject([{ pointer: '/password' }]);
    await arrive(browser, idp, ada, '?fresh=1');
    expect(must(await approve(browser, teamId)).redirect_to).toMatch(/^http:\/\/127\.0\.0\.1:43210\/callback\?code=hgcode_/);
  });

  test('is not approved after a sign-in that the provider let through without asking', async () => {
    const { id, idp, domain } = await makeTenant(world());
    const now = () => world().time.nowMs;
    const ada = (authenticatedAtMs: number | null) => ({ subject: 'ada', email: `ada@${domain}`, authenticatedAtMs });
    const browser = browse(world());
    await arrive(browser, idp, ada(now() - 3_600_000));
    const teamId = await teamWith(id, must(await browser('GET', '/session', undefined, HERE)).account.id);
    const statusAfter = async (authenticatedAtMs: number | null, query = '') => {
      await arrive(browser, idp, ada(authenticatedAtMs), query);
      return (await approve(browser, teamId)).status;
    };
    const refused = await approve(browser, teamId);
    expect([refused.status, refused.body.detail]).toEqual([
      403,
      expect.stringContaining('or your identity provider did not say when'),
    ]);
    expect(await statusAfter(null)).toBe(403);
    expect(await statusAfter(now() - 540_000)).toBe(200);
    expect(await statusAfter(now() - 3_600_000)).toBe(403);
    // A provider that never says when, such as Google, is taken at its word that it asked.
    expect(await statusAfter(null, '?fresh=1')).toBe(200);
  });

  test('is not approved with what the provider of another organization says, by somebody whose own sign-in is old', async () => {
    const { id } = await makeTenant(world());
    const other = await makeTenant(world());
    const person = await makePerson(world());
    const browser = browse(world());
    must(await browser('POST', '/session/sign-in', { email: person.email, password: PASSWORD }, HERE));
    await join(world(), id, person.id);
    const teamId = await teamWith(id, person.id);
    world().time.nowMs += 660_000;
    const { location } = must(await browser('POST', `/sso/${other.idp}/link`, { address: `eve@${other.domain}` }, HERE));
    await comeBack(browser, location, { subject: 'eve', email: `eve@${other.domain}` });
    const { is_fresh } = must(await browser('GET', '/logins/places', undefined, HERE));
    expect([is_fresh, (await approve(browser, teamId)).status]).toEqual([true, 403]);
  });

  test('is not approved because the session was idle for too long elsewhere', async () => {
    const { id, idp, domain } = await makeTenant(world());
    const browser = browse(world());
    await arrive(browser, idp, { subject: 'ada', email: `ada@${domain}` });
    const teamId = await teamWith(id, must(await browser('GET', '/session', undefined, HERE)).account.id);
    world().time.nowMs += 660_000;
    await world().deps.db.execute(
      sql`insert into session_evidence (session_id, source, organization_id, second_factor, shown_at)
        select session_id, 'idle:org_elsewhere', 'org_elsewhere', false, ${new Date(world().time.nowMs)} from session_evidence where organization_id = ${id}`,
    );
    expect((await approve(browser, teamId)).status).toBe(403);
  });

  test('is not approved in another organization, however fresh the sign-in is', async () => {
    const { idp, domain } = await makeTenant(world());
    const other = await makeTenant(world());
    const browser = browse(world());
    await arrive(browser, idp, { subject: 'ada', email: `ada@${domain}` });
    const { account } = must(await browser('GET', '/session', undefined, HERE));
    await join(world(), other.id, account.id);
    const teamId = await teamWith(other.id, account.id);
    expect([403, 404]).toContain((await approve(browser, teamId)).status);
  });
});
