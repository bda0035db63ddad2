import { describe, expect, test } from 'vitest';
import type { OrganizationAccess } from '../../src/domain/access/access.ts';
import { deployment, model, OWNED_BY_MEMBER, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();

const served = deployment();
const CATALOGUE = [
  model('fast', [served], { accessGroups: new Set(['support']) }),
  model('slow', [deployment({ id: 'dep_2' })], { accessGroups: new Set(['support', 'finance']) }),
  model('other', [deployment({ id: 'dep_3' })]),
  model('smart', [served], { kind: 'route_group', accessGroups: new Set(['finance']) }),
];

const granted = (targets: readonly string[], accessGroups: readonly string[] = []): OrganizationAccess => ({
  mode: 'selected',
  targets,
  accessGroups,
});

/** What the models page lists, and of every name in the catalogue whether a call passes. */
async function seen({ ask }: WalkHouse): Promise<{ listed: string[]; callable: string[] }> {
  const listed = (await ask(null, { path: '/v1/models', method: 'GET' })).json().data as { id: string }[];
  const callable: string[] = [];
  for (const name of ['fast', 'slow', 'other', 'smart']) {
    const { status } = await ask({ ...HELLO, model: name });
    expect([200, 404]).toContain(status);
    if (status === 200) callable.push(name);
  }
  return { listed: listed.map(({ id }) => id).sort(), callable: callable.sort() };
}

describe('what an organization may call', () => {
  // promise: Grant direct callable targets when the tenant should see specific model names or route groups.
  // promise: Grant access groups when the tenant should see every callable target labelled with a group such as
  test.each([
    ['nothing granted: nothing', granted([]), []],
    ['a model: that model', granted(['fast']), ['fast']],
    ['a route group: that route group', granted(['smart']), ['smart']],
    ['an access group: every target labelled with it', granted([], ['finance']), ['slow', 'smart']],
    ['both: both', granted(['other'], ['support']), ['fast', 'other', 'slow']],
  ])('%s', async (_name, access, names) => {
    const one = await open({ organization: { access }, targets: CATALOGUE });
    expect(await seen(one)).toEqual({ listed: names, callable: names });
  });

  // promise: A granted route group authorizes its member deployments through its key only.
  test('a granted route group is served by its members, and its members’ own name stays unknown', async () => {
    const { ask, rows } = await open({ organization: { access: granted(['smart']) }, targets: CATALOGUE });
    expect((await ask({ ...HELLO, model: 'smart' })).status).toBe(200);
    expect(rows[0]).toMatchObject({ calledName: 'smart', deploymentId: served.id });
    expect((await ask(HELLO)).json().error).toMatchObject({ code: 'model_not_found' });
  });

  // promise: Access-group grants are valid even before a group has current model members.
  test('a granted group without members gives a target the moment it is labelled, and a tag like it gives nothing', async () => {
    const labelled = (groups: readonly string[]) => [
      model('fast', [deployment({ tags: ['beta'] })], { accessGroups: new Set(groups) }),
    ];
    const { ask, change } = await open({ organization: { access: granted([], ['beta']) }, targets: labelled([]) });
    expect((await ask(HELLO)).status).toBe(404);
    await change({ targets: labelled(['beta']) });
    expect((await ask(HELLO)).status).toBe(200);
  });
});

describe('narrowing', () => {
  const away = { access: { mode: 'restrict', targets: ['other'], accessGroups: [] } } as const;

  // promise: Not granted to the organization: 404 `model_not_found`. Removed at a lower level: 403 `model_not_allowed`, naming the level.
  test.each([
    ['the organization', { organization: { access: granted(['other']) } }, 404, 'model_not_found', 'model'],
    ['the team', { team: away }, 403, 'model_not_allowed', 'team_access'],
    ['the user', { member: away, key: OWNED_BY_MEMBER }, 403, 'model_not_allowed', 'user_access'],
    ['the key', { key: away }, 403, 'model_not_allowed', 'key_access'],
  ])('by %s is said as such, and nobody is asked', async (_level, plan, status, code, param) => {
    const { ask, upstreamCalls } = await open({ targets: CATALOGUE, member: {}, ...plan });
    const said = await ask(HELLO);
    expect([said.status, said.json().error.code, said.json().error.param]).toEqual([status, code, param]);
    expect(upstreamCalls()).toBe(0);
    expect((await ask({ ...HELLO, model: 'other' })).status).toBe(200);
  });
});

describe('fallback', () => {
  const broken = model('fast', [deployment({ upstreamModel: 'fake-500' })], { fallbacks: ['slow', 'other'] });
  const targets = [broken, ...CATALOGUE.slice(1)];

  // promise: Fallback to another *target* needs that target in the effective set.
  // promise: a provider | fallback within the caller's access
  test('passes over a target the key may not call, and goes on to one it may', async () => {
    const { ask, rows } = await open({ targets, organization: { access: granted(['fast', 'other']) } });
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows[0]).toMatchObject({ deploymentId: 'dep_3', attempts: 2 });
  });

  test('goes nowhere where the key may call nothing else', async () => {
    const key = { access: { mode: 'restrict', targets: ['fast'], accessGroups: [] } } as const;
    const { ask, rows } = await open({ targets, key, gateway: { random: () => 0 } });
    expect((await ask(HELLO)).status).toBe(502);
    expect(new Set(rows.map(({ deploymentId }) => deploymentId))).not.toContain('dep_2');
  });
});

// promise: A model name in a path is percent-encoded.
test('a model name in a path is percent-encoded, its slashes too, and only what may be called is there', async () => {
  const { ask } = await open({ targets: [model('org/model:8b ü', [deployment()])] });
  const get = async (path: string) => (await ask(null, { path: `/v1/models/${path}`, method: 'GET' })).status;
  expect(await get(encodeURIComponent('org/model:8b ü'))).toBe(200);
  expect([await get('org/model:8b%20%C3%BC'), await get('fast'), await get('%FF')]).toEqual([404, 404, 400]);
});
