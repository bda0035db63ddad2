import { api, asked, type Schema } from '../../api/client.ts';

export type Model = Schema<'Model'>;

const LIST_MAX = 200;

/** Reads the models with these names: labels, fallbacks, strategy. Names that no longer exist are left out. */
export async function modelsNamed(names: readonly string[]): Promise<ReadonlyMap<string, Model>> {
  // One page of the list usually has most of them. The rest are read by name.
  const page = await asked(api.GET('/models', { params: { query: { limit: LIST_MAX } } }));
  const known = new Map(page.data.map((model) => [model.name, model]));
  const missing = page.next_cursor === null ? [] : [...new Set(names)].filter((name) => !known.has(name));
  const found = await Promise.allSettled(missing.map((name) => asked(api.GET('/models/{name}', { params: { path: { name } } }))));
  for (const one of found) if (one.status === 'fulfilled') known.set(one.value.name, one.value);
  return known;
}
