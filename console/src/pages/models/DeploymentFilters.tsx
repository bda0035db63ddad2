import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useFollowing } from '../../components/fields/useFollowing.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { ActiveFilter } from '../../components/list/FilterBar.tsx';
import { PROVIDERS } from './ProviderBadge.tsx';

const CHOICES = [
  { name: 'provider', label: 'Provider', any: 'Any provider', data: PROVIDERS },
  {
    name: 'enabled',
    label: 'Enabled or disabled',
    any: 'Enabled or not',
    data: [
      { value: 'true', label: 'Enabled' },
      { value: 'false', label: 'Disabled' },
    ],
  },
  {
    name: 'state',
    label: 'Health',
    any: 'Any health',
    data: [
      { value: 'failing', label: 'Failing' },
      { value: 'degraded', label: 'Degraded' },
      { value: 'in_service', label: 'In service' },
      { value: 'unused', label: 'Unused' },
    ],
  },
  {
    name: 'error_rate_min',
    label: 'Errors in the last hour',
    any: 'Any error rate',
    data: [
      { value: '0.01', label: '1% errors or more' },
      { value: '0.05', label: '5% errors or more' },
      { value: '0.2', label: '20% errors or more' },
      { value: '0.5', label: '50% errors or more' },
    ],
  },
  {
    name: 'unpriced',
    label: 'Price',
    any: 'Any price',
    data: [
      { value: 'true', label: 'Prices missing' },
      { value: 'false', label: 'Fully priced' },
    ],
  },
] as const;

/** The filters that only links of other pages set. They are shown while they are active. */
const LINKED = [
  { name: 'passed_over', label: 'Only requests with tags' },
  { name: 'credential_id', label: 'Credential' },
  { name: 'model', label: 'Model' },
] as const;

/** Filters the deployments. */
export function DeploymentFilters() {
  const [state, setState] = useUrlState();
  const set = (name: string, value: string | undefined) => setState({ [name]: value, cursor: undefined });
  return (
    <Group gap="xs">
      {CHOICES.map(({ name, label, any, data }) => (
        <Select
          key={name}
          aria-label={label}
          placeholder={any}
          w={160}
          clearable
          data={[...data]}
          value={state[name] ?? null}
          onChange={(value) => set(name, value ?? undefined)}
        />
      ))}
      <TagFilter value={state.tag ?? ''} onChange={(tag) => set('tag', tag)} />
      {LINKED.map(({ name, label }) => {
        const value = state[name];
        if (value === undefined) return null;
        const shown = value === 'true' ? {} : { value };
        return <ActiveFilter key={name} label={label} {...shown} onClear={() => set(name, undefined)} />;
      })}
    </Group>
  );
}

function TagFilter({ value, onChange }: { value: string; onChange: (tag: string) => void }) {
  const [text, setText] = useFollowing(value);
  const apply = useDebouncedCallback(onChange, 250);
  return (
    <TextInput
      aria-label="Routing tag"
      placeholder="Routing tag"
      w={130}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value.trim());
      }}
    />
  );
}
