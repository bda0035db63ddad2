import { expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('what a key can call', (given) => {
  const world = withAdmin(given, { upstream });
  const names = (answer: { data: { name: string }[] }) => answer.data.map(({ name }) => name);

  /** Four targets, and a key whose organization has three of them, whose team two, and that itself may call all of its team's. */
  async function scene() {
    const { root } = world();
    const prefix = freshName('callable');
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => `${prefix}-${letter}`) as [string, string, string, string];
    const large = { upstream_model: 'fake-large', prices: { input_per_million: '1.25', output_per_million: '10' } };
    const { id } = await makeDeployment(root, a, { ...large, max_output_tokens: 4_000 });
    await makeDeployment(root, c, { upstream_model: 'fake-embedding', mode: 'embedding' });
    await makeDeployment(root, d);
    must(await root('POST', '/route-groups', { key: b, members: [{ deployment_id: id }], fallbacks: [a, d] }));
    const { organization, team } = await makeTeam(root);
    must(await root('PATCH', `/organizations/${organization.id}`, { asset_access: { mode: 'selected', targets: [a, b, c] } }));
    must(await root('PATCH', `/teams/${team.id}`, { asset_access: { mode: 'restrict', targets: [a, b] } }));
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app' }));
    return { a, b, c, d, organization, team, key, path: `/keys/${key.id}/callable-targets` };
  }

  test('is exactly what every level allows, with price, context window and endpoints', async () => {
    const { root } = world();
    const { a, b, path } = await scene();
    const answer = must(await root('GET', path));
    expect([names(answer), answer.total]).toEqual([[a, b], 2]);
    expect(answer.data[0]).toMatchObject({
      type: 'model',
      mode: 'chat',
      endpoints: ['chat_completions', 'messages', 'responses', 'generate_content', 'completions'],
      context_window: 128_000,
      max_output_tokens: 4_000,
      prices: { input_per_million: '1.25', output_per_million: '10.00' },
    });
    // A fallback that the key may not call is not told.
    expect(answer.data[1]).toMatchObject({ type: 'route_group', fallbacks: [a], context_window: 128_000 });
  });

  test('of a model of texts is one endpoint', async () => {
    const { root } = world();
    const { organization, team, path } = await scene();
    const texts = freshName('texts');
    await makeDeployment(root, texts, { mode: 'completion' });
    must(await root('PATCH', `/organizations/${organization.id}`, { asset_access: { mode: 'selected', targets: [texts] } }));
    must(await root('PATCH', `/teams/${team.id}`, { asset_access: null }));
    const { data } = must(await root('GET', `${path}?mode=completion`));
    expect(data).toMatchObject([{ name: texts, mode: 'completion', endpoints: ['completions'] }]);
    expect(names(must(await root('GET', `${path}?mode=chat`)))).toEqual([]);
  });

  test('agrees with the explanation of access, and follows a narrower key at once', async () => {
    const { root } = world();
    const { a, b, key, path } = await scene();
    must(await root('PATCH', `/keys/${key.id}`, { asset_access: { mode: 'restrict', targets: [b] } }));
    expect(names(must(await root('GET', path)))).toEqual([b]);
    const explained = must(await root('GET', `/access/explain?key_id=${key.id}`));
    const allowed = explained.data.flatMap((one: { allowed: boolean; target: string }) => (one.allowed ? [one.target] : []));
    expect(allowed).toEqual([b]);
    expect(allowed).not.toContain(a);
  });

  test('is searched, filtered and paged by the server', async () => {
    const { root } = world();
    const { a, b, c, team, path } = await scene();
    must(await root('PATCH', `/teams/${team.id}`, { asset_access: null }));
    expect(names(must(await root('GET', `${path}?mode=embedding`)))).toEqual([c]);
    expect(names(must(await root('GET', `${path}?type=route_group`)))).toEqual([b]);
    expect(names(must(await root('GET', `${path}?search=${a}`)))).toEqual([a]);
    const first = must(await root('GET', `${path}?limit=2`));
    expect(names(first)).toEqual([a, b]);
    expect(names(must(await root('GET', `${path}?limit=2&cursor=${first.next_cursor}`)))).toEqual([c]);
    expect((await root('GET', `${path}?mode=film`)).status).toBe(400);
  });

  test('is shown to those who may see the key, and to nobody else', async () => {
    const { as } = world();
    const { organization, team, path } = await scene();
    const organizationId = organization.id;
    const developer = as([{ role: 'team_developer', organizationId, teamId: team.id }]);
    expect((await developer('GET', path)).status).toBe(200);
    expect((await as([{ role: 'org_member', organizationId }])('GET', path)).status).toBe(403);
    expect((await as([{ role: 'org_admin', organizationId: 'org_other' }])('GET', path)).status).toBe(404);
    expect((await world().root('GET', '/keys/key_none/callable-targets')).status).toBe(404);
  });
});
