import type { Schema } from '../api/client.ts';
import { type LabelLimitDraft, labelLimitsBody, labelLimitsDraft } from './label-limit-draft.ts';
import { words } from './words.ts';

/** The tags that an organization, a team or a key adds to its requests, and what rests on labels, in a form. */
export interface TagsDraft {
  readonly default_tags: readonly string[];
  readonly required_tags: readonly string[];
  readonly require_end_user: boolean;
  readonly label_limits: readonly LabelLimitDraft[];
}

/** The names of the lists of tags. */
export type TagListName = 'default_tags' | 'required_tags';

/** The uses of the tags that requests with a key name. */
export const CALLER_TAGS = ['route', 'attribute', 'refuse'] as const;
export type CallerTags = (typeof CALLER_TAGS)[number];

/** The tags of a key in a form. */
export interface KeyTagsDraft extends TagsDraft {
  readonly caller_tags: CallerTags;
}

export const NO_TAGS: TagsDraft = { default_tags: [], required_tags: [], require_end_user: false, label_limits: [] };

export const NO_KEY_TAGS: KeyTagsDraft = { ...NO_TAGS, caller_tags: 'route' };

type Tagged = Pick<Schema<'Team'>, 'default_tags' | 'required_tags' | 'require_end_user' | 'label_limits'>;

export function tagsDraft({ default_tags, required_tags, require_end_user, label_limits }: Tagged): TagsDraft {
  return {
    ...{ default_tags: [...default_tags], required_tags: [...required_tags], require_end_user },
    label_limits: labelLimitsDraft(label_limits),
  };
}

export function tagsBody({ default_tags, required_tags, require_end_user, label_limits }: TagsDraft) {
  return {
    ...{ default_tags: [...default_tags], required_tags: [...required_tags], require_end_user },
    label_limits: labelLimitsBody(label_limits),
  };
}

/** Returns a list of tags in words. */
export function tagListWords(tags: readonly string[]): string {
  return tags.length === 0 ? words.none : tags.join(', ');
}

/** Returns both lists in one line. */
export function tagsWords({ default_tags, required_tags, require_end_user }: TagsDraft): string {
  const parts = [
    required_tags.length === 0 ? '' : words.requires(required_tags.join(', ')),
    default_tags.length === 0 ? '' : `${required_tags.length === 0 ? words.default : 'default'} ${default_tags.join(', ')}`,
    require_end_user ? words.requiresEndUsers : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? words.noOwnTags : parts.join('; ');
}
