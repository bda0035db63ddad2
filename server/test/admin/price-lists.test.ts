import { expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase(), { upstream });

const cost = (input: number, more: object = {}) => ({
  ...{ litellm_provider: 'openai', mode: 'chat', input_cost_per_token: input, output_cost_per_token: input * 2, ...more },
});
const bodyOf = (name: string, prices: object, more: object = {}) => ({
  name,
  version: '7',
  published_on: '2026-03-01',
  prices,
  ...more,
});

async function importList(name: string, prices: object, more: object = {}, query = '') {
  return must(await world().root('POST', `/price-lists${query}`, bodyOf(name, prices, more)));
}

async function deployOpenAi(upstream_model: string, more: object = {}): Promise<string> {
  const { root } = world();
  const credential = { name: freshName('credential'), provider: 'openai', api_key: 'sk-0123456789abcdef' };
  const { id: credential_id } = must(await root('POST', '/credentials', credential));
  return must(
    await root('POST', '/deployments', { model: freshName(), provider: 'openai', upstream_model, credential_id, ...more }),
  ).id;
}

test('an import says of each entry what became of it, and a wrong number refuses no other entry', async () => {
  const name = freshName('list');
  const entries = {
    ...{ 'house-a': cost(1e-6), 'house-b': cost(2e-6, { max_input_tokens: 1_000, input_cost_per_image: 1 }) },
    ...{ 'house-nan': cost(-1), 'house-huge': cost(1e30), 'house-free': cost(0), 'bad name': cost(1e-6) },
    ...{ 'sambanova/x': cost(1e-6, { litellm_provider: 'sambanova' }), sample_spec: {} },
  };
  const counts = { added: 2, changed: 0, same: 0, removed: 0, refused: 4, skipped: 2 };
  const tried = await importList(name, entries, {}, '?dry_run=true');
  expect(tried).toMatchObject({ counts, is_dry_run: true, deployments: [] });
  expect(must(await world().root('GET', '/price-lists')).data.map((one: { name: string }) => one.name)).not.toContain(name);
  const done = await importList(name, entries);
  expect(done).toEqual({ ...tried, is_dry_run: false });
  const rowOf = (entry: string) => done.rows.find((row: { name: string }) => row.name === entry);
  expect(rowOf('house-huge')).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/not plausible/) });
  expect(rowOf('house-b')).toMatchObject({
    prices: { input_per_million: '2.00', output_per_million: '4.00' },
    ignored: ['input_cost_per_image'],
  });
  expect(done.rows[0].outcome).toBe('refused');
  const again = await importList(name, { 'house-a': cost(1e-6), 'house-b': cost(3e-6) });
  expect(again.counts).toMatchObject({ added: 0, changed: 1, same: 1 });
  expect((await importList(name, { 'house-b': cost(3e-6) })).counts).toMatchObject({ same: 1, removed: 1 });
  const { data } = must(await world().root('GET', '/price-lists'));
  expect(data[0]).toMatchObject({ name: upstream.publishedList.name, is_imported: false });
  expect(data.find((one: { name: string }) => one.name === name)).toMatchObject({
    ...{ version: '7', published_on: '2026-03-01', is_imported: true, models: 1, author: expect.stringMatching(/^adm_/) },
  });
  const events = must(await world().root('GET', `/audit-events?object_type=price_list&object_id=${name}`)).data;
  expect(events.map((one: { action: string }) => one.action)).toEqual(Array(3).fill('price_list.import'));
});

test('models of an imported list are known, and a new deployment takes their price with the list as its origin', async () => {
  const { root } = world();
  const name = freshName('list');
  const model = freshName('imported');
  await importList(name, { [model]: cost(1e-6, { max_input_tokens: 5_000, max_output_tokens: 500, supports_vision: true }) });
  const [known] = must(await root('GET', `/known-models?search=${model}&feature=vision&priced=true&deployed=false`)).data;
  expect(known).toMatchObject({
    ...{ provider: 'openai', upstream_model: model, context_window: 5_000, max_output_tokens: 500, features: ['vision'] },
    prices: { input_per_million: '1.00' },
    sources: [{ kind: 'imported', list: name, version: '7', published_on: '2026-03-01' }],
  });
  expect(must(await root('GET', `/prices/suggest?provider=openai&upstream_model=${model}`))).toMatchObject({
    ...{ prices: { input_per_million: '1.00' }, source: name, source_version: '7' },
  });
  const id = await deployOpenAi(model);
  const origin = { source: 'imported', source_version: `${name} 7`, created_by: expect.stringMatching(/^adm_/) };
  expect(must(await root('GET', `/deployments/${id}`))).toMatchObject({
    prices: { input_per_million: '1.00' },
    prices_from: origin,
  });
  // The published list comes first.
  await importList(freshName('list'), { 'gpt-5-nano': cost(9e-6) });
  expect(must(await root('GET', '/prices/suggest?provider=openai&upstream_model=gpt-5-nano')).prices.input_per_million).toBe(
    '0.05',
  );
});

test('an import sets prices of deployments if it is told to: of those without one, or of all', async () => {
  const { root } = world();
  const model = freshName('priced');
  const unpriced = await deployOpenAi(model, { prices: null });
  const own = await deployOpenAi(model, { prices: { input_per_million: '5' } });
  const name = freshName('list');
  const list = { [model]: cost(1e-6) };
  expect((await importList(name, list)).deployments).toEqual([]);
  const [only, ...none] = (await importList(name, list, { deployments: 'unpriced' })).deployments;
  expect(none).toEqual([]);
  const after = { input_per_million: '1.00', output_per_million: '2.00' };
  expect(only).toMatchObject({ deployment_id: unpriced, before: null, after });
  const all = { deployments: 'all' };
  const tried = await importList(name, list, all, '?dry_run=true');
  expect(tried.deployments).toMatchObject([{ deployment_id: own, before: { input_per_million: '5.00' }, after }]);
  expect(must(await root('GET', `/deployments/${own}`)).prices.input_per_million).toBe('5.00');
  await importList(name, list, all);
  expect((await importList(name, list, all)).deployments).toEqual([]);
  const [version] = must(await root('GET', `/prices?deployment_id=${own}`)).data;
  expect(version).toMatchObject({ prices: after, source: 'imported', source_version: `${name} 7` });
  const [event] = must(await root('GET', `/audit-events?object_id=${own}&action=price.import`)).data;
  expect(event).toMatchObject({ action: 'price.import' });
  expect((await root('DELETE', `/price-lists/${name}`)).status).toBe(204);
  expect((await root('DELETE', `/price-lists/${name}`)).status).toBe(404);
  expect(must(await root('GET', `/deployments/${own}`)).prices).toMatchObject(after);
});

test('an import prices deployments of presets, also of those that people added', async () => {
  const { root } = world();
  const added = { id: freshName('acme').replaceAll('_', '-').toLowerCase(), name: 'Acme', auth: 'bearer', prices: null };
  const wires = { 'openai-chat': '/chat/completions' };
  must(await root('POST', '/presets', { ...added, base_url: 'https://llm.acme.example/v1', wires }));
  const ids: string[] = [];
  for (const provider of ['deepinfra', added.id]) {
    const credential = { name: freshName('credential'), provider, api_key: 'key-0123456789abcdef' };
    const { id: credential_id } = must(await root('POST', '/credentials', credential));
    const deployment = { model: freshName(), provider, upstream_model: 'org/house-x', credential_id };
    ids.push(must(await root('POST', '/deployments', deployment)).id);
  }
  const list = {
    'deepinfra/org/house-x': cost(1e-6, { litellm_provider: 'deepinfra' }),
    [`${added.id}/org/house-x`]: cost(2e-6, { litellm_provider: added.id.replaceAll('-', '_') }),
  };
  const done = await importList(freshName('list'), list, { deployments: 'unpriced' });
  expect(done.counts.added).toBe(2);
  expect(done.deployments.map((one: { deployment_id: string }) => one.deployment_id).sort()).toEqual(ids.toSorted());
  const price = async (id: string) => must(await root('GET', `/deployments/${id}`)).prices.input_per_million;
  expect(await Promise.all(ids.map(price))).toEqual(['1.00', '2.00']);
});

test('a deployment of the fake provider is in no list', async () => {
  const { id } = await makeDeployment(world().root, freshName(), { prices: null });
  const done = await importList(
    freshName('list'),
    { 'fake-small': cost(1e-6, { litellm_provider: 'fake' }) },
    { deployments: 'all' },
    '?dry_run=true',
  );
  expect(done.counts.skipped).toBe(1);
  expect(done.deployments.map((one: { deployment_id: string }) => one.deployment_id)).not.toContain(id);
});

test('a list may have 4 MB and 10,000 entries, and no more than ten lists are kept', async () => {
  const { root } = world();
  const many = (count: number, more = {}) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`m-${at}`, cost(1e-6, more)]));
  const name = freshName('list');
  const long = await importList(name, many(3_000, { source: 'x'.repeat(400) }));
  expect(long.counts.added).toBe(3_000);
  expect(long.rows).toHaveLength(500);
  const tooMany = await root('POST', '/price-lists', bodyOf(name, many(10_001)));
  expect([tooMany.status, tooMany.body.errors[0].pointer]).toEqual([400, '/prices']);
  const tooLong = await root('POST', '/price-lists', bodyOf(name, many(6_000, { source: 'x'.repeat(700) })));
  expect(tooLong.status).toBe(413);
  const kept = must(await root('GET', '/price-lists')).data.length - 1;
  for (let at = kept; at < 10; at += 1) await importList(freshName('list'), {});
  const full = await root('POST', '/price-lists', bodyOf(freshName('list'), {}));
  expect([full.status, full.body.errors[0].pointer]).toEqual([400, '/name']);
  for (const prices of [null, [], 'text', 5])
    expect((await root('POST', '/price-lists', bodyOf(name, prices as never))).status).toBe(400);
});

test('lists are imported by who may change the catalogue, and read by who may read the platform', async () => {
  const { as } = world();
  const auditor = as([{ role: 'platform_auditor' }]);
  expect((await auditor('GET', '/price-lists')).status).toBe(200);
  expect((await auditor('POST', '/price-lists', bodyOf('x', {}))).status).toBe(403);
  expect((await as([{ role: 'org_owner', organizationId: 'org_x' }])('GET', '/price-lists')).status).toBe(403);
});
