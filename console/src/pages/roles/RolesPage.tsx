import { Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { useIsPhone } from '../../components/list/useIsPhone.ts';
import { Page } from '../../components/shell/Page.tsx';
import { RolesOnPhone } from './RolesOnPhone.tsx';
import { RolesTable } from './RolesTable.tsx';
import { words } from './words.ts';

type RoleTable = Schema<'RoleTable'>;

/** The table of what each role may do, as the server decides it. Search and role are in the address. */
export function RolesPage() {
  const table = useQuery({
    queryKey: ['roles'],
    queryFn: () => asked(api.GET('/roles')),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Page title={words.title} about={words.about}>
      <Asked query={table}>{(read) => <Filtered table={read} />}</Asked>
    </Page>
  );
}

function Filtered({ table }: { table: RoleTable }) {
  const [state, set] = useUrlState();
  const isPhone = useIsPhone();
  const role = table.roles.find((one) => one.role === state.role)?.role ?? null;
  const shown = matching(table, { search: state.search ?? '', role });
  const Shown = isPhone ? RolesOnPhone : RolesTable;
  return (
    <Stack gap="md">
      <Group gap="xs" align="end">
        <TextInput
          aria-label={words.search}
          placeholder={words.search}
          leftSection={<IconSearch size={16} />}
          maxLength={100}
          w={{ base: '100%', xs: 280 }}
          value={state.search ?? ''}
          onChange={(event) => set({ search: event.currentTarget.value })}
        />
        <Select
          aria-label={words.role}
          placeholder={words.everyRole}
          clearable
          w={{ base: '100%', xs: 200 }}
          value={role}
          onChange={(chosen) => set({ role: chosen ?? undefined })}
          data={table.roles.map((one) => ({ value: one.role, label: roleWord(one.role) }))}
        />
      </Group>
      <Reaches />
      {shown.permissions.length === 0 ? (
        <EmptyState title={words.nothingFound}>{words.nothingFoundHint}</EmptyState>
      ) : (
        <Shown table={shown} />
      )}
    </Stack>
  );
}

const REACHES = ['all', 'own_team', 'own'] as const;

/** Says what the words in the table mean. */
function Reaches() {
  return (
    <Text fz="sm" c="dimmed">
      {REACHES.map((reach, index) => (
        <span key={reach}>
          {index > 0 && '; '}
          <b>{words.reach[reach]}</b>: {words.reachMeans[reach]}
        </span>
      ))}
      .
    </Text>
  );
}

interface Wanted {
  readonly search: string;
  readonly role: RoleTable['roles'][number]['role'] | null;
}

/** Returns the permissions that contain every word of the search and that the role has, with the roles that are asked for. */
function matching({ roles, permissions }: RoleTable, { search, role }: Wanted): RoleTable {
  const parts = search.toLowerCase().split(/\s+/);
  const isFound = (text: string) => parts.every((part) => text.includes(part));
  return {
    roles: role === null ? roles : roles.filter((one) => one.role === role),
    permissions: permissions
      .filter(({ permission, means }) => isFound(`${permission} ${means}`.toLowerCase()))
      .filter(({ held_by }) => role === null || held_by.some((held) => held.role === role)),
  };
}
