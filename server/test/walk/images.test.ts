import { describe, expect, test } from 'vitest';
import { PictureScan } from '../../src/dialects/media/picture-scan.ts';
import type { PriceUnits } from '../../src/domain/money/price.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { bytesOf, recordings } from '../recordings.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { asking, type Setting } from '../support/scene.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const USD = 1_000_000_000;
const AT = { path: '/v1/images/generations' };
const BODY = { model: 'fast', prompt: 'A gate in the rain.' };
const { open: openHouse, present } = withHouse();
const openScene = withScene();

const priced = (perMillion: object, units: PriceUnits = {}): Partial<DeploymentConfig> => ({
  mode: 'image',
  prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion, units }],
});
const BY_PICTURE = priced(
  { input: 0 },
  {
    perUnit: { image: 0.04 * USD },
    serviceTiers: {
      hd: { perMillion: {}, perUnit: { image: 0.08 * USD } },
      'hd+1024x1792': { perMillion: {}, perUnit: { image: 0.12 * USD } },
    },
  },
);
/** 5 USD for text, 10 for pictures read and 40 for pictures made, a million tokens. */
const BY_TOKENS = priced({ input: 5 * USD, image_input: 10 * USD, image_output: 40 * USD });

const fake = (more: Partial<DeploymentConfig>, house: House = {}) =>
  openHouse({
    targets: [model('fast', [deployment({ upstreamModel: 'fake-image', ...more })], { mode: 'image' })],
    ...house,
  });
const scene = (setting: Setting = {}) => openScene({ isBudgeted: false, ...setting });
const blocking = (usd: number) => ({ key: { budgets: [budget(usd * USD)] } });
const spent = () => readingsOf(present(), ['key', 'key_1'], blocking(1).key);

describe('pictures', () => {
  test('are charged by the tokens that their answer reports, where the price has those', async () => {
    const { ask, rows } = await fake({ ...BY_TOKENS, maxOutputTokens: 6_240 }, blocking(10));
    const said = await ask({ ...BODY, n: 2 }, AT);
    expect([said.status, said.headers['content-type'], (said.json().data as unknown[]).length]).toEqual([
      200,
      'application/json',
      2,
    ]);
    const usage = { input: 5, image_output: 544 };
    expect(rows).toMatchObject([
      {
        endpoint: 'image_generations',
        status: 'succeeded',
        entries: [{ kind: 'usage', usage, nanoUsd: 5 * 5_000 + 544 * 40_000, unpricedUnits: null }],
      },
    ]);
  });

  // promise: A unit whose count the request states
  test.each<[object, number, string | null]>([
    [{}, 0.04, null],
    [{ n: 3 }, 0.12, null],
    [{ quality: 'hd' }, 0.08, 'hd'],
    [{ quality: 'hd', size: '1024x1792', n: 2 }, 0.24, 'hd+1024x1792'],
    [{ quality: 'standard', size: '1024x1792' }, 0.04, null],
  ])('of %j cost %d USD by size and quality', async (more, usd, tier) => {
    const { ask, rows } = await fake(BY_PICTURE, blocking(10));
    expect((await ask({ ...BODY, ...more }, AT)).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ nanoUsd: Math.round(usd * USD), serviceTier: tier, unpricedUnits: null }]);
  });

  test('are charged as made: what the answer says of them, and how many there are', async () => {
    const now = await scene({ deployment: BY_PICTURE });
    const { call, said, row } = asking(now, { ...BODY, n: 3 }, AT);
    (await call).bytes('{"created":1,"size":"1024x1792","data":[{"b64_json":"a\\"{"},');
    (await call).bytes('{"url":"x"}],"quality":"hd"}');
    (await call).end();
    expect([(await said).status, (await said).json().quality]).toEqual([200, 'hd']);
    expect(await row()).toMatchObject({ entries: [{ usage: { image: 2 }, serviceTier: 'hd+1024x1792', nanoUsd: 0.24 * USD }] });
  });

  test('of a recorded answer are counted, although nothing reports them', async () => {
    const [recorded] = recordings.filter(({ kind }) => kind === 'images');
    const now = await scene({ deployment: BY_PICTURE });
    const { call, said, row } = asking(now, BODY, AT);
    const answer = bytesOf(recorded as NonNullable<typeof recorded>).toString();
    (await call).bytes(answer);
    (await call).end();
    expect((await said).text).toBe(answer);
    expect(await row()).toMatchObject({ status: 'succeeded', entries: [{ usage: { image: 1 }, nanoUsd: 0.04 * USD }] });
  });

  test('are refused where a budget blocks and the price has neither pictures nor their tokens', async () => {
    const { ask, upstreamCalls } = await fake(priced({ input: 5 * USD, output: 9 * USD }), blocking(10));
    const { status, json } = await ask(BODY, AT);
    expect([status, json().error.code, json().error.param, upstreamCalls()]).toEqual([403, 'unpriced_parameter', 'n', 0]);
  });

  test('never exceed a budget that blocks, of 100 requests at once', async () => {
    const { ask } = await fake(BY_PICTURE, blocking(1));
    const said = await Promise.all(Array.from({ length: 100 }, () => ask({ ...BODY, n: 2, quality: 'hd' }, AT)));
    // A size that is left open is held at the dearest, 0.24 USD, and charged at 0.16.
    const passed = said.filter(({ status }) => status === 200).length;
    expect(passed).toBe(4);
    expect(await spent()).toEqual({ 'key_budget_month:bud_1': { used: passed * 0.16 * USD, held: 0 } });
  });

  test('by tokens are held at the most that a model writes, so a budget that blocks is not exceeded', async () => {
    // 128,000 tokens at 40 USD a million, and the prompt.
    const { ask, upstreamCalls } = await fake({ ...BY_TOKENS, maxOutputTokens: null }, blocking(5.2));
    const said = await Promise.all(Array.from({ length: 100 }, () => ask(BODY, AT)));
    expect([said.filter(({ status }) => status === 200).length, upstreamCalls()]).toEqual([1, 1]);
    await present().change({ key: { budgets: [budget(5.1 * USD)] } });
    expect((await ask(BODY, AT)).status).toBe(429);
  });

  test('that stream are events, each with its own usage', async () => {
    const { ask, rows } = await fake(BY_TOKENS);
    const said = await ask({ ...BODY, stream: true, partial_images: 2 }, AT);
    expect(said.headers['content-type']).toContain('text/event-stream');
    expect(said.text.match(/image_generation\.\w+/g)).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    expect(rows[0]).toMatchObject({
      status: 'succeeded',
      stream: true,
      entries: [{ kind: 'usage', usage: { input: 5, image_output: 272 } }],
    });
  });

  test('that break off are charged as an estimate, and the client’s connection breaks', async () => {
    const now = await scene({ deployment: BY_PICTURE });
    const { call, said, row } = asking(now, BODY, AT);
    (await call).bytes('{"data":[{"b64_json":"');
    (await call).bytes('AAAA');
    (await call).fail('reset');
    expect(await row()).toMatchObject({
      status: 'failed',
      code: 'provider_error',
      entries: [{ kind: 'estimated', usage: { image: 1 }, nanoUsd: 0.04 * USD }],
    });
    expect((await said).text).not.toContain('error');
  });

  test('that are an error below 200 leave no charge, and another deployment is tried', async () => {
    const now = await scene({ deployment: BY_PICTURE, others: [BY_PICTURE] });
    const { call, said, row } = asking(now, BODY, AT);
    (await call).json({ error: { message: 'overloaded', code: 'server_error' } });
    (await now.played.call(1)).json({ data: [{ url: 'x' }] });
    expect((await said).status).toBe(200);
    expect(await row()).toMatchObject({ deploymentId: 'dep_2', attempts: 2, entries: [{ nanoUsd: 0.04 * USD }] });
  });

  test('are made in full where a budget blocks, and charged, although the client hung up', async () => {
    const now = await scene({ deployment: BY_PICTURE, isBudgeted: true });
    const { call, leave, row } = asking(now, { ...BODY, n: 2 }, AT);
    (await call).bytes('{"data":[');
    await leave();
    expect((await call).isAborted).toBe(false);
    (await call).bytes('{"url":"x"}]}');
    (await call).end();
    expect(await row()).toMatchObject({
      status: 'cancelled',
      entries: [{ kind: 'usage', usage: { image: 1 }, nanoUsd: 0.04 * USD }],
    });
  });

  test('pass while they arrive, and are not kept', async () => {
    const now = await scene({ deployment: BY_PICTURE });
    const { call, said } = asking(now, BODY, AT);
    const piece = 'A'.repeat(65_536);
    const played = await call;
    played.bytes('{"data":[{"b64_json":"');
    for (let at = 0; at < 600; at += 1) played.bytes(piece);
    played.bytes('"}]}');
    played.end();
    // Above the bound on answers that are kept whole, 16 MB in this house.
    expect((await said).text.length).toBe(600 * 65_536 + 26);
  });

  test.each<[object, string]>([
    [{ prompt: 7 }, 'prompt'],
    [{ n: 11 }, 'n'],
    [{ n: 0 }, 'n'],
    [{ n: '2' }, 'n'],
    [{ size: 7 }, 'size'],
    [{ quality: 'x'.repeat(33) }, 'quality'],
    [{ stream: 'yes' }, 'stream'],
    [{ partial_images: 4 }, 'partial_images'],
  ])('of %j are 400, and nothing is sent', async (wrong, param) => {
    const { ask, upstreamCalls } = await fake(BY_PICTURE);
    const { status, json } = await ask({ ...BODY, ...wrong }, AT);
    expect([status, json().error.code, json().error.param, upstreamCalls()]).toEqual([400, 'invalid_request', param, 0]);
  });
});

describe('a scan of an answer with pictures', () => {
  const ANSWER = JSON.stringify({
    created: 1,
    data: [
      { b64_json: 'a"{}[]\\', revised_prompt: '"usage":{"input_tokens":9}' },
      { url: 'x', more: [{}] },
    ],
    size: '1024x1024',
    usage: { input_tokens: 7, output_tokens: 30, input_tokens_details: { image_tokens: 2, text_tokens: 5 } },
    quality: 'high',
  });

  test('reads the same wherever the bytes are cut', () => {
    for (let cut = 0; cut <= ANSWER.length; cut += 1) {
      const scan = new PictureScan();
      scan.push(Buffer.from(ANSWER.slice(0, cut)));
      scan.push(Buffer.from(ANSWER.slice(cut)));
      expect([scan.isWhole, scan.texts.get('size'), scan.texts.get('quality')]).toEqual([true, '1024x1024', 'high']);
      expect(scan.reported()).toEqual({ input: 5, image_input: 2, image_output: 30, image: 2 });
    }
  });

  test.each(['', '{', '{}{}', '[{}]', '{}x', '{"data":[{]}', 'null', '{"a":"}'])('finds no whole answer in %j', (text) => {
    const scan = new PictureScan();
    scan.push(Buffer.from(text));
    expect(scan.isWhole).toBe(false);
  });

  test('does not believe impossible usage', () => {
    const scan = new PictureScan();
    scan.push(Buffer.from('{"data":[],"usage":{"input_tokens":-1,"output_tokens":2}}'));
    expect(scan.reported()).toBe('implausible');
  });
});
