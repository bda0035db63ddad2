import { describe, expect, test } from 'vitest';
import type { PerUnit } from '../../src/domain/money/price.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { asking } from '../support/scene.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const USD = 1_000_000_000;
const AT = { path: '/v1/audio/speech' };
/** Ten characters, of which one takes two units of UTF-16. */
const BODY = { model: 'fast', input: 'A gate. 🌧!', voice: 'alloy' };
const { open: openHouse, present } = withHouse();
const openScene = withScene();

const priced = (perMillion: object, perUnit: PerUnit = {}): Partial<DeploymentConfig> => ({
  mode: 'speech',
  prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion, units: { perUnit } }],
});
const BY_CHARACTER = priced({ input: 0 }, { character: 15_000 });
const BY_TOKENS = priced({ input: 0.6 * USD, audio_output: 12 * USD });

const fake = (more: Partial<DeploymentConfig>, house: House = {}) =>
  openHouse({
    targets: [model('fast', [deployment({ upstreamModel: 'fake-speech', ...more })], { mode: 'speech' })],
    ...house,
  });
const blocking = (nanoUsd: number) => ({ key: { budgets: [budget(nanoUsd)] } });
const spent = () => readingsOf(present(), ['key', 'key_1'], blocking(1).key);

describe('spoken text', () => {
  test('passes as bytes, and is charged by its characters', async () => {
    const { ask, rows } = await fake(BY_CHARACTER, blocking(USD));
    const said = await ask(BODY, AT);
    expect([said.status, said.headers['content-type'], said.text.slice(0, 4)]).toEqual([200, 'audio/wav', 'RIFF']);
    expect(rows).toMatchObject([
      {
        endpoint: 'speech',
        status: 'succeeded',
        stream: false,
        entries: [{ kind: 'usage', usage: { character: 10 }, nanoUsd: 150_000 }],
      },
    ]);
  });

  test('is charged by tokens only where its events report them', async () => {
    const { ask, rows } = await fake({ ...BY_TOKENS, maxOutputTokens: 2_000 }, blocking(USD));
    const said = await ask({ ...BODY, stream_format: 'sse' }, AT);
    expect([said.status, said.text.match(/speech\.audio\.\w+/g)]).toEqual([200, ['speech.audio.delta', 'speech.audio.done']]);
    expect(rows[0]?.entries).toMatchObject([
      { usage: { input: 3, audio_output: 30 }, nanoUsd: 3 * 600 + 30 * 12_000, unpricedUnits: null },
    ]);
    const refused = await ask(BODY, AT);
    expect([refused.status, refused.json().error.code, refused.json().error.param]).toEqual([403, 'unpriced_parameter', 'input']);
  });

  test('never exceeds a budget that blocks, of 100 requests at once', async () => {
    const { ask, upstreamCalls } = await fake(BY_CHARACTER, blocking(700_000));
    const said = await Promise.all(Array.from({ length: 100 }, () => ask(BODY, AT)));
    expect([said.filter(({ status }) => status === 200).length, upstreamCalls()]).toEqual([4, 4]);
    expect(await spent()).toEqual({ 'key_budget_month:bud_1': { used: 600_000, held: 0 } });
  });

  test.each([true, false])(
    'is charged in full when the client hangs up in the middle (a budget blocks: %s)',
    async (isBudgeted) => {
      const now = await openScene({ isBudgeted, deployment: BY_CHARACTER });
      const { call, leave, row } = asking(now, BODY, AT);
      (await call).bytes('ID3', 'audio/mpeg');
      await leave();
      (await call).bytes('more', 'audio/mpeg');
      (await call).end();
      expect(await row()).toMatchObject({
        status: 'cancelled',
        entries: [{ kind: 'usage', usage: { character: 10 }, nanoUsd: 150_000 }],
      });
    },
  );

  test('that breaks off is charged, and the connection breaks with it', async () => {
    const now = await openScene({ isBudgeted: false, deployment: BY_CHARACTER });
    const { call, said, row } = asking(now, BODY, AT);
    (await call).bytes('ID3', 'audio/mpeg');
    (await call).fail('reset');
    expect(await row()).toMatchObject({ status: 'failed', code: 'provider_error', entries: [{ usage: { character: 10 } }] });
    expect((await said).text).not.toContain('error');
  });

  test('that is JSON instead of sound is an error, and is not delivered', async () => {
    const now = await openScene({ isBudgeted: false, deployment: BY_CHARACTER });
    const { call, said } = asking(now, BODY, AT);
    (await call).json({ error: { message: 'no such voice', type: 'invalid_request_error', param: 'voice' } });
    expect((await said).status).toBe(400);
    expect((await said).json().error.message).toContain('no such voice');
  });

  test('has a plain type, whatever the provider says', async () => {
    const now = await openScene({ isBudgeted: false, deployment: BY_CHARACTER });
    const { call, said } = asking(now, BODY, AT);
    (await call).bytes('ID3', 'audio/mpeg\r\nx-evil: 1');
    (await call).end();
    expect((await said).headers['content-type']).toBe('application/octet-stream');
  });

  test.each<[object, string]>([
    [{ input: '' }, 'input'],
    [{ input: ['a'] }, 'input'],
    [{ stream_format: 'wav' }, 'stream_format'],
  ])('of %j is 400, and nothing is sent', async (wrong, param) => {
    const { ask, upstreamCalls } = await fake(BY_CHARACTER);
    const { status, json } = await ask({ ...BODY, ...wrong }, AT);
    expect([status, json().error.param, upstreamCalls()]).toEqual([400, param, 0]);
  });
});
