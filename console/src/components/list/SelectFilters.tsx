import { Select } from '@mantine/core';
import { useUrlState } from '../fields/useUrlState.ts';

/** A filter of a list with a fixed set of values, kept in the page's address. */
export interface SelectFilter {
  /** The parameter of the address and of the query. */
  readonly name: string;
  readonly label: string;
  /** The text while nothing is chosen. */
  readonly any: string;
  readonly data: readonly (string | { readonly value: string; readonly label: string })[];
}

/** Filters of a list, one beside the other. A choice returns to the first page. */
export function SelectFilters({ filters, width }: { filters: readonly SelectFilter[]; width: number }) {
  const [state, setState] = useUrlState();
  return filters.map(({ name, label, any, data }) => (
    <Select
      key={name}
      aria-label={label}
      placeholder={any}
      w={width}
      clearable
      data={[...data]}
      value={state[name] ?? null}
      onChange={(value) => setState({ [name]: value ?? undefined, cursor: undefined })}
    />
  ));
}
