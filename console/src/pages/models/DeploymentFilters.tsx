import { Group, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useFollowing } from '../../components/fields/useFollowing.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { ActiveFilter } from '../../components/list/FilterBar.tsx';
import { SelectFilters } from '../../components/list/SelectFilters.tsx';
import { PROVIDERS } from './ProviderBadge.tsx';
import { words } from './words.ts';

const CHOICES = [
  { name: 'provider', label: words.provider, any: words.anyProvider, data: PROVIDERS },
  {
    name: 'enabled',
    label: words.status,
    any: words.anyStatus,
    data: [
      { value: 'true', label: words.enabled },
      { value: 'false', label: words.disabled },
    ],
  },
  {
    name: 'state',
    label: words.health,
    any: words.anyHealth,
    data: [
      { value: 'failing', label: words.failing },
      { value: 'degraded', label: words.degraded },
      { value: 'in_service', label: words.inService },
      { value: 'unused', label: words.unused },
    ],
  },
  {
    name: 'error_rate_min',
    label: words.errorsLastHour,
    any: words.anyErrorRate,
    data: [
      { value: '0.01', label: words.onePercentOrMore },
      { value: '0.05', label: words.fivePercentOrMore },
      { value: '0.2', label: words.twentyPercentOrMore },
      { value: '0.5', label: words.fiftyPercentOrMore },
    ],
  },
  {
    name: 'unpriced',
    label: words.price,
    any: words.anyPrice,
    data: [
      { value: 'true', label: words.pricesMissing },
      { value: 'false', label: words.fullyPriced },
    ],
  },
] as const;

/** The filters that only links of other pages set. They are shown while they are active. */
const LINKED = [
  { name: 'passed_over', label: words.onlyRequestsWithTags },
  { name: 'credential_id', label: words.credential },
  { name: 'model', label: words.model },
] as const;

/** Filters the deployments. */
export function DeploymentFilters() {
  const [state, setState] = useUrlState();
  const set = (name: string, value: string | undefined) => setState({ [name]: value, cursor: undefined });
  return (
    <Group gap="xs">
      <SelectFilters filters={CHOICES} width={160} />
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
      aria-label={words.routingTag}
      placeholder={words.routingTag}
      w={130}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value.trim());
      }}
    />
  );
}
