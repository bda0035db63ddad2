import { Group, Select } from '@mantine/core';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PROVIDERS } from '../models/ProviderBadge.tsx';
import { FEATURES } from './features.tsx';
import { words } from './words.ts';

const CHOICES = [
  { name: 'provider', label: words.provider, any: words.anyProvider, data: PROVIDERS },
  { name: 'feature', label: words.features, any: words.anyFeature, data: FEATURES },
  {
    name: 'deployed',
    label: words.deployed,
    any: words.anyDeployment,
    data: [
      { value: 'true', label: words.isDeployed },
      { value: 'false', label: words.isNotDeployed },
    ],
  },
  {
    name: 'priced',
    label: words.price,
    any: words.anyPrice,
    data: [
      { value: 'true', label: words.priced },
      { value: 'false', label: words.notPriced },
    ],
  },
] as const;

/** The parameters that filter the list. */
export const FILTERS = CHOICES.map(({ name }) => name);

/** Filters the known models. */
export function KnownModelFilters() {
  const [state, setState] = useUrlState();
  return (
    <Group gap="xs">
      {CHOICES.map(({ name, label, any, data }) => (
        <Select
          key={name}
          aria-label={label}
          placeholder={any}
          w={170}
          clearable
          data={[...data]}
          value={state[name] ?? null}
          onChange={(value) => setState({ [name]: value ?? undefined, cursor: undefined })}
        />
      ))}
    </Group>
  );
}
