import { api, asked, askedWithETag, ifMatch, Problem, stored } from '../../api/client.ts';
import { type Effect, effectOf } from '../../api/organizations.ts';

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
export async function relabel(target: string, change: Labels) {
  const { given = [], taken = [] } = change;
  const { labels, access_groups } = await relabelled(target, change);
  const answer = await stored(
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

/** Returns the effect of the same change without making it. */
export async function effectOfRelabel(target: string, change: Labels): Promise<Effect> {
  const { access_groups } = await relabelled(target, change);
  return effectOf('PUT', `/callable-targets/${encodeURIComponent(target)}/access-groups`, { access_groups });
}

/** Returns the access groups whose label a target has. */
export async function labelsOf(target: string): Promise<readonly string[]> {
  const found = await asked(api.GET('/callable-targets', { params: { query: { search: target, limit: 200 } } }));
  return found.data.find(({ name }) => name === target)?.access_groups ?? [];
}

/** Returns the labels that a target has, and those that it gets. */
async function relabelled(target: string, { given = [], taken = [] }: Labels) {
  const labels = await labelsOf(target);
  return { labels, access_groups: [...new Set([...labels, ...given])].filter((label) => !taken.includes(label)) };
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
