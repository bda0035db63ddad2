import { describe, expect, test } from 'vitest';
import type { EmbeddingWire } from '../../src/dialects/dialect.ts';
import { asking, nanoUsd, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const open = (speaks: EmbeddingWire, setting: Setting = {}) =>
  openScene({ speaks, ...setting, deployment: { mode: 'embedding', ...setting.deployment } });
const AT = { path: '/v1/embeddings' };
const BODY = { model: 'fast', input: ['one', 'two'] };
const VECTORS = [
  [0.5, 0.25],
  [1, -1],
];
const COHERE = { embeddings: { float: VECTORS }, meta: { billed_units: { input_tokens: 10 } } };
const GEMINI = { embeddings: VECTORS.map((values) => ({ values })) };

describe('embeddings of another vendor', () => {
  test.each<[EmbeddingWire, object, number]>([
    ['cohere-embed', COHERE, 10],
    ['voyage-embed', { data: VECTORS.map((embedding, index) => ({ embedding, index })), usage: { total_tokens: 12 } }, 12],
    ['gemini-embed', { ...GEMINI, usageMetadata: { promptTokenCount: 4 } }, 4],
  ])('of %s are OpenAI’s, and are charged as reported', async (wire, answer, tokens) => {
    const now = await open(wire);
    const { call, said, row } = asking(now, { ...BODY, user: 'ada' }, AT);
    expect((await call).request.wire).toBe(wire);
    (await call).json(answer);
    const { status, headers, json } = await said;
    expect([status, headers['x-headgate-dropped']]).toEqual([200, 'user']);
    expect(json()).toMatchObject({
      object: 'list',
      data: VECTORS.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
    expect(await row()).toMatchObject({
      ...{ status: 'succeeded', endpoint: 'embeddings' },
      entries: [{ kind: 'usage', usage: { input: tokens }, nanoUsd: nanoUsd(tokens, 0) }],
    });
  });

  test('whose vendor reports no usage are charged an estimate, which is marked', async () => {
    const now = await open('gemini-embed');
    const { call, said, row } = asking(now, BODY, AT);
    (await call).json(GEMINI);
    expect((await said).json()).toMatchObject({ usage: { estimated: true } });
    const { status, entries } = await row();
    expect([status, entries[0]?.kind]).toEqual(['estimated', 'estimated']);
    expect(entries[0]?.usage.input).toBeGreaterThan(0);
    expect(entries[0]?.usage.output ?? 0).toBe(0);
  });

  test('that cannot be believed are 502, and are charged', async () => {
    const now = await open('cohere-embed');
    const { call, said, row } = asking(now, BODY, AT);
    (await call).json({ ...COHERE, embeddings: { float: [[1, 2]] } });
    const { status, text } = await said;
    expect(status).toBe(502);
    expect(text).toContain('1 vectors for 2 inputs');
    expect(await row()).toMatchObject({ status: 'failed', entries: [{ kind: 'estimated' }] });
  });

  test('are refused for tokens, by name, before anything is sent', async () => {
    const now = await open('cohere-embed');
    const { said, row } = asking(now, { ...BODY, input: [1, 2, 3] }, AT);
    const { status, json } = await said;
    expect([status, json().error.param]).toEqual([400, 'input']);
    expect(await row()).toMatchObject({ entries: [] });
    expect(now.played.calls).toHaveLength(0);
  });
});
