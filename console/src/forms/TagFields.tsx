import { Stack, TagsInput } from '@mantine/core';
import { firstErrorOf } from '../api/field-errors.ts';
import { useKnownTags } from '../api/known-tags.ts';
import type { FieldErrors } from './bind.ts';
import type { TagsDraft } from './tags-draft.ts';
import { words } from './words.ts';

/** The most tags in one request, and in each of these lists. */
export const TAGS_MAX = 8;

interface TagFieldsProps {
  readonly value: TagsDraft;
  /** Called with the name and the new tags of the list that changed. */
  readonly onChange: (name: keyof TagsDraft, tags: readonly string[]) => void;
  readonly errors: FieldErrors;
  /** The level that holds the tags: `organization`, `team` or `key`. */
  readonly level: keyof typeof words.defaultTagsOf;
  readonly disabled?: boolean;
}

/** Edits the default and required tags of an organization, a team or a key. */
export function TagFields({ value, onChange, errors, level, disabled = false }: TagFieldsProps) {
  const known = useKnownTags();
  const list = (name: keyof TagsDraft) => ({
    data: [...known],
    maxTags: TAGS_MAX,
    clearable: true,
    disabled,
    value: [...value[name]],
    onChange: (tags: string[]) => onChange(name, tags),
    error: firstErrorOf(errors, name),
  });
  return (
    <Stack gap="sm">
      <TagsInput label={words.defaultTags} description={words.defaultTagsOf[level]} {...list('default_tags')} />
      <TagsInput label={words.requiredTags} description={words.requiredTagsOf[level]} {...list('required_tags')} />
    </Stack>
  );
}
