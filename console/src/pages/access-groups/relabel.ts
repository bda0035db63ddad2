import { api, asked, askedWithETag, ifMatch, Problem } from '../../api/client.ts';

interface Labels {
  readonly given?: readonly string[];
  readonly taken?: readonly string[];
}

/** Names of the cached lists and objects that show labels, or who may call what by them. */
export const LABELS_SHOW_IN = [
  'model',
  'models',
  'deployments',
  'route-groups',
  'route-group',
  'access-groups',
  'access-group',
  'callable-targets',
];

/**
 * Gives a target labels and takes others, and keeps what it has beside them: also what somebody else gave it meanwhile. `undo` reverses
 * no more than this did.
 */
export async function relabel(target: string, { given = [], taken = [] }: Labels) {
  const found = await asked(api.GET('/callable-targets', { params: { query: { search: target, limit: 200 } } }));
  const labels = found.data.find(({ name }) => name === target)?.access_groups ?? [];
  const access_groups = [...new Set([...labels, ...given])].filter((label) => !taken.includes(label));
  const answer = await asked(
    api.PUT('/callable-targets/{name}/access-groups', { params: { path: { name: target } }, body: { access_groups } }),
  );
  const back: Labels = {
    given: taken.filter((label) => labels.includes(label)),
    taken: given.filter((label) => !labels.includes(label)),
  };
  const undo = async () => {
    await relabel(target, back);
    for (const key of answer.created_access_groups) await removeUnused(key);
  };
  return { ...answer, undo };
}

/** Takes a group away again that nobody has come to use meanwhile. */
async function removeUnused(key: string): Promise<void> {
  const path = { key };
  try {
    const { data: group, etag } = await askedWithETag(api.GET('/access-groups/{key}', { params: { path } }));
    if (group.members.length > 0) return;
    await asked(api.DELETE('/access-groups/{key}', { params: { path, header: ifMatch(etag) } }));
  } catch (error) {
    // Held, changed or gone by now: it is somebody's, and stays as they have it.
    if (!(error instanceof Problem && [404, 409, 412].includes(error.status))) throw error;
  }
}
