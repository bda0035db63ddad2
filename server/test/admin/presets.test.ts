import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import * as schema from '../../src/store/schema.ts';
import { openKey } from '../../src/store/sealing/key-seal.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const SECRET = 'sk-canary-0123456789abcdef';

onOneDatabase('presets', (given) => {
  const world = withAdmin(given, { upstream });
  const bodyOf = (id: string) => ({
    ...{ id, name: 'Acme', base_url: 'https://llm.acme.example/v1', auth: 'bearer' },
    wires: { 'openai-chat': '/chat/completions' },
  });
  const make = async (more: object = {}) =>
    must(await world().root('POST', '/presets', { ...bodyOf(freshName('acme')), ...more }));
  const credential = async (provider: string, more: object = {}) =>
    world().root('POST', '/credentials', { name: freshName('cred'), provider, api_key: SECRET, ...more });

  test('of this version are listed and never change', async () => {
    const { root } = world();
    const { body } = await root('GET', '/presets');
    const groq = body.data.find(({ id }: { id: string }) => id === 'groq');
    expect(groq).toMatchObject({
      ...{ source: 'shipped', is_proven: true, version: null, created_at: null, wires: { 'openai-chat': '/chat/completions' } },
      ...{
        usage: { at: ['usage', 'x_groq.usage'] },
        limits: { family: 'openai', requests: 'day' },
        drop: ['logit_bias', 'top_k'],
      },
    });
    expect(body.data.find(({ id }: { id: string }) => id === 'cerebras')).toMatchObject({ is_proven: false });
    expect((await root('GET', '/presets/groq')).body).toEqual(groq);
    expect((await root('PATCH', '/presets/groq', { name: 'x' })).status).toBe(409);
    expect((await root('DELETE', '/presets/groq')).status).toBe(409);
    expect((await root('POST', '/presets', bodyOf('groq'))).status).toBe(409);
    expect((await root('GET', '/presets/nobodys')).status).toBe(404);
  });

  test('that people add are stored, changed by their version, deleted, and each is an event', async () => {
    const { root, deps, changes } = world();
    const made = await make({ rename: { seed: 'random_seed' }, drop: ['top_k'], thinking: 'none' });
    expect(made).toMatchObject({
      source: 'added',
      is_proven: false,
      version: 1,
      rename: { seed: 'random_seed' },
      thinking: 'none',
    });
    expect(changes.at(-1)).toMatchObject({ catalogue: true });
    expect((await root('POST', '/presets', bodyOf(made.id))).status).toBe(409);
    const changed = await root('PATCH', `/presets/${made.id}`, { drop: [], name: 'Other' }, { 'if-match': '"1"' });
    expect(changed.body).toMatchObject({ name: 'Other', drop: [], rename: { seed: 'random_seed' }, version: 2 });
    expect((await root('PATCH', `/presets/${made.id}`, { name: 'x' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await root('PATCH', `/presets/${made.id}`, { name: 'Other' })).body.version).toBe(2);
    expect((await root('DELETE', `/presets/${made.id}`)).status).toBe(204);
    expect((await root('GET', `/presets/${made.id}`)).status).toBe(404);
    const events = await deps.db.select().from(schema.auditEvents).where(eq(schema.auditEvents.objectId, made.id));
    expect(events.map(({ action }) => action)).toEqual(['preset.create', 'preset.update', 'preset.delete']);
  });

  test.each([
    ['an address inside the network', { base_url: 'https://10.0.0.7/v1' }, '/base_url'],
    ['a metadata address', { base_url: 'https://169.254.169.254/v1' }, '/base_url'],
    ['plain HTTP', { base_url: 'http://llm.acme.example/v1' }, '/base_url'],
    ['a user in the address', { base_url: 'https://u:p@llm.acme.example/v1' }, '/base_url'],
    ['the id of a provider with code', { id: 'openai' }, '/id'],
    ['the id of the built-in model', { id: 'fake' }, '/id'],
    ['a prototype name', { id: 'constructor' }, '/id'],
    ['no wire', { wires: {} }, '/wires'],
    ['another wire', { wires: { gemini: '/x' } }, '/wires/gemini'],
    ['a path that climbs', { wires: { 'openai-chat': '/../x' } }, '/wires/openai-chat'],
    ['a renamed model', { rename: { model: 'engine' } }, '/rename/model'],
    ['a field both renamed and dropped', { rename: { seed: 'x' }, drop: ['seed'] }, '/drop/seed'],
    ['a header that HTTP needs', { auth: 'host' }, '/auth'],
    ['an unknown field', { secret: 'x' }, '/secret'],
  ])('are refused with %s', async (_, change, pointer) => {
    const { root } = world();
    const refused = await root('POST', '/presets', { ...bodyOf('refused'), ...change });
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, pointer]);
    expect((await root('GET', '/presets/refused')).status).toBe(404);
  });

  test('may be in the network if a setting lists the host', async () => {
    expect(await make({ base_url: 'http://vllm.internal:8000/v1' })).toMatchObject({ base_url: 'http://vllm.internal:8000/v1' });
    expect((await credential('vllm')).body.errors).toMatchObject([{ pointer: '/base_url' }]);
    expect((await credential('vllm', { base_url: 'http://vllm.internal:8000/v1' })).status).toBe(201);
  });

  test('give a credential their address, and its secret is sealed for it', async () => {
    const { deps } = world();
    const { id } = await make();
    const made = must(await credential(id));
    expect(made).toMatchObject({ provider: id, kind: 'api_key', base_url: 'https://llm.acme.example/v1', last_four: 'cdef' });
    const [row] = await deps.db.select().from(schema.credentials).where(eq(schema.credentials.id, made.id));
    if (row === undefined) throw new Error('it was not stored');
    expect(openKey(deps.keys.credentials, row)).toBe(SECRET);
    expect(() => openKey(deps.keys.credentials, { ...row, baseUrl: 'https://evil.example/v1' })).toThrow();
    expect((await credential('nobodys')).body.errors).toMatchObject([{ pointer: '/provider' }]);
    expect((await credential('fake')).status).toBe(400);
    expect((await credential(id, { api_key: undefined })).body.errors).toMatchObject([{ pointer: '/api_key' }]);
    expect((await credential(id, { kind: 'aws_bearer' })).body.errors).toMatchObject([{ pointer: '/kind' }]);
  });

  test('that send no key need none', async () => {
    const { id } = await make({ auth: 'none', base_url: 'http://vllm.internal:11434/v1' });
    expect((await credential(id, { api_key: undefined })).body).toMatchObject({ provider: id, last_four: '' });
  });

  test('keep their origin while a credential has a secret for it, and a new path counts for it', async () => {
    const { root } = world();
    const { id } = await make();
    const own = must(await credential(id));
    const other = must(await credential(id, { base_url: 'https://proxy.acme.example/v1' }));
    const moved = await root('PATCH', `/presets/${id}`, { base_url: 'https://llm.evil.example/v1' });
    expect(moved.status).toBe(409);
    expect((await root('PATCH', `/presets/${id}`, { base_url: 'http://llm.acme.example/v1' })).status).toBe(400);
    must(await root('PATCH', `/presets/${id}`, { base_url: 'https://llm.acme.example/v2' }));
    expect((await root('GET', `/credentials/${own.id}`)).body.base_url).toBe('https://llm.acme.example/v2');
    expect((await root('GET', `/credentials/${other.id}`)).body.base_url).toBe('https://proxy.acme.example/v1');
    for (const one of [own, other]) must(await root('DELETE', `/credentials/${one.id}`));
    expect((await root('PATCH', `/presets/${id}`, { base_url: 'https://llm.other.example/v1' })).status).toBe(200);
  });

  test('that a credential or a deployment uses are not deleted', async () => {
    const { root } = world();
    const { id } = await make();
    const made = must(await credential(id));
    const deployed = await makeDeployment(root, freshName(), { provider: id, upstream_model: 'm', credential_id: made.id });
    expect((await root('GET', `/presets/${id}`)).body).toMatchObject({ credential_count: 1, deployment_count: 1 });
    expect((await root('DELETE', `/presets/${id}`)).body.detail).toBe(
      '1 credential and 1 deployment use this preset. Delete them first.',
    );
    must(await root('DELETE', `/deployments/${deployed.id}`));
    expect((await root('DELETE', `/presets/${id}`)).status).toBe(409);
    must(await root('DELETE', `/credentials/${made.id}`));
    expect((await root('DELETE', `/presets/${id}`)).status).toBe(204);
  });

  test('of a later version are shown as such, and hurt nothing', async () => {
    const { root, deps } = world();
    const definition = { ...bodyOf('of-later'), from_a_later_version: 1 };
    await deps.db.insert(schema.presets).values({ id: 'of-later', definition });
    expect((await root('GET', '/presets/of-later')).body).toMatchObject({ is_readable: false, wires: {}, name: 'of-later' });
    expect((await credential('of-later')).status).toBe(400);
    expect((await root('PATCH', '/presets/of-later', { name: 'x' })).status).toBe(400);
    expect((await root('DELETE', '/presets/of-later')).status).toBe(204);
  });
});
