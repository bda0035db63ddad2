import { Autocomplete, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../api/client.ts';
import type { MatchKind } from './limit-draft.ts';
import { words } from './words.ts';

interface MatchFieldsProps<K extends MatchKind | 'everything'> {
  readonly kinds: readonly K[];
  readonly kind: K;
  readonly name: string;
  readonly onChange: (change: { readonly kind?: K; readonly name?: string }) => void;
  readonly error: string | undefined;
  readonly disabled?: boolean;
  readonly organizationId?: string;
}

const KIND_LABELS = words.kindLabels;

/** Edits the target of a limit or budget: everything, a name or `prefix*`, or an access group. Names are only suggestions. */
export function MatchFields<K extends MatchKind | 'everything'>(props: MatchFieldsProps<K>) {
  const { kinds, kind, name, onChange, error, disabled = false } = props;
  const suggestions = useNames(kind, props.organizationId);
  return (
    <>
      <Select
        label={words.appliesTo}
        data={kinds.map((value) => ({ value, label: KIND_LABELS[value] }))}
        value={kind}
        allowDeselect={false}
        disabled={disabled}
        onChange={(value) => value !== null && onChange({ kind: value as K, name: '' })}
      />
      {kind !== 'everything' && (
        <Autocomplete
          label={kind === 'target' ? words.nameOrPrefix : words.accessGroup}
          placeholder={kind === 'target' ? words.prefixExample : words.groupExample}
          data={suggestions}
          limit={30}
          value={name}
          maxLength={201}
          required
          disabled={disabled}
          error={error}
          onChange={(text) => onChange({ name: text })}
        />
      )}
    </>
  );
}

/** Returns the names in the current catalogue that the person may see. */
function useNames(kind: MatchKind | 'everything', organizationId: string | undefined): string[] {
  const targets = useQuery({
    queryKey: ['callable-targets', 'names', organizationId],
    queryFn: () =>
      asked(
        api.GET('/callable-targets', {
          params: { query: { limit: 200, ...(organizationId === undefined ? {} : { organization_id: organizationId }) } },
        }),
      ),
    enabled: kind !== 'everything',
    staleTime: 60_000,
  });
  const found = targets.data?.data ?? [];
  if (kind === 'target') return found.map((target) => target.name);
  return [...new Set(found.flatMap((target) => target.access_groups))].sort();
}
