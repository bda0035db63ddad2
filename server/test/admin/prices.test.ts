import { describe, expect, test } from 'vitest';
import { loadCatalogue, withoutSecret } from '../../src/store/configuration/config.ts';
import * as schema from '../../src/store/schema.ts';
import { withDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase(), { upstream });

test('a price for a deployment that does not exist points at the field; who may not set prices learns neither', async () => {
  const { root, as } = world();
  const { id } = await makeDeployment(root, freshName());
  const prices = { input_per_million: '1' };
  const missing = await root('POST', '/prices', { deployment_id: 'dep_none', prices });
  expect([missing.status, missing.body.errors[0].pointer]).toEqual([400, '/deployment_id']);
  const owner = as([{ role: 'org_owner', organizationId: 'org_x' }]);
  for (const deployment_id of [id, 'dep_none', undefined]) {
    expect((await owner('POST', '/prices', { deployment_id, prices })).status).toBe(403);
  }
});

test('of two who set a price of one version the second is told, and nothing of theirs is stored', async () => {
  const { root } = world();
  const { id, version } = await makeDeployment(root, freshName());
  const body = (input: string) => ({ deployment_id: id, prices: { input_per_million: input } });
  const headers = { 'if-match': `"${version}"` };
  expect((await root('POST', '/prices', body('1'), headers)).status).toBe(201);
  const second = await root('POST', '/prices', body('2'), headers);
  expect(second.status).toBe(412);
  const read = await root('GET', `/deployments/${id}`);
  expect(read.body).toMatchObject({ version: version + 1, prices: { input_per_million: '1.00' } });
  const again = await root('POST', '/prices', body('2'), { 'if-match': `"${version + 1}"` });
  expect(again.status).toBe(201);
});

const RATES = { input_per_million: '1.00', output_per_million: '2.00' };
const UNITS = {
  per_unit: { search: '0.01', image: '0.04' },
  context_tiers: [
    { above_input_tokens: 200_000, input_per_million: '2.00' },
    { above_input_tokens: 1_000_000, input_per_million: '3.00', output_per_million: '9.00' },
  ],
  service_tiers: { fast: {}, priority: { input_per_million: '4.00' } },
};

describe('what is charged beyond tokens', () => {
  test('is given, listed, shown and handed to the data plane as it was said, with who gave it', async () => {
    const { root, as, deps } = world();
    const { id, model } = await makeDeployment(root, freshName(), { prices: { ...RATES, ...UNITS } });
    const shown = { ...RATES, ...UNITS };
    const platform = as([{ role: 'platform_admin' }], 'acct_ada');
    expect(must(await root('GET', `/deployments/${id}`))).toMatchObject({
      prices: shown,
      prices_from: { source: 'given', source_version: null, created_by: expect.stringMatching(/^adm_/) },
    });
    const added = must(await platform('POST', '/prices', { deployment_id: id, prices: { ...RATES, per_unit: { page: '0' } } }));
    expect(added).toMatchObject({ prices: { ...RATES, per_unit: { page: '0.00' } }, source: 'given', created_by: 'acct_ada' });
    expect(added.prices).not.toHaveProperty('context_tiers');
    const listed = must(await root('GET', `/prices?deployment_id=${id}`)).data;
    expect(listed.map((version: { prices: object }) => version.prices)).toEqual([added.prices, shown]);
    const [target] = must(await root('GET', `/callable-targets?search=${model}`)).data;
    expect(target.prices).toEqual({ ...RATES, per_unit: { page: '0.00' } });
    const prices = (await loadCatalogue(deps.db, withoutSecret)).targets.get(model)?.members[0]?.deployment.prices;
    expect(prices?.map((price) => price.units)).toEqual([
      { perUnit: { page: 0 } },
      {
        perUnit: { search: 10_000_000, image: 40_000_000 },
        contextTiers: [
          { aboveInputTokens: 200_000, perMillion: { input: 2_000_000_000 } },
          { aboveInputTokens: 1_000_000, perMillion: { input: 3_000_000_000, output: 9_000_000_000 } },
        ],
        serviceTiers: { fast: { perMillion: {} }, priority: { perMillion: { input: 4_000_000_000 } } },
      },
    ]);
  });

  test('a PATCH keeps what is absent, takes away what is null, and replaces context tiers as a whole', async () => {
    const { root, time } = world();
    const { id } = await makeDeployment(root, freshName(), { prices: { ...RATES, ...UNITS } });
    const patched = async (prices: unknown) => {
      time.nowMs += 1_000;
      return must(await root('PATCH', `/deployments/${id}`, { prices })).prices;
    };
    expect(await patched({ input_per_million: '1.50' })).toEqual({ ...RATES, ...UNITS, input_per_million: '1.50' });
    expect((await patched({ per_unit: { search: null, page: '0.002' } })).per_unit).toEqual({ image: '0.04', page: '0.002' });
    expect((await patched({ service_tiers: { priority: { output_per_million: '8.00' }, fast: null } })).service_tiers).toEqual({
      priority: { input_per_million: '4.00', output_per_million: '8.00' },
    });
    expect((await patched({ service_tiers: { priority: { input_per_million: null } } })).service_tiers).toEqual({
      priority: { output_per_million: '8.00' },
    });
    const tier = { above_input_tokens: 128_000, output_per_million: '5.00' };
    expect((await patched({ context_tiers: [{ ...tier, input_per_million: null }] })).context_tiers).toEqual([tier]);
    expect(await patched({ context_tiers: null, per_unit: null })).toEqual({
      ...RATES,
      input_per_million: '1.50',
      service_tiers: { priority: { output_per_million: '8.00' } },
    });
    expect(await patched({ service_tiers: null })).toEqual({ ...RATES, input_per_million: '1.50' });
    const before = must(await root('GET', `/deployments/${id}`)).version;
    await patched({ service_tiers: {}, per_unit: { search: null }, context_tiers: [] });
    expect(must(await root('GET', `/deployments/${id}`)).version).toBe(before);
    expect(await patched(null)).toBeNull();
  });

  test('without the price of one bucket it is no price, and is not taken for one', async () => {
    const { root } = world();
    const { id } = await makeDeployment(root, freshName(), { prices: { ...RATES, ...UNITS } });
    const nothing = { input_per_million: null, output_per_million: null };
    for (const answer of [
      await root('POST', '/prices', { deployment_id: id, prices: UNITS }),
      await root('PATCH', `/deployments/${id}`, { prices: nothing }),
      await root('POST', '/deployments', {
        ...{ model: freshName(), provider: 'fake', upstream_model: 'fake-small', mode: 'chat' },
        prices: { per_unit: { image: '0.04' } },
      }),
    ]) {
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/prices']);
    }
    expect(must(await root('GET', `/deployments/${id}`))).toMatchObject({ prices: RATES, version: 1 });
    const patched = must(await root('PATCH', `/deployments/${id}`, { prices: { ...nothing, ...NO_UNITS } }));
    expect([patched.prices, patched.prices_from]).toEqual([null, null]);
  });

  test('the audit log says what it was and what it is', async () => {
    const { root } = world();
    const { id } = await makeDeployment(root, freshName(), { prices: RATES });
    must(await root('PATCH', `/deployments/${id}`, { prices: { per_unit: { search: '0.01' } }, max_searches: 5 }));
    must(await root('POST', '/prices', { deployment_id: id, prices: { ...RATES, ...UNITS } }));
    const events = must(await root('GET', '/audit-events?action=deployment.update')).data;
    const event = events.find((one: { object: { id: string } }) => one.object.id === id);
    expect([event.before, event.after]).toEqual([
      { prices: RATES, max_searches: null },
      { prices: { ...RATES, per_unit: { search: '0.01' } }, max_searches: 5 },
    ]);
    const [created] = must(await root('GET', '/audit-events?action=price.create')).data;
    expect(created).toMatchObject({
      before: { prices: { per_unit: { search: '0.01' } } },
      after: { prices: { ...RATES, ...UNITS } },
    });
  });

  const tiers = (count: number, from = 0) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`tier-${from + index}`, { input_per_million: '1' }]));
  const contexts = (...above: unknown[]) => above.map((above_input_tokens) => ({ above_input_tokens, input_per_million: '1' }));
  const faults: readonly (readonly [string, object, string])[] = [
    ['a unit that is none', { per_unit: { colour: '1' } }, '/prices/per_unit/colour'],
    ['a unit below zero', { per_unit: { search: '-1' } }, '/prices/per_unit/search'],
    ['a unit with an exponent', { per_unit: { search: '1e3' } }, '/prices/per_unit/search'],
    ['a unit as a number', { per_unit: { search: 0.01 } }, '/prices/per_unit/search'],
    ['a unit finer than a nano-dollar', { per_unit: { search: '0.0000000001' } }, '/prices/per_unit/search'],
    ['a unit dearer than a counter holds', { per_unit: { search: '9000001' } }, '/prices/per_unit/search'],
    ['units as a list', { per_unit: ['search'] }, '/prices/per_unit'],
    ['a context tier without a rate', { context_tiers: [{ above_input_tokens: 1 }] }, '/prices/context_tiers/0'],
    [
      'a context tier whose rates are null',
      { context_tiers: [{ above_input_tokens: 1, input_per_million: null }] },
      '/prices/context_tiers/0',
    ],
    [
      'a context tier without a bound',
      { context_tiers: [{ input_per_million: '1' }] },
      '/prices/context_tiers/0/above_input_tokens',
    ],
    ['a context tier above nothing', { context_tiers: contexts(0) }, '/prices/context_tiers/0/above_input_tokens'],
    ['a context tier above half a token', { context_tiers: contexts(1.5) }, '/prices/context_tiers/0/above_input_tokens'],
    ['a context tier beyond any usage', { context_tiers: contexts(300_000_001) }, '/prices/context_tiers/0/above_input_tokens'],
    ['a context tier as text', { context_tiers: contexts('200000') }, '/prices/context_tiers/0/above_input_tokens'],
    ['context tiers that descend', { context_tiers: contexts(5, 4) }, '/prices/context_tiers/1/above_input_tokens'],
    ['context tiers that are one', { context_tiers: contexts(5, 5) }, '/prices/context_tiers/1/above_input_tokens'],
    ['nine context tiers', { context_tiers: contexts(1, 2, 3, 4, 5, 6, 7, 8, 9) }, '/prices/context_tiers'],
    [
      'a bucket that is none in a tier',
      { service_tiers: { flex: { image_per_million: '1' } } },
      '/prices/service_tiers/flex/image_per_million',
    ],
    [
      'a rate below zero in a tier',
      { service_tiers: { flex: { input_per_million: '-1' } } },
      '/prices/service_tiers/flex/input_per_million',
    ],
    ['nine service tiers', { service_tiers: tiers(9) }, '/prices/service_tiers'],
    ['a service tier in capitals', { service_tiers: { Priority: {} } }, '/prices/service_tiers/Priority'],
    ['a service tier without a name', { service_tiers: { '': {} } }, '/prices/service_tiers/'],
    ['a service tier with a space', { service_tiers: { 'a b': {} } }, '/prices/service_tiers/a b'],
    ['a service tier with 33 letters', { service_tiers: { ['x'.repeat(33)]: {} } }, `/prices/service_tiers/${'x'.repeat(33)}`],
  ];
  test.each(faults)('%s is 400 and stores nothing', async (_what, units, pointer) => {
    const { root, changes } = world();
    const { id } = await makeDeployment(root, freshName(), { prices: RATES });
    const before = changes.length;
    for (const answer of [
      await root('POST', '/prices', { deployment_id: id, prices: { ...RATES, ...units } }),
      await root('PATCH', `/deployments/${id}`, { prices: units }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
      expect(answer.text.length).toBeLessThan(2_000);
    }
    expect(changes).toHaveLength(before);
    expect(must(await root('GET', `/deployments/${id}`)).version).toBe(1);
  });

  test('names of tiers that mean something to JavaScript are refused or kept as names', async () => {
    const { root } = world();
    const { id } = await makeDeployment(root, freshName(), { prices: RATES });
    const given = (name: string) =>
      root('PATCH', `/deployments/${id}`, `{"prices": {"service_tiers": {"${name}": {"input_per_million": "7"}}}}`);
    expect((await given('x'.repeat(10_000))).status).toBe(400);
    for (const name of ['__proto__', 'hasOwnProperty']) {
      await given(name);
      expect(must(await root('GET', `/deployments/${id}`)).prices).toEqual(RATES);
    }
    expect(must(await given('constructor')).prices.service_tiers).toEqual({ constructor: { input_per_million: '7.00' } });
  });

  test('a ninth tier is 400 also where a PATCH would add it', async () => {
    const { root } = world();
    const { id } = await makeDeployment(root, freshName(), { prices: { ...RATES, service_tiers: tiers(8) } });
    const answer = await root('PATCH', `/deployments/${id}`, { prices: { service_tiers: tiers(1, 8) } });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/prices/service_tiers']);
    const swapped = { ...tiers(1, 8), 'tier-0': null };
    must(await root('PATCH', `/deployments/${id}`, { prices: { service_tiers: swapped } }));
  });
});

const NO_UNITS = { per_unit: null, context_tiers: null, service_tiers: null };

test('a price from the list names the list and its edition; a change of it is somebody’s own', async () => {
  const { root } = world();
  const made = await makeDeployment(root, freshName(), { upstream_model: 'fake-large' });
  expect(made.prices_from).toEqual({
    source: 'list',
    source_version: upstream.priceListEdition,
    created_by: expect.stringMatching(/^adm_/),
  });
  const patched = must(await root('PATCH', `/deployments/${made.id}`, { prices: { input_per_million: '7' } }));
  expect(patched.prices_from).toMatchObject({ source: 'given', source_version: null });
  const suggested = must(await root('GET', '/prices/suggest?provider=fake&upstream_model=fake-large'));
  expect(suggested).toMatchObject({ prices: made.prices, source_version: upstream.priceListEdition });
  const unknown = must(await root('GET', '/prices/suggest?provider=fake&upstream_model=fake-small'));
  expect(unknown).toEqual({ prices: null, source: null, source_version: null });
});

test('a version from before units and authors were kept is shown as it is', async () => {
  const { root, deps, time } = world();
  const { id } = await makeDeployment(root, freshName(), { prices: RATES });
  await deps.db.insert(schema.prices).values({
    ...{ id: `price_${id}`, deploymentId: id, effectiveFrom: new Date(time.nowMs + 1), perMillion: { input: 5 } },
  });
  time.nowMs += 1;
  const [newest] = must(await root('GET', `/prices?deployment_id=${id}`)).data;
  expect(newest).toMatchObject({ prices: { input_per_million: '0.000000005' }, source: 'given', created_by: null });
});
