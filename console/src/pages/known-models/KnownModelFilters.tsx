import { Group } from '@mantine/core';
import { SelectFilters } from '../../components/list/SelectFilters.tsx';
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
  return (
    <Group gap="xs">
      <SelectFilters filters={CHOICES} width={170} />
    </Group>
  );
}
