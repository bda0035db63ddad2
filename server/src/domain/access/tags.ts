/**
 * Tags: labels on deployments that route requests, and labels on requests by which usage is grouped. A tag never authorizes
 * anything.
 */

/** One tag as requests, organizations, teams and keys may name it. */
export const TAG = /^[A-Za-z0-9._:-]{1,64}$/;
/** The description of TAG for error messages. */
export const TAG_WORDS = 'a tag must be 1 to 64 letters, digits, ".", "_", ":" or "-"';
/** The most tags that one request, or one list of an organization, a team or a key, may name. */
export const TAGS_MAX = 8;

/**
 * The use of the tags that a request names itself. `route`: those that a deployment carries route, the others are labels.
 * `attribute`: all are labels. `refuse`: a request that names tags is refused.
 */
export const CALLER_TAGS = ['route', 'attribute', 'refuse'] as const;
export type CallerTags = (typeof CALLER_TAGS)[number];

/** The tags that an organization, a team or a key adds to its requests. Each list has at most 8 tags, none twice. */
export interface TagPolicy {
  /** Used if a request names no tag that routes. Only the nearest level's list applies. */
  readonly defaults: readonly string[];
  /** Always added, from all levels together. A request never goes to a deployment without them. */
  readonly required: readonly string[];
}
