import { and, eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { loadCatalogue, withoutSecret } from '../../src/store/configuration/config.ts';
import * as schema from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, labelTarget, makeDeployment, makeModel, upstream } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

onOneDatabase('deployments', (given) => {
  const world = withAdmin(given, { upstream });
  const credential = async () =>
    must(
      await world().root('POST', '/credentials', { name: freshName('cred'), provider: 'openai', api_key: 'sk-0123456789abcdef' }),
    ).id;
  const catalogue = () => loadCatalogue(given().db, withoutSecret);

  test('the first one makes the model’s name, with everything it was given', async () => {
    const { root, changes } = world();
    const model = freshName();
    const answer = await root('POST', '/deployments', {
      model,
      provider: 'openai',
      upstream_model: 'gpt-5-nano',
      credential_id: await credential(),
      mode: 'chat',
      prices: { input_per_million: '0.05', cached_input_per_million: '0.005', output_per_million: '0.40' },
      limits: { rpm: null, tpm: 1000 },
      weight: 1,
      priority: 0,
      tags: ['eu'],
      max_output_tokens: 128000,
      timeout_ms: 600000,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      id: expect.stringMatching(/^dep_/),
      model,
      prices: { input_per_million: '0.05', cached_input_per_million: '0.005', output_per_million: '0.40' },
      limits: { rpm: null, tpm: 1000 },
      tags: ['eu'],
      max_output_tokens: 128000,
      version: 1,
    });
    expect(changes.at(-1)).toMatchObject({ catalogue: true });
    expect((await catalogue()).targets.get(model)?.members[0]?.deployment.prices[0]?.perMillion).toEqual({
      input: 50_000_000,
      cached_input: 5_000_000,
      output: 400_000_000,
    });
    expect((await root('GET', `/models/${model}`)).body).toMatchObject({ name: model, deployment_ids: [answer.body.id] });
  });

  test('several share one name and one mode', async () => {
    const { root } = world();
    const model = await makeModel(root);
    await makeDeployment(root, model, { priority: 1 });
    expect((await root('GET', `/models/${model}`)).body.deployment_ids).toHaveLength(2);
    const other = await root('POST', '/deployments', {
      model,
      provider: 'fake',
      upstream_model: 'fake-embedding',
      mode: 'embedding',
    });
    expect(other.status).toBe(400);
    expect(other.body.errors[0].pointer).toBe('/mode');
  });

  test('of text completions are a mode of their own, which is no mode of a group of chats', async () => {
    const { root } = world();
    const model = freshName();
    const { id, mode } = await makeDeployment(root, model, { mode: 'completion' });
    expect([mode, (await root('GET', `/deployments/${id}`)).body.mode]).toEqual(['completion', 'completion']);
    const chat = await root('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' });
    expect([chat.status, chat.body.errors[0].pointer]).toEqual([400, '/mode']);
    const members = [{ deployment_id: (await makeDeployment(root, freshName())).id }, { deployment_id: id }];
    const group = await root('POST', '/route-groups', { key: freshName(), members });
    expect([group.status, group.body.errors[0].pointer]).toEqual([400, '/members/1/deployment_id']);
    expect((await root('POST', '/deployments', { model: freshName(), provider: 'fake', mode: 'text' })).status).toBe(400);
  });

  // promise: otherwise spend is null and the model is listed as unpriced.
  test('without prices the table fills them where it knows the model; null, or a model it does not know, is unpriced', async () => {
    const { root } = world();
    const at = { provider: 'openai', credential_id: await credential() };
    const known = await makeDeployment(root, freshName(), { ...at, upstream_model: 'gpt-4o-mini' });
    expect(known.prices).toMatchObject({ input_per_million: '0.15', output_per_million: '0.60' });
    expect((await makeDeployment(root, freshName(), { ...at, upstream_model: 'gpt-4o-mini', prices: null })).prices).toBeNull();
    expect((await makeDeployment(root, freshName(), { ...at, upstream_model: 'nobody-knows-me' })).prices).toBeNull();
    expect((await makeDeployment(root, freshName(), { ...at, upstream_model: 'gpt-4o-mini', prices: {} })).prices).toBeNull();
  });

  describe('a change of price', () => {
    test('is a new version and keeps the buckets it does not name', async () => {
      const { root, time, deps } = world();
      const { id } = await makeDeployment(root, freshName(), {
        prices: { input_per_million: '1.00', output_per_million: '2.00', reasoning_per_million: '3.00' },
      });
      time.nowMs += 1_000;
      const patched = must(
        await root('PATCH', `/deployments/${id}`, {
          prices: { output_per_million: '2.50', reasoning_per_million: null },
        }),
      );
      expect(patched.prices).toEqual({ input_per_million: '1.00', output_per_million: '2.50' });
      const listed = must(await root('GET', `/prices?deployment_id=${id}`));
      expect(listed.total).toBe(2);
      expect(listed.data.map((version: { prices: object }) => version.prices)).toEqual([
        { input_per_million: '1.00', output_per_million: '2.50' },
        { input_per_million: '1.00', output_per_million: '2.00', reasoning_per_million: '3.00' },
      ]);
      const same = must(await root('PATCH', `/deployments/${id}`, { prices: { output_per_million: '2.50' } }));
      expect(same.version).toBe(2);
      expect(await deps.db.select().from(schema.prices).where(eq(schema.prices.deploymentId, id))).toHaveLength(2);
    });

    test('may be set for later, and holds from then on', async () => {
      const { root, time } = world();
      const { id } = await makeDeployment(root, freshName(), { prices: { input_per_million: '1.00' } });
      const effective_from = new Date(time.nowMs + 3_600_000).toISOString();
      must(await root('PATCH', `/deployments/${id}`, { prices: { input_per_million: '9.00' }, effective_from }));
      expect((await root('GET', `/deployments/${id}`)).body.prices).toEqual({ input_per_million: '1.00' });
      time.nowMs += 3_600_000;
      expect((await root('GET', `/deployments/${id}`)).body).toMatchObject({
        prices: { input_per_million: '9.00' },
        prices_effective_from: effective_from,
      });
    });

    test('is never in the past: what was charged stays', async () => {
      const { root, time } = world();
      const { id } = await makeDeployment(root, freshName());
      const effective_from = new Date(time.nowMs - 3_600_000).toISOString();
      for (const answer of [
        await root('PATCH', `/deployments/${id}`, { prices: { input_per_million: '9.00' }, effective_from }),
        await root('POST', '/prices', { deployment_id: id, prices: { input_per_million: '9.00' }, effective_from }),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.body.errors[0].pointer).toBe('/effective_from');
      }
    });

    test('can be a whole version of its own, and null takes the price away', async () => {
      const { root } = world();
      const { id, model } = await makeDeployment(root, freshName(), { prices: { input_per_million: '1.00' } });
      const added = await root('POST', '/prices', { deployment_id: id, prices: { output_per_million: '0' } });
      expect(added.status).toBe(201);
      expect(added.body).toMatchObject({ id: expect.stringMatching(/^price_/), model, prices: { output_per_million: '0.00' } });
      must(await root('POST', '/prices', { deployment_id: id, prices: null }));
      expect((await root('GET', `/deployments/${id}`)).body).toMatchObject({ prices: null, prices_effective_from: null });
    });
  });

  // promise: Negative prices are 400; zero is free.
  describe('money that is not a plain decimal of nine digits at most is 400', () => {
    for (const text of ['0.123456789012', '-1', '1e3', '1,5', '', ' 1', '0x1', 'NaN', '9000001']) {
      test(JSON.stringify(text), async () => {
        const model = freshName();
        const body = { model, provider: 'fake', upstream_model: 'fake-small', prices: { input_per_million: text } };
        const answer = await world().root('POST', '/deployments', body);
        expect(answer.status).toBe(400);
        expect(answer.body.errors[0].pointer).toBe('/prices/input_per_million');
        expect((await world().root('GET', `/models/${model}`)).status).toBe(404);
      });
    }
  });

  describe('is refused with 400', () => {
    const faults: [string, object, string][] = [
      ['an unknown field', { colour: 'red' }, '/colour'],
      ['an unknown bucket', { prices: { image_per_million: '1' } }, '/prices/image_per_million'],
      ['a name with a space', { model: 'a b' }, '/model'],
      ['a name with a star', { model: 'gpt*' }, '/model'],
      ['a name that is a step of a path', { model: '..' }, '/model'],
      ['a name of 10,000 characters', { model: 'x'.repeat(10_000) }, '/model'],
      ['a name with a mark that turns text', { model: 'a\u202eb' }, '/model'],
      ['no credential where one is needed', { provider: 'openai' }, '/credential_id'],
      ['a credential that does not exist', { provider: 'openai', credential_id: 'cred_nowhere' }, '/credential_id'],
      ['a credential for the fake provider', { credential_id: 'cred_nowhere' }, '/credential_id'],
      ['a weight below zero', { weight: -1 }, '/weight'],
      ['a weight that is no whole number', { weight: 1.5 }, '/weight'],
      ['a timeout of nothing', { timeout_ms: 0 }, '/timeout_ms'],
      ['no output at all', { max_output_tokens: 0 }, '/max_output_tokens'],
      ['searches that are none', { max_searches: 0 }, '/max_searches'],
      ['searches beyond any request', { max_searches: 10_001 }, '/max_searches'],
      ['half a search', { max_searches: 1.5 }, '/max_searches'],
      ['a part of no tokens', { max_part_tokens: 0 }, '/max_part_tokens'],
      ['a part larger than any usage', { max_part_tokens: 100_000_001 }, '/max_part_tokens'],
      ['a part as text', { max_part_tokens: '1500' }, '/max_part_tokens'],
      ['a hang-up that does something else', { on_hangup: 'refund' }, '/on_hangup'],
      ['a limit below zero', { limits: { rpm: -1 } }, '/limits/rpm'],
      ['too many tags', { tags: Array.from({ length: 51 }, (_, index) => `t${index}`) }, '/tags'],
    ];
    for (const [what, more, pointer] of faults) {
      test(what, async () => {
        const { root, changes } = world();
        const before = changes.length;
        const answer = await root('POST', '/deployments', {
          model: freshName(),
          provider: 'fake',
          upstream_model: 'fake-small',
          ...more,
        });
        expect(answer.status).toBe(400);
        expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
        expect(answer.text.length).toBeLessThan(2_000);
        expect(changes).toHaveLength(before);
      });
    }

    test('a credential of another provider', async () => {
      const answer = await world().root('POST', '/deployments', {
        model: freshName(),
        provider: 'anthropic',
        upstream_model: 'claude',
        credential_id: await credential(),
      });
      expect(answer.body.errors[0].pointer).toBe('/credential_id');
    });
  });

  test('PATCH keeps what is absent and clears what is null; model, provider and mode stay', async () => {
    const { root } = world();
    const made = await makeDeployment(root, freshName(), { limits: { rpm: 5, tpm: 6 }, tags: ['eu'], max_output_tokens: 9 });
    const patched = must(
      await root('PATCH', `/deployments/${made.id}`, {
        limits: { rpm: null },
        tags: null,
        max_output_tokens: null,
        enabled: false,
      }),
    );
    expect(patched).toMatchObject({
      limits: { rpm: null, tpm: 6 },
      tags: [],
      max_output_tokens: null,
      enabled: false,
      version: 2,
    });
    for (const field of ['model', 'provider', 'mode']) {
      const answer = await root('PATCH', `/deployments/${made.id}`, { [field]: made[field] });
      expect(answer.status).toBe(400);
    }
    expect((await root('PATCH', `/deployments/${made.id}`, { weight: 2 }, { 'if-match': '"1"' })).status).toBe(412);
  });

  test('what bounds a request’s charge is given, kept, cleared and loaded', async () => {
    const { root } = world();
    const bounds = { max_searches: 5, max_part_tokens: 1_600, on_hangup: 'stop', output_cap_field: 'max_tokens' };
    const made = await makeDeployment(root, freshName(), bounds);
    expect(made).toMatchObject(bounds);
    const loaded = (await catalogue()).targets.get(made.model)?.members[0]?.deployment;
    expect(loaded).toMatchObject({ searchesMax: 5, partTokensMax: 1_600, onHangup: 'stop', outputCapField: 'max_tokens' });
    const kept = must(await root('PATCH', `/deployments/${made.id}`, { on_hangup: 'finish' }));
    expect(kept).toMatchObject({ ...bounds, on_hangup: 'finish' });
    const none = { max_searches: null, max_part_tokens: null, on_hangup: null, output_cap_field: null };
    expect(must(await root('PATCH', `/deployments/${made.id}`, none))).toMatchObject({ ...none, version: 3 });
    expect(must(await root('PATCH', `/deployments/${made.id}`, none)).version).toBe(3);
    expect(await makeDeployment(root, freshName())).toMatchObject(none);
    expect((await root('PATCH', `/deployments/${made.id}`, { on_hangup: '' })).status).toBe(400);
  });

  test('search finds by model, filters narrow, pages go on under both', async () => {
    const { root } = world();
    const prefix = freshName('find');
    for (let index = 0; index < 5; index += 1) {
      await makeDeployment(root, `${prefix}-${index}`, { tags: index === 0 ? ['only'] : [] });
    }
    const first = must(await root('GET', `/deployments?search=${prefix.toUpperCase()}&limit=3&sort=model`));
    const second = must(
      await root('GET', `/deployments?search=${prefix.toUpperCase()}&limit=3&sort=model&cursor=${first.next_cursor}`),
    );
    expect([...first.data, ...second.data].map((row) => row.model)).toEqual([0, 1, 2, 3, 4].map((index) => `${prefix}-${index}`));
    expect([first.total, second.next_cursor]).toEqual([5, null]);
    expect(must(await root('GET', `/deployments?search=${prefix}&tag=only`)).total).toBe(1);
    expect(must(await root('GET', `/deployments?search=${prefix}&enabled=false`)).total).toBe(0);
    expect(must(await root('GET', `/deployments?search=${first.data[0].id}`)).data).toHaveLength(1);
    expect((await root('GET', `/deployments?cursor=${first.next_cursor}`)).status).toBe(400);
    expect((await root('GET', '/deployments?colour=red')).status).toBe(400);
  });

  test('a live check asks with the deployment’s own credential', async () => {
    const { root } = world();
    const { id } = await makeDeployment(root, freshName(), { upstream_model: 'fake-large' });
    expect(must(await root('POST', `/deployments/${id}/check`))).toMatchObject({ ok: true, message: 'asked fake-large' });
    const wrong = must(
      await root('POST', '/credentials', { name: freshName('cred'), provider: 'openai', api_key: 'sk-wrong-0123456789' }),
    );
    const other = await makeDeployment(root, freshName(), {
      provider: 'openai',
      upstream_model: 'gpt-5-nano',
      credential_id: wrong.id,
    });
    expect(must(await root('POST', `/deployments/${other.id}/check`)).ok).toBe(false);
  });

  test('the last live check is remembered: who made it, when, and its result', async () => {
    const { root, time } = world();
    const { id, last_check } = await makeDeployment(root, freshName(), { upstream_model: 'fake-large' });
    expect(last_check).toBeNull();
    const first = must(await root('POST', `/deployments/${id}/check`));
    time.nowMs += 60_000;
    const second = must(await root('POST', `/deployments/${id}/check`));
    expect(second.checked_at).not.toBe(first.checked_at);
    const { last_check: kept } = must(await root('GET', `/deployments/${id}`));
    // The calls themselves are not kept.
    const { calls: _, ...result } = second;
    expect(kept).toMatchObject({ ...result, actor_kind: 'admin_token' });
    expect(kept).not.toHaveProperty('calls');
    expect(kept.actor_name).not.toBe('');
    const listed = must(await root('GET', `/deployments?search=${id}`)).data[0];
    expect(listed.last_check).toEqual(kept);
    // A call with what is typed and not stored belongs to no deployment.
    must(await root('POST', '/deployments/check', { model: freshName(), provider: 'fake', upstream_model: 'fake-small' }));
    expect(must(await root('GET', `/deployments/${id}`)).last_check).toEqual(kept);
  });

  test('a live check that fails is remembered with the provider’s words', async () => {
    const { root } = world();
    const api_key = 'sk-wrong-0123456789';
    const wrong = must(await root('POST', '/credentials', { name: freshName('cred'), provider: 'openai', api_key }));
    const upstream_model = 'gpt-5-nano';
    const { id } = await makeDeployment(root, freshName(), { provider: 'openai', upstream_model, credential_id: wrong.id });
    const checked = must(await root('POST', `/deployments/${id}/check`));
    expect(must(await root('GET', `/deployments/${id}`)).last_check).toMatchObject({ ok: false, message: checked.message });
  });

  describe('deleting the last one of a model', () => {
    // promise: A deleted model's grants stay, ineffective; creating the name again
    test('takes the name away, grants stay, and making it again lists who would regain it', async () => {
      const { root, deps } = world();
      const model = freshName();
      const { id } = await makeDeployment(root, model);
      await labelTarget(root, model, 'going');
      const named = await makeOrganization(root, { asset_access: { mode: 'selected', targets: [model] } });
      const everything = await makeOrganization(root);
      const team = must(
        await root('POST', `/organizations/${everything.id}/teams`, {
          name: 'Narrow',
          asset_access: { mode: 'restrict', targets: [model] },
        }),
      );
      must(await root('DELETE', `/deployments/${id}`));
      expect((await root('GET', `/models/${model}`)).status).toBe(404);
      expect((await catalogue()).targets.has(model)).toBe(false);
      expect((await root('GET', `/organizations/${named.id}`)).body.asset_access.targets).toEqual([model]);

      const body = { model, provider: 'fake', upstream_model: 'fake-small' };
      const refused = await root('POST', '/deployments', body);
      expect(refused.status).toBe(409);
      const listed = refused.body.errors.map((fault: { message: string }) => fault.message).join('\n');
      expect(listed).toContain(named.id);
      expect(listed).toContain(team.id);
      expect((await root('POST', '/route-groups', { key: model })).status).toBe(409);
      const confirmed = await root('POST', '/deployments', { ...body, confirm_regained_access: true });
      expect(confirmed.status).toBe(201);
      expect((await root('GET', `/models/${model}`)).body.access_groups).toEqual([]);
      const [event] = await deps.db
        .select()
        .from(schema.auditEvents)
        .where(and(eq(schema.auditEvents.objectId, confirmed.body.id), eq(schema.auditEvents.action, 'deployment.create')));
      expect(JSON.stringify(event?.after)).toContain(named.id);
    });

    test('is refused while a route group has it', async () => {
      const { root } = world();
      const { id } = await makeDeployment(root, freshName());
      const group = must(await root('POST', '/route-groups', { key: freshName('group'), members: [{ deployment_id: id }] }));
      const refused = await root('DELETE', `/deployments/${id}`);
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain(group.key);
      must(await root('PUT', `/route-groups/${group.id}/members`, { members: [] }));
      expect((await root('DELETE', `/deployments/${id}`)).status).toBe(204);
    });

    test('leaves the model while another deployment serves it', async () => {
      const { root } = world();
      const model = freshName();
      const [first, second] = [await makeDeployment(root, model), await makeDeployment(root, model)];
      must(await root('DELETE', `/deployments/${first.id}`));
      expect((await root('GET', `/models/${model}`)).body.deployment_ids).toEqual([second.id]);
    });
  });

  test('an idempotency key makes one deployment of two requests', async () => {
    const { root } = world();
    const body = { model: freshName(), provider: 'fake', upstream_model: 'fake-small' };
    const headers = { 'idempotency-key': freshName('once') };
    const [first, second] = [
      await root('POST', '/deployments', body, headers),
      await root('POST', '/deployments', body, headers),
    ];
    expect([first.status, second.status, second.body.id]).toEqual([201, 201, first.body.id]);
  });
});
