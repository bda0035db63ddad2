import { api, asked } from '../../api/client.ts';

/** Gives a target one label or takes it, and keeps its others. */
export async function relabel(target: string, key: string, has: boolean): Promise<void> {
  const found = await asked(api.GET('/callable-targets', { params: { query: { search: target, limit: 200 } } }));
  const labels = found.data.find(({ name }) => name === target)?.access_groups ?? [];
  const access_groups = has ? [...new Set([...labels, key])] : labels.filter((label) => label !== key);
  await asked(api.PUT('/callable-targets/{name}/access-groups', { params: { path: { name: target } }, body: { access_groups } }));
}
