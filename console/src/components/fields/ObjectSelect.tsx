import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { nameOf, placedName, useName, usePlacedName } from '../../api/names.ts';
import { useSeveralOrganizations } from '../../api/session.tsx';
import { Busy } from '../Skeletons.tsx';
import { words } from './words.ts';

export type ObjectKind = 'organization' | 'team' | 'key' | 'member' | 'account' | 'service_account' | 'deployment' | 'model';

export interface ObjectSelectProps {
  readonly kind: ObjectKind;
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (id: string | undefined) => void;
  /** Narrows the search to one organization. Members can only be found inside one. */
  readonly organizationId?: string | undefined;
  /** True to hide the label except from screen readers, where the place makes it obvious. */
  readonly compact?: boolean;
  readonly placeholder?: string;
  /** True in a popover, which a click outside closes: the choices have to be inside. */
  readonly inPopover?: boolean;
  readonly error?: ReactNode;
  /** True for the first field of a dialog, which gets the focus. */
  readonly isFirst?: boolean;
  /** The name of the initial value, if the form knows it. */
  readonly firstName?: string | null | undefined;
}

interface Choice {
  readonly value: string;
  readonly label: string;
  /** The name of its organization. Null for what belongs to the platform. */
  readonly organization?: string | null;
}

function labelled({ value, label, organization = null }: Choice, isPlaced: boolean): Choice {
  return { value, label: placedName(label, isPlaced ? organization : null) };
}

/**
 * Finds one object by the beginning of its name or by its id. The server searches, so any number of objects works. Names the
 * organization of each where more than one is in reach: `Research · Acme`.
 */
export function ObjectSelect({
  kind,
  label,
  value,
  onChange,
  organizationId,
  compact = false,
  placeholder,
  inPopover = false,
  error,
  isFirst = false,
  firstName,
}: ObjectSelectProps) {
  const [first] = useState(value);
  const [picked, setPicked] = useState<Choice | null>(null);
  const [text, setText] = useState('');
  const [asking] = useDebouncedValue(text, 200);
  const [isOpen, setOpen] = useState(false);
  // Accounts belong to the platform: people of an organization cannot look up the names of account ids.
  const known = picked !== null && picked.value === value ? picked.label : value === first ? firstName : null;
  const isPlaced = useSeveralOrganizations() && organizationId === undefined;
  const unknown = known == null ? value : undefined;
  const [placed, plain] = [usePlacedName(unknown), useName(unknown)];
  // Must be as in the list, or the field would take the name of the chosen object for a search.
  const read = isPlaced ? placed : plain;
  const chosen = value === undefined ? null : { value, label: known ?? read ?? value };
  // The field shows the name of the chosen object, which is not a search.
  const search = asking === chosen?.label ? '' : asking.trim();
  const found = useQuery({
    queryKey: ['choices', kind, organizationId, search],
    queryFn: async () => (await choicesOf(kind, search, organizationId)).map((choice) => labelled(choice, isPlaced)),
    enabled: isOpen,
    placeholderData: keptWithin(['choices', kind, organizationId]),
  });
  const choices = found.data ?? [];
  const isListed = chosen === null || choices.some((choice) => choice.value === chosen.value);
  return (
    <Select
      {...(compact ? { 'aria-label': label } : { label })}
      {...(isFirst ? { 'data-autofocus': true } : {})}
      placeholder={placeholder ?? words.searchByNameOrId}
      error={error}
      searchable
      clearable
      openOnFocus={false}
      data={isListed ? choices : [chosen, ...choices]}
      filter={({ options }) => options}
      value={value ?? null}
      searchValue={text}
      onSearchChange={setText}
      onDropdownOpen={() => setOpen(true)}
      onChange={(id) => {
        setPicked(choices.find((choice) => choice.value === id) ?? null);
        onChange(id ?? undefined);
      }}
      nothingFoundMessage={found.isError ? words.theSearchFailed : found.isPending ? words.searching : words.noResults}
      rightSection={found.isFetching ? <Busy label={words.searchingLabel} /> : undefined}
      comboboxProps={{ withinPortal: !inPopover }}
      maxDropdownHeight={260}
    />
  );
}

const COUNT = 20;

async function choicesOf(kind: ObjectKind, search: string, organizationId: string | undefined): Promise<Choice[]> {
  const page = { limit: COUNT, sort: 'name' as const, ...(search === '' ? {} : { search }) };
  const within = organizationId === undefined ? page : { ...page, organization_id: organizationId };
  switch (kind) {
    case 'organization':
      return named((await asked(api.GET('/organizations', { params: { query: page } }))).data);
    case 'team':
      return named((await asked(api.GET('/teams', { params: { query: within } }))).data);
    case 'key':
      return named((await asked(api.GET('/keys', { params: { query: within } }))).data);
    case 'service_account': {
      const { data } = await asked(api.GET('/service-accounts', { params: { query: within } }));
      const names = await Promise.all(data.map(async ({ id }) => (await nameOf(id))?.organization ?? ''));
      return named(data.map((one, index) => ({ ...one, organization_name: names[index] ?? '' })));
    }
    case 'member': {
      if (organizationId === undefined) return [];
      const path = { id: organizationId };
      const { data } = await asked(api.GET('/organizations/{id}/members', { params: { path, query: page } }));
      return data.map(({ id, name, email }) => ({ value: id, label: `${name} (${email})` }));
    }
    case 'account':
      return peopleOf(page, organizationId);
    case 'deployment': {
      const { data } = await asked(api.GET('/deployments', { params: { query: { ...page, sort: 'model' } } }));
      return data.map(({ id, model, provider }) => ({ value: id, label: `${model} (${provider})` }));
    }
    case 'model': {
      const { data } = await asked(api.GET('/callable-targets', { params: { query: page } }));
      return data.map(({ name }) => ({ value: name, label: name }));
    }
  }
}

/** Finds people by their account: those of one organization, or all accounts if the reader may see them. */
async function peopleOf(
  page: { limit: number; sort: 'name'; search?: string },
  organizationId: string | undefined,
): Promise<Choice[]> {
  if (organizationId === undefined) {
    const { data } = await asked(api.GET('/accounts', { params: { query: page } }));
    return data.map(({ id, name, email, memberships }) => ({
      value: id,
      label: `${name} (${email})`,
      organization: memberships.length === 0 ? null : memberships.map((one) => one.organization_name).join(', '),
    }));
  }
  const path = { id: organizationId };
  const { data } = await asked(api.GET('/organizations/{id}/members', { params: { path, query: page } }));
  return data.map(({ account_id, name, email }) => ({ value: account_id, label: `${name} (${email})` }));
}

interface NamedRow {
  readonly id: string;
  readonly name: string;
  readonly organization_name?: string;
}

function named(rows: readonly NamedRow[]): Choice[] {
  return rows.map(({ id, name, organization_name }) => ({ value: id, label: name, organization: organization_name ?? null }));
}
