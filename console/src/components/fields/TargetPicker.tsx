import { MultiSelect, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { Busy } from '../Skeletons.tsx';
import { words } from './words.ts';

export type Target = Schema<'CallableTarget'>;

const SHOWN_MAX = 50;

interface Filter {
  /** Limits the choice to targets that this organization is granted. */
  readonly organizationId?: string | undefined;
  readonly mode?: Target['mode'];
}

interface TargetPickerProps extends Filter {
  readonly label: string;
  readonly description?: string;
  readonly placeholder?: string;
  readonly value: string | null;
  readonly onChange: (name: string | null) => void;
  readonly disabled?: boolean;
  readonly w?: number | string;
}

/** Finds one callable target by the beginning of its name. The server searches while the person types. */
export function TargetPicker({ organizationId, mode, value, onChange, ...rest }: TargetPickerProps) {
  const [search, setSearch] = useState('');
  const { targets, isFetching } = useTargets(search === value ? '' : search, {
    organizationId,
    ...(mode === undefined ? {} : { mode }),
  });
  const names = targets.map(({ name }) => name);
  return (
    <Select
      {...rest}
      searchable
      clearable
      data={optionsOf(targets, value === null || names.includes(value) ? [] : [value])}
      value={value}
      onChange={onChange}
      onSearchChange={setSearch}
      filter={({ options }) => options}
      maxDropdownHeight={320}
      nothingFoundMessage={isFetching ? words.searching : words.noTargetStartsWithThis}
      rightSection={isFetching ? <Busy label={words.searchingLabel} /> : undefined}
      comboboxProps={{ withinPortal: true }}
    />
  );
}

interface TargetsPickerProps extends Filter {
  readonly label: string;
  readonly description?: string;
  readonly value: readonly string[];
  readonly onChange: (names: string[]) => void;
  readonly error?: string | undefined;
  /** Targets that are never offered, such as the target itself among its own fallbacks. */
  readonly without?: readonly string[];
  readonly max?: number;
  readonly disabled?: boolean;
}

/** Chooses several callable targets and keeps the order in which they were chosen. */
export function TargetsPicker({ organizationId, mode, value, onChange, without = [], max, ...rest }: TargetsPickerProps) {
  const [search, setSearch] = useState('');
  const { targets, isFetching } = useTargets(search, { organizationId, ...(mode === undefined ? {} : { mode }) });
  const [isOpen, setOpen] = useState(false);
  const offered = targets.filter(({ name }) => !without.includes(name));
  const names = offered.map(({ name }) => name);
  return (
    <MultiSelect
      {...rest}
      searchable
      data={optionsOf(
        offered,
        value.filter((name) => !names.includes(name)),
      )}
      value={[...value]}
      dropdownOpened={isOpen}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      onChange={(names) => {
        // An open list would cover what is below the field.
        setOpen(false);
        onChange(names);
      }}
      onSearchChange={setSearch}
      {...(max === undefined ? {} : { maxValues: max })}
      nothingFoundMessage={isFetching ? words.searching : words.noTargetStartsWithThis}
    />
  );
}

/** Finds callable targets whose name begins with a text, at most 50. */
function useTargets(search: string, { organizationId, mode }: Filter) {
  const [wanted] = useDebouncedValue(search.trim(), 150);
  const query = useQuery({
    queryKey: ['callable-targets', organizationId ?? null, wanted],
    queryFn: () =>
      asked(
        api.GET('/callable-targets', {
          params: {
            query: {
              limit: SHOWN_MAX,
              ...(wanted === '' ? {} : { search: wanted }),
              ...(organizationId === undefined ? {} : { organization_id: organizationId }),
            },
          },
        }),
      ),
    placeholderData: keptWithin(['callable-targets', organizationId ?? null]),
  });
  const all: readonly Target[] = query.data?.data ?? [];
  return { targets: mode === undefined ? all : all.filter((target) => target.mode === mode), isFetching: query.isFetching };
}

function optionsOf(targets: readonly Target[], more: readonly string[]) {
  const named = (type: Target['type']) => targets.filter((target) => target.type === type).map(({ name }) => name);
  const groups = [
    { group: words.models, items: named('model') },
    { group: words.routeGroups, items: named('route_group') },
    { group: words.chosen, items: [...more] },
  ];
  return groups.filter(({ items }) => items.length > 0);
}
