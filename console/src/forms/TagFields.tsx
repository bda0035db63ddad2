import { Select, Stack, Switch, TagsInput } from '@mantine/core';
import { firstErrorOf } from '../api/field-errors.ts';
import { useKnownTags } from '../api/known-tags.ts';
import type { FieldErrors } from './bind.ts';
import { CALLER_TAGS, type CallerTags, type TagListName, type TagsDraft } from './tags-draft.ts';
import { words } from './words.ts';

/** The most tags in one request, and in each of these lists. */
export const TAGS_MAX = 8;

interface TagFieldsProps {
  readonly value: TagsDraft;
  /** Called with the name and the new tags of the list that changed. */
  readonly onChange: (name: TagListName, tags: readonly string[]) => void;
  readonly onRequireEndUser: (isRequired: boolean) => void;
  readonly errors: FieldErrors;
  /** The level that holds the tags: `organization`, `team` or `key`. */
  readonly level: keyof typeof words.defaultTagsOf;
  readonly disabled?: boolean;
  /** The use of the tags that requests name, which only keys decide. Absent: the level does not. */
  readonly callerTags?: { readonly value: CallerTags; readonly onChange: (value: CallerTags) => void } | undefined;
}

/** Edits the default and required tags of an organization, a team or a key, and what a key makes of tags that requests name. */
export function TagFields(props: TagFieldsProps) {
  const { value, onChange, errors, level, disabled = false, callerTags } = props;
  const known = useKnownTags();
  const list = (name: TagListName) => ({
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
      <Switch
        label={words.requireEndUser}
        description={words.requireEndUserMeans}
        checked={value.require_end_user}
        disabled={disabled}
        error={firstErrorOf(errors, 'require_end_user')}
        onChange={(event) => props.onRequireEndUser(event.currentTarget.checked)}
      />
      {callerTags !== undefined && (
        <Select
          label={words.callerTags}
          description={words.callerTagsMean[callerTags.value]}
          data={CALLER_TAGS.map((value) => ({ value, label: words.callerTagsAre[value] }))}
          allowDeselect={false}
          disabled={disabled}
          value={callerTags.value}
          onChange={(value) => callerTags.onChange(value as CallerTags)}
          error={firstErrorOf(errors, 'caller_tags')}
        />
      )}
    </Stack>
  );
}
