import { api, asked, askedWithETag, ifMatch, Problem } from '../../api/client.ts';

interface Labels {
  readonly given?: readonly string[];
  readonly taken?: readonly string[];
}

/** Names of cached lists and objects that show labels, or access that follows from them. */
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
 * Adds labels to a target and removes others. Rereads the target's labels first, to keep what somebody else added. `undo`
 * reverses only this change.
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

/** Deletes a group unless a target has its label by now. */
async function removeUnused(key: string): Promise<void> {
  const path = { key };
  try {
    const { data: group, etag } = await askedWithETag(api.GET('/access-groups/{key}', { params: { path } }));
    if (group.members.length > 0) return;
    await asked(api.DELETE('/access-groups/{key}', { params: { path, header: ifMatch(etag) } }));
  } catch (error) {
    // Somebody holds, changed or deleted the group in the meantime, so it stays as it is.
    if (!(error instanceof Problem && [404, 409, 412].includes(error.status))) throw error;
  }
}
