import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dialects/dialect.ts';
import type { PerUnit, Price } from '../../src/domain/money/price.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { scriptedProvider } from '../support/scripted-provider.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { withHouse } from '../support/with-house.ts';

const USD = 1_000_000_000;
const UNIT = 0.002 * USD;
const { open: openHouse, present } = withHouse();

const BODY = { model: 'fast', query: 'Which gate is lower?', documents: ['The first gate.', 'The lower gate.', 'A river.'] };
const AT = { path: '/v1/rerank' };
const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`../recorded/cassettes/${name}`, import.meta.url), 'utf8')) as JsonObject;
const COHERE = recorded('cohere/rerank/vercel-cohere-reranking.1.json');
const TOGETHER = recorded('togetherai/rerank/vercel-togetherai-reranking.1.json');
const VOYAGE = recorded('voyage/rerank/vercel-voyage-reranking.1.json');
const BEDROCK = recorded('bedrock/rerank/vercel-amazon-bedrock-reranking.1.json');

function priced(perMillion: Price['perMillion'], perUnit: PerUnit = {}): Partial<DeploymentConfig> {
  return { prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion, units: { perUnit } }] };
}

const BY_UNIT = priced({ input: 0 }, { search_unit: UNIT });

async function open(answer: JsonObject, more: Partial<DeploymentConfig> = BY_UNIT, house: House = {}, provider?: Provider) {
  const sent: JsonObject[] = [];
  const scripted = scriptedProvider('fake', (body) => {
    sent.push(body);
    return answer;
  });
  const one = deployment({ mode: 'rerank', ...more });
  const opened = await openHouse({
    provider: provider ?? scripted,
    targets: [model('fast', [one], { mode: 'rerank' })],
    ...house,
  });
  return { ...opened, sent };
}

const blocking = (nanoUsd: number) => ({ key: { budgets: [budget(nanoUsd)] } });
const spent = () => readingsOf(present(), ['key', 'key_1'], blocking(1).key);

describe('documents that are put in order', () => {
  test('pass as they came, and are charged by the units that the provider bills', async () => {
    const { ask, rows, sent } = await open(COHERE);
    const said = await ask({ ...BODY, top_n: 2 }, AT);
    expect([said.status, said.json()]).toEqual([200, COHERE]);
    expect(sent).toEqual([{ ...BODY, top_n: 2, model: 'fake-small' }]);
    expect(rows).toMatchObject([
      {
        status: 'succeeded',
        endpoint: 'rerank',
        entries: [{ kind: 'usage', usage: { search_unit: 1 }, nanoUsd: UNIT, unpricedUnits: null }],
      },
    ]);
  });

  // promise: A unit whose count the request states
  test('are charged by tokens where the provider reports those and the price has them', async () => {
    const { ask, rows } = await open(TOGETHER, priced({ input: 0.05 * USD }), blocking(USD));
    expect((await ask(BODY, AT)).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([
      { kind: 'usage', usage: { input: 2_966 }, nanoUsd: 2_966 * 50, unpricedUnits: null },
    ]);
  });

  test('are written for Voyage, whose answer is read as Cohere’s', async () => {
    const sent: JsonObject[] = [];
    const scripted = scriptedProvider('voyage', (body) => {
      sent.push(body);
      return VOYAGE;
    });
    const voyage: Provider = { ...scripted, wireFor: () => 'voyage-rerank' };
    const { ask, rows } = await open(VOYAGE, { provider: 'voyage', ...priced({ input: 0.05 * USD }) }, {}, voyage);
    const said = await ask(
      { ...BODY, documents: ['a', { text: 'b' }], top_n: 2, return_documents: true, max_tokens_per_doc: 9 },
      AT,
    );
    expect(sent).toEqual([{ model: 'fake-small', query: BODY.query, documents: ['a', 'b'], top_k: 2 }]);
    expect([said.status, said.headers['x-headgate-dropped']]).toEqual([200, 'max_tokens_per_doc']);
    expect(said.json()).toEqual({
      model: 'rerank-2.5',
      results: [
        { index: 1, relevance_score: 0.5703125, document: { text: 'b' } },
        { index: 0, relevance_score: 0.255859375, document: { text: 'a' } },
      ],
      usage: { total_tokens: 12 },
    });
    expect(rows[0]?.entries).toMatchObject([{ usage: { input: 12 }, nanoUsd: 600 }]);
  });

  test('are written for Bedrock, whose answer is read as Cohere’s, and charged by the units that they are', async () => {
    const sent: JsonObject[] = [];
    const scripted = scriptedProvider('bedrock', (body) => {
      sent.push(body);
      return BEDROCK;
    });
    const bedrock: Provider = { ...scripted, wireFor: () => 'bedrock-rerank' };
    const { ask, rows } = await open(BEDROCK, { provider: 'bedrock', ...BY_UNIT }, {}, bedrock);
    const documents = ['a', { text: 'b' }, { title: 'c', text: 'd' }, 'e', 'f', 'g'];
    const said = await ask({ ...BODY, documents, top_n: 2, return_documents: true, max_tokens_per_doc: 9 }, AT);
    const text = (one: string) => ({ type: 'INLINE', inlineDocumentSource: { type: 'TEXT', textDocument: { text: one } } });
    const json = { type: 'INLINE', inlineDocumentSource: { type: 'JSON', jsonDocument: documents[2] } };
    expect(sent).toEqual([
      {
        queries: [{ type: 'TEXT', textQuery: { text: BODY.query } }],
        sources: [text('a'), text('b'), json, text('e'), text('f'), text('g')],
        rerankingConfiguration: {
          type: 'BEDROCK_RERANKING_MODEL',
          bedrockRerankingConfiguration: { numberOfResults: 2, modelConfiguration: { modelArn: 'fake-small' } },
        },
      },
    ]);
    expect([said.status, said.headers['x-headgate-dropped']]).toEqual([200, 'max_tokens_per_doc']);
    expect(said.json()).toEqual({
      model: 'fake-small',
      results: [
        { index: 0, relevance_score: 0.5110583305358887, document: { text: 'a' } },
        { index: 5, relevance_score: 0.30241215229034424, document: { text: 'g' } },
      ],
    });
    expect(rows[0]?.entries).toMatchObject([{ usage: { search_unit: 1 }, nanoUsd: UNIT }]);
  });

  test('are 502 and charged where the provider names a document that does not exist', async () => {
    const scripted = scriptedProvider('voyage', () => VOYAGE);
    const voyage: Provider = { ...scripted, wireFor: () => 'voyage-rerank' };
    const { ask, rows } = await open(VOYAGE, { provider: 'voyage', ...priced({ input: 0.05 * USD }) }, {}, voyage);
    expect((await ask({ ...BODY, documents: ['only'] }, AT)).status).toBe(502);
    expect(rows).toMatchObject([{ status: 'failed', entries: [{ kind: 'estimated' }] }]);
  });

  test.each<[string, Partial<DeploymentConfig>]>([
    ['only tokens for nothing', priced({ input: 0 })],
    ['another unit', priced({ input: 0 }, { search: UNIT })],
  ])('are refused before they are sent where a budget blocks and the price has %s', async (_what, more) => {
    const { ask, rows, upstreamCalls } = await open(COHERE, more, blocking(USD));
    const refused = await ask(BODY, AT);
    expect([refused.status, refused.json().error.code, refused.json().error.param]).toEqual([
      403,
      'unpriced_parameter',
      'documents',
    ]);
    expect([upstreamCalls(), rows[0]?.code]).toEqual([0, 'unpriced_parameter']);
  });

  // promise: A unit whose count the request states
  test('never exceed a budget that blocks, of 100 that are sent at once', async () => {
    const { ask, rows, upstreamCalls } = await open(COHERE, BY_UNIT, blocking(7.5 * UNIT));
    const said = await Promise.all(Array.from({ length: 100 }, () => ask(BODY, AT)));
    expect(said.filter(({ status }) => status === 200)).toHaveLength(7);
    expect([upstreamCalls(), rows.length]).toEqual([7, 100]);
    expect(await spent()).toEqual({ 'key_budget_month:bud_1': { used: 7 * UNIT, held: 0 } });
  });

  test('are held for each part of long documents', async () => {
    const long = { ...BODY, documents: Array.from({ length: 30 }, () => 'x'.repeat(2_000)) };
    const { ask, upstreamCalls } = await open(COHERE, BY_UNIT, blocking(1.5 * UNIT));
    expect([(await ask(long, AT)).status, (await ask(BODY, AT)).status, upstreamCalls()]).toEqual([429, 200, 1]);
  });

  test.each<[string, object, string]>([
    ['no query', { query: undefined }, 'query'],
    ['an empty query', { query: '' }, 'query'],
    ['no documents', { documents: undefined }, 'documents'],
    ['an empty list', { documents: [] }, 'documents'],
    ['a number among them', { documents: ['a', 7] }, 'documents[1]'],
    ['more than any model takes', { documents: Array.from({ length: 10_001 }, () => 'a') }, 'documents'],
    ['no number of results', { top_n: 0 }, 'top_n'],
  ])('are 400 with %s', async (_what, wrong, param) => {
    const { ask, upstreamCalls } = await open(COHERE);
    const { status, json } = await ask({ ...BODY, ...wrong }, AT);
    expect([status, json().error.code, json().error.param, upstreamCalls()]).toEqual([400, 'invalid_request', param, 0]);
  });

  test('are not asked of a chat model, and a model for them answers no chat', async () => {
    const { ask } = await open(COHERE);
    expect((await ask({ model: 'fast', messages: [] })).json().error.message).toContain('does not support chat_completions');
    await present().change({ targets: [model('fast', [deployment()])] });
    expect((await ask(BODY, AT)).json().error.message).toContain('does not support rerank');
  });
});

describe('a judgement of texts', () => {
  const AT_MODERATIONS = { path: '/v1/moderations' };
  const ANSWER = { id: 'modr-1', model: 'omni', results: [{ flagged: false }] };

  async function openModeration(more: Partial<DeploymentConfig>, house: House = {}) {
    const provider = scriptedProvider('fake', () => ANSWER);
    const one = deployment({ mode: 'moderation', ...more });
    return openHouse({ provider, targets: [model('fast', [one], { mode: 'moderation' })], ...house });
  }

  test('costs nothing where its price says so, and its tokens count', async () => {
    const { ask, rows } = await openModeration(priced({ input: 0 }), blocking(1));
    const said = await ask({ model: 'fast', input: 'hello' }, AT_MODERATIONS);
    expect([said.status, said.json()]).toEqual([200, ANSWER]);
    expect(rows[0]).toMatchObject({
      endpoint: 'moderations',
      status: 'estimated',
      entries: [{ nanoUsd: 0, usage: { output: 0 } }],
    });
    expect(rows[0]?.entries[0]?.usage.input).toBeGreaterThan(0);
  });

  test('is not free where no price says so', async () => {
    const { ask, upstreamCalls } = await openModeration({ prices: [] }, blocking(USD));
    const { status, json } = await ask({ model: 'fast', input: 'hello' }, AT_MODERATIONS);
    expect([status, json().error.code, upstreamCalls()]).toEqual([403, 'model_not_priced', 0]);
  });

  test.each([[7], [[]], [undefined]])('of %j is 400', async (input) => {
    const { ask } = await openModeration(priced({ input: 0 }));
    expect((await ask({ model: 'fast', input }, AT_MODERATIONS)).json().error.param).toBe('input');
  });
});
