/** Tags: labels on deployments that route requests, and labels on requests that usage is grouped by. A tag never authorizes anything. */

/** One tag as requests, organizations, teams and keys may name it. */
export const TAG = /^[A-Za-z0-9._:-]{1,64}$/;
/** What a text must be to match TAG, for people. */
export const TAG_WORDS = 'a tag is 1 to 64 letters, digits, ".", "_", ":" or "-"';
/** Tags that one request, and each list of an organization, a team or a key, may name. */
export const TAGS_MAX = 8;

/** What an organization, a team or a key adds to the tags of its requests. Each list has at most 8 tags, none twice. */
export interface TagPolicy {
  /** Stand in where a request names no tag that routes; the nearest level's alone. */
  readonly defaults: readonly string[];
  /** Always added, those of all levels together, and never left for a deployment without them. */
  readonly required: readonly string[];
}
