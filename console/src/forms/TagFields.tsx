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

const WHEN = 'Used if a request names no tag that any deployment of the model has.';
const DEFAULTS = {
  organization: `${WHEN} Default tags of a team or key replace these.`,
  team: `${WHEN} They replace those of the organization. Default tags of a key replace these.`,
  key: `${WHEN} They replace those of the team and the organization.`,
};

const ADDED =
  'Added to every request. Only deployments that have all of them can serve it. If there is none, the request is refused with no_deployment_for_tags.';
const REQUIRED = {
  organization: `${ADDED} Teams and keys can add more but cannot remove these.`,
  team: `${ADDED} Those of the organization apply too.`,
  key: `${ADDED} Those of the team and the organization apply too.`,
};
