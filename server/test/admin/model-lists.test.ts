import { expect, test } from 'vitest';
import type { VendorModels } from '../../src/providers/provider.ts';
import { withDatabase } from '../support/database.ts';
import { freshName, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

let answer: VendorModels;
const world = withAdmin(withDatabase(), { upstream: { ...upstream, readModels: async () => answer } });

const listOf = (...models: string[]): VendorModels => ({ ok: true, models, unusable: 0, isCut: false });

async function makeCredential(provider = 'openai', more: object = {}): Promise<string> {
  const body = { name: freshName('credential'), provider, api_key: 'sk-0123456789abcdef', ...more };
  return must(await world().root('POST', '/credentials', body)).id;
}

async function deploy(credential_id: string, upstream_model: string, more: object = {}): Promise<string> {
  const body = { model: freshName(), provider: 'openai', upstream_model, credential_id, ...more };
  return must(await world().root('POST', '/deployments', body)).id;
}

const readList = async (id: string, query = '') => must(await world().root('GET', `/credentials/${id}/model-list${query}`));
const refresh = async (id: string) => must(await world().root('POST', `/credentials/${id}/model-list`));

test('a list that was never read is empty and says so', async () => {
  const reading = { read_at: null, read_by: null, listed: 0, is_cut: false, failed_at: null };
  expect(await readList(await makeCredential())).toMatchObject({ data: [], next_cursor: null, total: 0, reading });
});

test('a vendor’s list is kept, and compared with the credential’s deployments and the known prices', async () => {
  const id = await makeCredential();
  const other = await makeCredential();
  const gone = await deploy(id, 'gpt-old');
  const used = await deploy(id, 'gpt-5');
  await deploy(other, 'gpt-5-nano');
  answer = { ...listOf('gpt-5', 'gpt-5-nano', 'house-model', '__proto__'), unusable: 2 } as VendorModels;
  const reading = await refresh(id);
  const counts = { gone: 1, unpriced: 2, not_deployed: 1, in_use: 1 };
  expect(reading).toMatchObject({ listed: 4, unusable: 2, is_cut: false, failed_at: null, counts, not_compared: [] });
  expect(reading.read_by).toMatch(/^adm_/);
  const { data, total } = await readList(id);
  expect(total).toBe(5);
  expect(data).toMatchObject([
    { upstream_model: '__proto__', state: 'unpriced', prices: null, deployment_ids: [] },
    { upstream_model: 'gpt-5', state: 'in_use', deployment_ids: [used] },
    { upstream_model: 'gpt-5-nano', state: 'not_deployed', prices: { input_per_million: '0.05' }, deployment_count: 0 },
    { upstream_model: 'gpt-old', state: 'gone', prices: null, deployment_ids: [gone] },
    { upstream_model: 'house-model', state: 'unpriced' },
  ]);
  const page = await readList(id, '?state=unpriced&limit=1');
  expect(page).toMatchObject({ total: 2, data: [{ upstream_model: '__proto__' }] });
  expect((await readList(id, `?state=unpriced&limit=1&cursor=${page.next_cursor}`)).data).toMatchObject([{ id: 'house-model' }]);
  expect((await readList(id, '?search=NANO')).data).toMatchObject([{ id: 'gpt-5-nano' }]);
  // A price that somebody gave counts, and what is deployed now is compared with the list of before.
  await deploy(id, 'house-model', { prices: { input_per_million: '1' } });
  expect((await readList(id)).reading.counts).toMatchObject({ unpriced: 1, in_use: 2 });
});

test('a reading replaces the one before, and one that fails keeps it and says why', async () => {
  const id = await makeCredential();
  answer = listOf('a', 'b');
  await refresh(id);
  answer = listOf('b', 'c');
  await refresh(id);
  expect((await readList(id)).data.map((row: { id: string }) => row.id)).toEqual(['b', 'c']);
  answer = { ok: false, status: 401, message: 'Incorrect API key.' };
  const failed = await refresh(id);
  expect(failed).toMatchObject({ listed: 2, failure: 'Incorrect API key.', failed_at: expect.any(String) });
  expect((await readList(id)).data).toHaveLength(2);
  answer = listOf('d');
  expect(await refresh(id)).toMatchObject({ listed: 1, failure: null, failed_at: null });
});

test('of a list of 100,000 models 10,000 are kept, and those that deployments use', async () => {
  const id = await makeCredential();
  await deploy(id, 'z-used');
  const gone = await deploy(id, 'z-gone');
  answer = listOf(...Array.from({ length: 100_000 }, (_, at) => `m-${String(at).padStart(6, '0')}`), 'z-used');
  expect(await refresh(id)).toMatchObject({ listed: 100_001, is_cut: true, counts: { gone: 1, unpriced: 10_001 } });
  expect((await readList(id, '?state=gone')).data).toMatchObject([{ deployment_ids: [gone] }]);
  world().time.nowMs += 1_000;
  const late = await deploy(id, 'm-099999');
  const { reading } = await readList(id);
  expect(reading).toMatchObject({ counts: { gone: 1 }, not_compared: [late], not_compared_count: 1 });
});

test('a list belongs to the address at which it was read, and to the credential', async () => {
  const id = await makeCredential('openai', { base_url: 'https://vllm.internal/v1' });
  answer = listOf('a');
  await refresh(id);
  const secret = { api_key: 'sk-0123456789abcdef' };
  must(await world().root('PATCH', `/credentials/${id}`, { base_url: null, ...secret }));
  expect(await readList(id)).toMatchObject({ total: 0, reading: { read_at: null } });
  answer = { ok: false, status: null, message: 'no answer' };
  await refresh(id);
  must(await world().root('PATCH', `/credentials/${id}`, { base_url: 'https://vllm.internal/v1', ...secret }));
  expect(await readList(id)).toMatchObject({ total: 0, reading: { read_at: null, failure: null } });
  answer = listOf('a');
  await refresh(id);
  expect((await world().root('DELETE', `/credentials/${id}`)).status).toBe(204);
});

test('is read by who may change the catalogue, leaves an audit event, and is seen by who may read the platform', async () => {
  const { root, as } = world();
  const id = await makeCredential();
  answer = listOf('a');
  const auditor = as([{ role: 'platform_auditor' }]);
  expect((await auditor('POST', `/credentials/${id}/model-list`)).status).toBe(403);
  expect((await auditor('GET', `/credentials/${id}/model-list`)).status).toBe(200);
  const owner = as([{ role: 'org_owner', organizationId: 'org_x' }]);
  for (const method of ['GET', 'POST']) expect((await owner(method, `/credentials/${id}/model-list`)).status).toBe(403);
  expect((await root('POST', '/credentials/cred_none/model-list')).status).toBe(404);
  await refresh(id);
  const events = must(await root('GET', `/audit-events?action=provider.call&limit=1`)).data;
  expect(events).toHaveLength(1);
});
