/**
 * A person of two organizations comes through the provider of one. Whoever controls that provider can be this person, so the session
 * must not tell where else they belong. Every question of the admin API is asked.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { upstream } from '../admin/catalogue-support.ts';
import { idFor, makeGround, makeShared } from '../admin/ground.ts';
import { type AdminWorld, must, withAdmin } from '../admin/support.ts';
import { pathOf } from '../hostile/hostile-calls.ts';
import { type Browser, browse, makePerson, PASSWORD } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { makeTenant as makeTree } from '../support/tenants.ts';
import { arrive, comeBack, HERE, join, makeTenant, PUBLIC_URL, type Tenant, useWorld } from './support.ts';

const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING }, upstream });

interface Scene {
  readonly here: Tenant;
  /** Texts that name the other organization: its ids and names, and those of what it holds. */
  readonly marks: readonly string[];
  /** Through the provider: the person of both organizations, and one who belongs here alone. */
  readonly person: Browser;
  readonly neighbour: Browser;
  /** The same person, signed in in their own way. */
  readonly own: Browser;
  readonly elsewhere: { readonly id: string; readonly teamId: string };
  readonly idOf: (pattern: string, parameter: string) => string;
}
let scene: Scene;

beforeAll(async () => {
  useWorld(world()).time.nowMs = Date.now();
  scene = await makeScene(world());
}, 120_000);

async function makeScene(given: AdminWorld): Promise<Scene> {
  const { root } = given;
  const here = await makeTenant(given);
  const tree = await makeTree(async (method, path, body) => must(await root(method, path, body)));
  const [{ teamId, teamName }] = tree.teams;
  const id = tree.organizationId;
  must(await root('PATCH', `/organizations/${id}`, { name: 'Zebra Works', slug: 'zebra-works' }));
  const ground = await makeGround(root, tree.teams[0], await makeShared(root));
  const account = await makePerson(given, { name: 'Ada' });
  for (const [organizationId, role] of [
    [here.id, 'org_admin'],
    [id, 'org_owner'],
  ] as const)
    await join(given, organizationId, account.id, role);
  must(await root('POST', `/teams/${teamId}/members`, { account_id: account.id, role: 'team_admin' }));
  const own = browse(given);
  must(await own('POST', '/session/sign-in', { email: account.email, password: PASSWORD }, HERE));
  const linking = must(await own('POST', `/sso/${here.idp}/link`, { address: `ada@${here.domain}` }, HERE));
  await comeBack(own, linking.location, { subject: 'ada', email: `ada@${here.domain}` });
  await leaveTraces(own, { here, id, teamId });
  const person = browse(given);
  expect(await arrive(person, here.idp, { subject: 'ada', email: `ada@${here.domain}` })).toBe('/');
  const neighbour = browse(given);
  const colleague = await makePerson(given, { name: 'Bob' });
  await join(given, here.id, colleague.id, 'org_admin');
  const bob = browse(given);
  must(await bob('POST', '/session/sign-in', { email: colleague.email, password: PASSWORD }, HERE));
  const his = must(await bob('POST', `/sso/${here.idp}/link`, { address: `bob@${here.domain}` }, HERE));
  await comeBack(bob, his.location, { subject: 'bob', email: `bob@${here.domain}` });
  await arrive(neighbour, here.idp, { subject: 'bob', email: `bob@${here.domain}` });
  return {
    ...{ here, person, neighbour, own, elsewhere: { id, teamId } },
    marks: [id, teamId, teamName, 'Zebra', 'zebra-works'],
    idOf: (pattern, parameter) => idFor(pattern, parameter, ground) ?? 'nothing-of-this-name',
  };
}

/** What a person has across their organizations: a login and saved views. */
async function leaveTraces(
  own: Browser,
  { here, id, teamId }: { readonly here: Tenant; readonly id: string; readonly teamId: string },
): Promise<void> {
  const challenge = createHash('sha256').update('a verifier that nobody shows').digest('base64url');
  must(
    await own(
      'POST',
      '/logins/authorize',
      {
        ...{ team_id: teamId, device_name: 'Laptop of Zebra', redirect_uri: 'http://127.0.0.1:43210/callback' },
        ...{ code_challenge: challenge, code_challenge_method: 'S256' },
      },
      HERE,
    ),
  );
  for (const [name, query, organization_id] of [
    ['Zebra by team', `organization_id=${id}`, null],
    ['All of Zebra', '', null],
    ['Shared at Zebra', '', id],
    ['Mine here', `organization_id=${here.id}`, null],
    ['Shared here', '', here.id],
  ] as const)
    must(await own('POST', '/saved-views', { name, path: '/usage', query, organization_id }, HERE));
}

/** Routes whose answer is no JSON of one piece, or that end what asks. */
const isAsked = ([name, route]: [string, { readonly form?: string }]) => name.startsWith('GET ') && route.form !== 'events';
const paths = () =>
  Object.entries(ROUTES as Readonly<Record<string, { readonly form?: string }>>)
    .filter(isAsked)
    .map(([name]) => {
      const [, pattern = ''] = name.split(' ');
      return pathOf(pattern, (parameter) => scene.idOf(pattern, parameter));
    });

const asked = (browser: Browser, path: string) => ask(browser, 'GET', path);
async function ask(browser: Browser, method: string, path: string, body?: unknown) {
  const url = `${world().address}/api/v1${path}`;
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
  const headers = { cookie, origin: PUBLIC_URL, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  // Each answer has an id of its own.
  const text = (await answer.text()).replaceAll(/req_[0-9a-f]{32}/g, 'req_');
  return { status: answer.status, text };
}

describe('a session that only a provider opened', () => {
  // promise: An identity provider opens its own organization and nothing else
  test('answers every question as to somebody who belongs to that organization alone', async () => {
    const problems: string[] = [];
    const all = paths();
    for (const path of all) {
      const seen = await asked(scene.person, path);
      const wanted = await asked(scene.neighbour, path);
      if (seen.status !== wanted.status) problems.push(`${path}: ${seen.status}, and ${wanted.status} for the neighbour`);
      // What the question itself names may come back.
      const told = scene.marks.filter((mark) => seen.text.includes(mark) && !path.includes(mark));
      if (told.length > 0) problems.push(`${path}: tells ${told.join(', ')}`);
    }
    expect(problems).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  }, 120_000);

  test.each([
    ['the session', '/session'],
    ['the teams to log in to', '/logins/places'],
    ['own logins', '/logins'],
    ['saved views', '/saved-views'],
    ['organizations', '/organizations'],
    ['search', '/search?q=Zebra'],
  ])('%s tell of it to the person’s own sign-in, and only there', async (_, path) => {
    const names = (text: string) => scene.marks.some((mark) => text.includes(mark));
    const before = await asked(scene.own, path);
    expect([before.status, names(before.text)]).toEqual([200, true]);
    const through = await asked(scene.person, path);
    expect([through.status, names(through.text)]).toEqual([200, false]);
  });

  test('says that the own sign-in opens more, and names its own organization', async () => {
    const session = JSON.parse((await asked(scene.person, '/session')).text);
    expect(session).toMatchObject({ own_sign_in: false, places: [], memberships: [{ organization_id: scene.here.id }] });
    expect(session.signed_in_through).toEqual([{ id: scene.here.idp, name: 'Okta' }]);
    const views = JSON.parse((await asked(scene.person, '/saved-views')).text).data;
    expect(views.map(({ name }: { name: string }) => name).sort()).toEqual(['Mine here', 'Shared here']);
  });

  test('changes nothing of the other organization, and finds it as little as a stranger does', async () => {
    const { elsewhere } = scene;
    const changes = [
      ['PATCH', `/organizations/${elsewhere.id}`, { name: 'Taken' }],
      ['POST', `/organizations/${elsewhere.id}/teams`, { name: 'x' }],
      ['POST', '/keys', { team_id: elsewhere.teamId, name: 'x', owner: { account_id: 'acct_x' } }],
      ['POST', '/saved-views', { name: 'x', path: '/usage', query: '', organization_id: elsewhere.id }],
    ] as const;
    for (const [method, path, body] of changes) {
      const seen = await ask(scene.person, method, path, body);
      const wanted = await ask(scene.neighbour, method, path, body);
      expect([path, seen.status, seen.text]).toEqual([path, 404, wanted.text]);
    }
  });

  test('keeps a saved view where it is found again, or says why not', async () => {
    const view = (more: object) => ask(scene.person, 'POST', '/saved-views', { name: 'New', path: '/usage', query: '', ...more });
    const refused = await view({});
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('names no organization')]);
    expect((await view({ organization_id: scene.here.id })).status).toBe(201);
    expect((await view({ query: `organization_id=${scene.here.id}` })).status).toBe(201);
    expect((await ask(scene.neighbour, 'POST', '/saved-views', { name: 'New', path: '/usage', query: '' })).status).toBe(201);
  });
});

test('a provider’s evidence that has ended still names its organization, so that the person can come again', async () => {
  const { here, person } = scene;
  world().time.nowMs += 13 * 3_600_000;
  try {
    expect(JSON.parse((await asked(person, '/session')).text)).toMatchObject({
      own_sign_in: false,
      places: [{ organization_id: here.id, needs: 'sign_in', providers: [{ id: here.idp }] }],
      memberships: [{ organization_id: here.id }],
    });
  } finally {
    world().time.nowMs -= 13 * 3_600_000;
  }
});
