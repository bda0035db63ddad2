/** Batches as clients see them, over a database and a vendor: OpenAI's own SDK, every end, what is refused, and what is held. */
import type OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { files, batches as rows } from '../../src/store/schema.ts';
import { insertTenants } from '../responses/site.ts';
import { type BatchVendor, type BatchVendorOptions, startBatchVendor, usageOf } from '../support/batch-vendor.ts';
import { onOneDatabase } from '../support/database.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { type BatchSite, line, openBatchSite, type SiteOptions } from './site.ts';

/** The price of the house's deployment, in nano-dollars per million tokens. */
const RATES = { input: 50_000_000, output: 400_000_000 };
const costOf = (at: number) => {
  const { prompt_tokens, completion_tokens } = usageOf(`line ${at}`);
  return Math.ceil((prompt_tokens * RATES.input + completion_tokens * RATES.output) / 1_000_000);
};
const costOfAll = (lines: readonly number[]) => lines.reduce((sum, at) => sum + costOf(at), 0);

onOneDatabase('batches', (given) => {
  let vendors: BatchVendor[] = [];
  let sites: BatchSite[] = [];

  beforeEach(async () => {
    await insertTenants(given().db);
    await given().db.delete(rows);
    await given().db.delete(files);
  });
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
    for (const vendor of vendors.splice(0)) await vendor.close();
  });

  async function open(vendorOptions: BatchVendorOptions = {}, options: SiteOptions = {}) {
    const vendor = await startBatchVendor(vendorOptions);
    vendors = [...vendors, vendor];
    const site = await openBatchSite(given().db, vendor, options);
    sites = [...sites, site];
    return { site, vendor };
  }
  const linesOf = async (site: BatchSite, id: string | null | undefined) => {
    const text = await (await site.client().files.content(id ?? '')).text();
    return text.split('\n').flatMap((one) => (one === '' ? [] : [JSON.parse(one)]));
  };
  const spent = ({ house }: BatchSite) =>
    house.rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
  const refusalOf = (asked: Promise<unknown>) =>
    asked.then(
      () => null,
      ({ status, code, param }: InstanceType<typeof OpenAI.APIError>) => [status, code, param],
    );
  const LIMITS = { budgets: [budget(1_000_000_000)], rateLimits: { tpd: 1_000_000, tpm: 10, rpd: 100 } };

  test('OpenAI’s SDK makes, reads and lists one; each line is charged to the key that made it, and nothing stays held', async () => {
    const { site, vendor } = await open({}, LIMITS);
    const lines = [line(0), line(1), line(2, 'refused'), line(3, '', { stream: true }), line(4, '', { model: 'local' })];
    const made = await site.make(lines);
    expect(made).toMatchObject({
      ...{ id: expect.stringMatching(/^batch_[0-9a-f]{32}$/), object: 'batch', endpoint: '/v1/chat/completions', errors: null },
      ...{ completion_window: '24h', status: 'validating', metadata: { run: '7' }, output_file_id: null },
      request_counts: { total: 5, completed: 0, failed: 2 },
      headgate: { charged_at: 'model_price', cost_usd: '0.00' },
    });
    expect(made.expires_at).toBe(made.created_at + 86_400);
    const held = await readingsOf(site.house, ['organization', 'org_a'], LIMITS);
    expect(held.org_rpd).toEqual({ used: 1, held: 0 });
    expect(held.org_tpm).toEqual({ used: 0, held: 0 });
    expect(held.org_tpd?.held).toBeGreaterThan(3 * 20);
    const ended = await site.until(made.id, 'completed');
    expect(ended.request_counts).toEqual({ total: 5, completed: 2, failed: 3 });
    const output = await linesOf(site, ended.output_file_id);
    expect(output.map(({ custom_id }) => custom_id).sort()).toEqual(['mine-0', 'mine-1']);
    expect(output[0]).toMatchObject({ error: null, response: { status_code: 200, body: { model: 'fast' } } });
    const errors = await linesOf(site, ended.error_file_id);
    expect(errors.map(({ custom_id, response }) => [custom_id, response.body.error.code]).sort()).toEqual([
      ['mine-2', 'provider_error'],
      ['mine-3', 'unsupported_field'],
      ['mine-4', 'model_mismatch'],
    ]);
    expect([...vendor.models]).toEqual(['gpt-at-vendor']);
    expect(spent(site)).toBe(costOfAll([0, 1]));
    expect(site.house.rows.map(({ endpoint, count, status, keyId }) => [endpoint, count, status, keyId])).toEqual([
      ['batches', 1, 'succeeded', 'key_1'],
      ['batch', 0, 'succeeded', 'key_1'],
      ['batch', 0, 'succeeded', 'key_1'],
      ['batch', 0, 'failed', 'key_1'],
    ]);
    const left = await readingsOf(site.house, ['organization', 'org_a'], LIMITS);
    expect(left.org_rpd).toEqual({ used: 1, held: 0 });
    expect(left['org_budget_month:bud_1']).toEqual({ used: costOfAll([0, 1]), held: 0 });
    expect(left.org_tpd?.held).toBe(0);
    expect((await site.client(1).batches.list()).data.map(({ id }) => id)).toEqual([made.id]);
    // The second team finds neither the batch nor its file.
    expect((await site.client(2).batches.list()).data).toEqual([]);
    expect(await refusalOf(site.client(2).batches.retrieve(made.id))).toEqual([404, 'not_found', null]);
    expect(await refusalOf(site.client().batches.cancel(made.id))).toEqual([400, 'invalid_request', null]);
  });

  test.each(['expired', 'cancelled', 'failed'] as const)(
    'one that ends as %s charges what was answered and nothing else',
    async (end) => {
      const { site } = await open({ end }, LIMITS);
      const made = await site.make([line(0), line(1), line(2), line(3)]);
      const ended = await site.until(made.id, end);
      const answered = end === 'failed' ? [] : [0, 2];
      expect(ended.request_counts).toEqual({ total: 4, completed: answered.length, failed: 4 - answered.length });
      expect(spent(site)).toBe(costOfAll(answered));
      const codes = (await linesOf(site, ended.error_file_id)).map(({ error }) => error.code);
      expect(new Set(codes)).toEqual(new Set([`batch_${end}`]));
      if (end === 'failed') expect(ended.errors?.data?.[0]).toMatchObject({ code: 'invalid_json_line', line: 3 });
      const left = await readingsOf(site.house, ['organization', 'org_a'], LIMITS);
      expect(left['org_budget_month:bud_1']).toEqual({ used: costOfAll(answered), held: 0 });
    },
  );

  test('one that is cancelled ends, and what the vendor answered until then is charged', async () => {
    const { site } = await open({ runMs: 60_000 });
    const made = await site.make([line(0), line(1)]);
    await site.until(made.id, 'in_progress');
    expect((await site.client().batches.cancel(made.id)).status).toBe('cancelling');
    const ended = await site.until(made.id, 'cancelled');
    expect(ended).toMatchObject({ cancelling_at: expect.any(Number), cancelled_at: expect.any(Number) });
    expect(spent(site)).toBe(costOf(0));
  });

  test('a new process holds what is left, and no second batch is made when the answer of the first was lost', async () => {
    const { site, vendor } = await open({ lostCreations: 1, runMs: 500 }, LIMITS);
    const made = await site.make([line(0), line(1)]);
    await site.restart();
    await site.until(made.id, 'completed');
    expect(vendor.batchesOf(made.id)).toBe(1);
    expect(spent(site)).toBe(costOfAll([0, 1]));
  });

  test('results that are cut off are fetched again, and a line that comes twice is charged once', async () => {
    const { site, vendor } = await open({ cutDownloads: 1, hasStrangers: true });
    const made = await site.make([line(0, 'twice'), line(1), line(2, 'missing')]);
    const ended = await site.until(made.id, 'completed');
    expect(vendor.downloads).toBe(2);
    expect(ended.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
    expect(spent(site)).toBe(costOfAll([0, 1]));
    expect((await linesOf(site, ended.error_file_id))[0]).toMatchObject({
      custom_id: 'mine-2',
      error: { code: 'result_missing' },
    });
  });

  test('is refused before anything is held: by its budget, its model, its file and its fields', async () => {
    const small = { budgets: [budget(costOf(0))], rateLimits: { tpd: 1_000_000 } };
    const { site } = await open({}, small);
    const over = await site.make([line(0), line(1)]).catch((error: unknown) => error);
    expect(over).toMatchObject({ status: 429, code: 'insufficient_quota', param: 'org_budget_month' });
    const left = await readingsOf(site.house, ['organization', 'org_a'], small);
    expect(Object.values(left)).toEqual([
      { used: 0, held: 0 },
      { used: 0, held: 0 },
    ]);
    expect(site.house.rows.at(-1)).toMatchObject({ endpoint: 'batches', status: 'refused', code: 'insufficient_quota' });
    expect(await refusalOf(site.make([line(0, '', { model: 'local' })]))).toEqual([400, 'invalid_request', 'model']);
    expect(await refusalOf(site.make([line(0, '', { model: 'unknown' })]))).toEqual([404, 'model_not_found', 'model']);
    const fileId = await site.upload([line(0)]);
    const ask = (more: object, key = 0) =>
      refusalOf(
        site.client(key).batches.create({
          ...{ input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' },
          ...more,
        } as OpenAI.BatchCreateParams),
      );
    expect(await ask({}, 2)).toEqual([404, 'not_found', 'input_file_id']);
    expect(await ask({ endpoint: '/v1/embeddings' })).toEqual([400, 'invalid_request', 'input_file_id']);
    expect(await ask({ endpoint: '/v1/files' })).toEqual([400, 'invalid_request', 'endpoint']);
    expect(await ask({ completion_window: '1h' })).toEqual([400, 'invalid_request', 'completion_window']);
    expect(await ask({ metadata: { a: 7 } })).toEqual([400, 'invalid_request', 'metadata']);
    expect(await ask({ priority: 'high' })).toEqual([400, 'invalid_request', 'priority']);
  });
});
