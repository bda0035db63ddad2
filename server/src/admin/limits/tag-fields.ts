import { z } from 'zod';
import { CALLER_TAGS, type CallerTags, TAG, TAG_WORDS, TAGS_MAX } from '../../domain/access/tags.ts';
import { labelLimitsFrom, labelLimitsToColumn, type TagColumns } from '../../store/configuration/policy-columns.ts';
import {
  type LabelLimitsBody,
  labelLimits,
  labelLimitsOut,
  renderLabelLimits,
  replacedLabelLimits,
} from './label-limit-fields.ts';

/** Default and required tags of an organization, a team or a key, and the tags of one request. */

const tag = z.string().regex(TAG, TAG_WORDS);
export const tagList = z.array(tag).max(TAGS_MAX);

const DEFAULT_WORDS =
  'Used if a request names no tag that routes. Only the nearest level with default tags counts: the key, then the team, then the organization.';
const REQUIRED_WORDS =
  'Added to every request. The tags of organization, team and key add up, so a lower level can add tags but not remove them. A request gets 400 `no_deployment_for_tags` if no deployment carries all of them.';

const END_USER_WORDS =
  'Whether each request must name its end user. One that does not gets 400 `invalid_request` before anything is held. It holds if the organization, the team or the key has it.';

export const tagFields = {
  label_limits: labelLimits.nullish(),
  require_end_user: z.boolean().optional().meta({ description: END_USER_WORDS }),
  default_tags: tagList.nullish().meta({ description: DEFAULT_WORDS }),
  required_tags: tagList.nullish().meta({ description: REQUIRED_WORDS }),
};

export const tagsOut = {
  label_limits: labelLimitsOut,
  require_end_user: z.boolean().meta({ description: END_USER_WORDS }),
  default_tags: z.array(z.string()).meta({ description: DEFAULT_WORDS }),
  required_tags: z.array(z.string()).meta({ description: REQUIRED_WORDS }),
};

/** The use of the tags that a key's requests name themselves. Only keys have it. */
export const callerTags = z.enum(CALLER_TAGS).meta({
  description:
    'The use of the tags that requests with this key name themselves. `route`: those that a deployment carries choose deployments, the others are labels. `attribute`: all of them are labels and choose nothing. `refuse`: a request that names tags gets 400 `invalid_request`. Default and required tags apply in each case.',
});

interface TagsBody {
  readonly label_limits?: LabelLimitsBody | null | undefined;
  readonly require_end_user?: boolean | undefined;
  readonly default_tags?: readonly string[] | null | undefined;
  readonly required_tags?: readonly string[] | null | undefined;
  readonly caller_tags?: CallerTags | undefined;
}

export const NO_TAGS: TagColumns = { defaultTags: [], requiredTags: [], requireEndUser: false, labelLimits: [] };

/** Reports whether a body decides about tags and limits by label. */
export function namesTags(body: TagsBody): boolean {
  return (
    namesLabels(body) || body.default_tags !== undefined || body.required_tags !== undefined || body.caller_tags !== undefined
  );
}

/** Reports whether a body decides about limits by label, or about what they rest on. */
export function namesLabels(body: Omit<TagsBody, 'default_tags' | 'caller_tags'>): boolean {
  return body.label_limits !== undefined || body.require_end_user !== undefined || body.required_tags !== undefined;
}

/**
 * Returns the columns after a PATCH: absent keeps, null empties, and a list replaces the stored one. Repeated tags are kept once.
 */
export function patchedTags(stored: TagColumns, body: TagsBody) {
  const after = (list: readonly string[] | null | undefined, kept: readonly string[]) => [
    ...new Set(list === undefined ? kept : (list ?? [])),
  ];
  return {
    defaultTags: after(body.default_tags, stored.defaultTags),
    requiredTags: after(body.required_tags, stored.requiredTags),
    requireEndUser: body.require_end_user ?? stored.requireEndUser,
    labelLimits: labelLimitsToColumn(replacedLabelLimits(labelLimitsFrom(stored.labelLimits), body.label_limits)),
  };
}

export function renderTags({ defaultTags, requiredTags, requireEndUser, labelLimits }: TagColumns) {
  return {
    ...{ default_tags: [...defaultTags], required_tags: [...requiredTags] },
    ...{ require_end_user: requireEndUser, label_limits: renderLabelLimits(labelLimitsFrom(labelLimits)) },
  };
}
