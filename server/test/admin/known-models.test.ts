import { describe, expect, test } from 'vitest';
import { readCsv } from '../exports/read-csv.ts';
import { withDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase(), { upstream });

type Row = Readonly<Record<string, unknown>> & { readonly upstream_model: string; readonly provider: string };

async function rowsAt(query: string): Promise<readonly Row[]> {
  return must(await world().root('GET', `/known-models?limit=200&${query}`)).data;
}

describe('known models', () => {
  test('are those of the published list, with prices by unit, the context window and the source', async () => {
    const [row] = await rowsAt('provider=openai&search=gpt-5-nano');
    expect(row).toMatchObject({
      ...{ id: 'openai/gpt-5-nano', provider: 'openai', upstream_model: 'gpt-5-nano', context_window: 400_000 },
      ...{ max_output_tokens: null, is_deprecated: false, features: ['prompt_caching', 'web_search'] },
      prices: { input_per_million: '0.05', output_per_million: '0.40', per_unit: { search: '0.01' } },
      ...{ deployment_count: 0, unpriced_deployment_count: 0, deployment_id: null },
      last_checked_at: `${upstream.publishedList.publishedOn}T00:00:00.000Z`,
    });
    const { name: list, version, publishedOn: published_on, author } = upstream.publishedList;
    expect(row?.sources).toMatchObject([{ kind: 'published', list, version, published_on, author }]);
  });

  test('include what deployments name, with the price that somebody gave and its author', async () => {
    const { root } = world();
    const upstream_model = freshName('own');
    const body = { upstream_model, prices: { input_per_million: '3' } };
    const made = await makeDeployment(root, freshName(), body);
    await makeDeployment(root, freshName(), { upstream_model, prices: null });
    const [row] = await rowsAt(`search=${upstream_model}`);
    expect(row).toMatchObject({
      ...{ id: `fake/${upstream_model}`, context_window: null, features: [] },
      ...{ prices: { input_per_million: '3.00' }, deployment_count: 2, unpriced_deployment_count: 1, deployment_id: made.id },
      sources: [{ kind: 'given', list: null, deployment_id: made.id, author: expect.stringMatching(/^adm_/) }],
    });
    expect(await rowsAt(`search=${upstream_model}&deployed=false`)).toEqual([]);
    expect(await rowsAt(`search=${upstream_model}&priced=true`)).toHaveLength(1);
  });

  test('of a deployment with Google’s collection before the name, or with a dated name, are those of the list', async () => {
    const { root } = world();
    const { id: credential_id } = must(
      await root('POST', '/credentials', { name: freshName(), provider: 'gemini', api_key: 'AIza-0123456789abcdef' }),
    );
    const named = { provider: 'gemini', upstream_model: 'models/gemini-2.5-flash', credential_id };
    must(await root('POST', '/deployments', { model: freshName(), ...named }));
    const rows = await rowsAt('provider=gemini&search=gemini-2.5-flash&deployed=true');
    expect(rows.map(({ upstream_model }) => upstream_model)).toEqual(['gemini-2.5-flash']);
    expect(rows[0]).toMatchObject({ deployment_count: 1, sources: [{ kind: 'published' }] });
  });

  test('are found by a part of the name, a provider and a feature', async () => {
    const searching = await rowsAt('feature=web_search&provider=anthropic');
    expect(searching.length).toBeGreaterThan(3);
    for (const row of searching) expect(row).toMatchObject({ provider: 'anthropic' });
    expect(searching.every(({ features }) => (features as string[]).includes('web_search'))).toBe(true);
    const named = await rowsAt('search=SONNET-4-5&provider=bedrock');
    expect(named.map(({ upstream_model }) => upstream_model)).toContain('anthropic.claude-sonnet-4-5-20250929-v1:0');
    // A wildcard of the database is a plain character of a search.
    expect(await rowsAt('search=%25')).toEqual([]);
    expect(await rowsAt('search=gpt_5')).toEqual([]);
  });

  test.each(['upstream_model', '-upstream_model', 'input_price', '-input_price', '-output_price', 'context_window'])(
    'sorted by %s come once each over all pages, those without the figure last',
    async (sort) => {
      const { root } = world();
      const all: Row[] = [];
      let cursor: string | null = null;
      do {
        const after: string = cursor === null ? '' : `&cursor=${cursor}`;
        const page = must(await root('GET', `/known-models?provider=openai&limit=40&sort=${sort}${after}`));
        all.push(...page.data);
        cursor = page.next_cursor;
        expect(page.total).toBe(upstream.publishedList.models().filter(({ provider }) => provider === 'openai').length);
      } while (cursor !== null);
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      const figures = all.map((row) => figureOf(row, sort.replace('-', '')));
      const known = figures.filter((figure) => figure !== null);
      expect(figures.slice(0, known.length)).toEqual(known);
      const ascending = known.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0));
      expect(known).toEqual(sort.startsWith('-') ? ascending.toReversed() : ascending);
    },
  );

  test('are exported with the filters of the list, by unit, and formulas in names are defused', async () => {
    const { root, as } = world();
    const name = freshName('=own');
    await makeDeployment(root, freshName(), { upstream_model: name, prices: { input_per_million: '3' } });
    const answer = await root('GET', '/known-models/export?provider=openai&search=gpt-5-nano');
    expect(answer.headers['content-disposition']).toContain('headgate-known-models.csv');
    const [row] = readCsv(answer.text);
    expect(row).toMatchObject({
      ...{ provider: 'openai', upstream_model: 'gpt-5-nano', context_window: '400000', features: 'prompt_caching web_search' },
      ...{ input_per_million: '0.05', output_per_million: '0.40', per_search: '0.01', per_image: '', is_deprecated: 'false' },
      ...{ source_kind: 'published', source_list: `'${upstream.publishedList.name}`, deployments: '0', vendor_lists: '0' },
    });
    const own = readCsv((await root('GET', `/known-models/export?provider=fake&deployed=true&search=${name}`)).text);
    expect(own).toMatchObject([
      { upstream_model: `'${name}`, input_per_million: '3.00', source_kind: 'given', deployments: '1' },
    ]);
    const all = readCsv((await root('GET', '/known-models/export')).text);
    expect(all.length).toBe(must(await root('GET', '/known-models?limit=1')).total);
    expect(new Set(all.map(({ provider, upstream_model }) => `${provider}/${upstream_model}`)).size).toBe(all.length);
    expect((await root('GET', '/known-models/export?limit=3')).status).toBe(400);
    expect((await as([{ role: 'platform_auditor' }])('GET', '/known-models/export')).status).toBe(200);
    expect((await as([{ role: 'org_owner', organizationId: 'org_x' }])('GET', '/known-models/export')).status).toBe(403);
  });

  test('are for who may read the platform', async () => {
    const { as } = world();
    expect((await as([{ role: 'platform_auditor' }])('GET', '/known-models')).status).toBe(200);
    expect((await as([{ role: 'org_owner', organizationId: 'org_x' }])('GET', '/known-models')).status).toBe(403);
  });
});

function figureOf(row: Row, by: string): string | number | null {
  if (by === 'upstream_model') return row.upstream_model.toLowerCase();
  if (by === 'context_window') return row.context_window as number | null;
  const prices = row.prices as Readonly<Record<string, string>> | null;
  const text = prices?.[by === 'input_price' ? 'input_per_million' : 'output_per_million'];
  return text === undefined ? null : Number(text);
}
