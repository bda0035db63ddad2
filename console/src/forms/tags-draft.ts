import { words } from './words.ts';

/** The tags that an organization, a team or a key adds to its requests, in a form. */
export interface TagsDraft {
  readonly default_tags: readonly string[];
  readonly required_tags: readonly string[];
}

/** The uses of the tags that requests with a key name. */
export const CALLER_TAGS = ['route', 'attribute', 'refuse'] as const;
export type CallerTags = (typeof CALLER_TAGS)[number];

/** The tags of a key in a form. */
export interface KeyTagsDraft extends TagsDraft {
  readonly caller_tags: CallerTags;
}

export const NO_KEY_TAGS: KeyTagsDraft = { default_tags: [], required_tags: [], caller_tags: 'route' };

export const NO_TAGS: TagsDraft = { default_tags: [], required_tags: [] };

export function tagsDraft({ default_tags, required_tags }: TagsDraft): TagsDraft {
  return { default_tags: [...default_tags], required_tags: [...required_tags] };
}

export function tagsBody({ default_tags, required_tags }: TagsDraft) {
  return { default_tags: [...default_tags], required_tags: [...required_tags] };
}

/** Returns a list of tags in words. */
export function tagListWords(tags: readonly string[]): string {
  return tags.length === 0 ? words.none : tags.join(', ');
}

/** Returns both lists in one line. */
export function tagsWords({ default_tags, required_tags }: TagsDraft): string {
  const parts = [
    required_tags.length === 0 ? '' : words.requires(required_tags.join(', ')),
    default_tags.length === 0 ? '' : `${required_tags.length === 0 ? words.default : 'default'} ${default_tags.join(', ')}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? words.noOwnTags : parts.join('; ');
}
