import { api, asked } from '../../api/client.ts';

interface Labels {
  readonly given?: readonly string[];
  readonly taken?: readonly string[];
}

/** Gives a target labels and takes others, and keeps what it has beside them: also what somebody else gave it meanwhile. */
export async function relabel(target: string, { given = [], taken = [] }: Labels) {
  const found = await asked(api.GET('/callable-targets', { params: { query: { search: target, limit: 200 } } }));
  const labels = found.data.find(({ name }) => name === target)?.access_groups ?? [];
  const access_groups = [...new Set([...labels, ...given])].filter((label) => !taken.includes(label));
  return asked(
    api.PUT('/callable-targets/{name}/access-groups', { params: { path: { name: target } }, body: { access_groups } }),
  );
}
