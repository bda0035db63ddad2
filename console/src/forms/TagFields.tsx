import { Stack, TagsInput } from '@mantine/core';
import { firstErrorOf } from '../api/field-errors.ts';
import { useKnownTags } from '../api/known-tags.ts';
import type { FieldErrors } from './bind.ts';
import type { TagsDraft } from './tags-draft.ts';

/** The most tags in one request, and in each of these lists. */
export const TAGS_MAX = 8;

interface TagFieldsProps {
  readonly value: TagsDraft;
  /** Called with the name and the new tags of the list that changed. */
  readonly onChange: (name: keyof TagsDraft, tags: readonly string[]) => void;
  readonly errors: FieldErrors;
  /** The level that holds the tags: `organization`, `team` or `key`. */
  readonly level: keyof typeof DEFAULTS;
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
      <TagsInput label="Default tags" description={DEFAULTS[level]} {...list('default_tags')} />
      <TagsInput label="Required tags" description={REQUIRED[level]} {...list('required_tags')} />
    </Stack>
  );
}

const WHEN = 'Used when a request names no tag that a deployment of the model carries.';
const DEFAULTS = {
  organization: `${WHEN} A team’s or key’s own default tags replace them.`,
  team: `${WHEN} They replace the organization’s; a key’s own replace them.`,
  key: `${WHEN} They replace the team’s and the organization’s.`,
};

const ADDED =
  'Added to every request. Only deployments that carry all of them serve it; where there are none, it is refused with no_deployment_for_tags.';
const REQUIRED = {
  organization: `${ADDED} Teams and keys can add more and take none away.`,
  team: `${ADDED} The organization’s hold too.`,
  key: `${ADDED} The team’s and the organization’s hold too.`,
};
