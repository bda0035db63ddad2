import { ActionIcon, Anchor, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type GroupMapping, groupOf, type IdentityProvider, listMappings, providersQuery } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../../api/session.tsx';
import { choiceQuery } from '../../../api/sso.ts';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { RoleName } from '../../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../../components/list/column.ts';
import { DataList } from '../../../components/list/DataList.tsx';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { PageLink } from '../../../components/PageLink.tsx';
import { Section } from '../../../components/Section.tsx';
import { links } from '../../../links.ts';
import { words } from '../words.ts';
import { CreateMappingDialog, RemoveMappingDialog } from './MappingDialogs.tsx';

/** Lists which group of an identity provider gives which role. */
export function MappingsSection({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  const [removing, setRemoving] = useState<GroupMapping | null>(null);
  const mayManage = verdictOf('directory.manage', organization);
  // A mapping names a provider, and only owners see those.
  const maySeeProviders = verdictOf('identity.manage', organization);
  const providers = useQuery({ ...providersQuery(organization.id), enabled: maySeeProviders.allowed });
  const known = providers.data ?? [];
  // Others know the names of the active ones, which everybody may choose to sign in.
  const chosen = useQuery(choiceQuery(maySeeProviders.allowed ? null : { organization: organization.slug }));
  const mayAdd = verdictOnAdding(mayManage, maySeeProviders, known);
  const add = (
    <GuardedButton verdict={mayAdd} leftSection={<IconPlus size={16} />} onClick={() => set({ new: 'mapping' }, 'push')}>
      {words.addMapping}
    </GuardedButton>
  );
  return (
    <Section title={words.groupMappings}>
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.mappingsMean}
      </Text>
      <DataList<GroupMapping>
        name="group-mappings"
        scope={[organization.id]}
        fetch={({ limit, cursor }) => listMappings(organization.id, { limit, cursor })}
        columns={columnsOf(providers.data ?? chosen.data?.data ?? [], mayManage.allowed, setRemoving)}
        controls={add}
        empty={
          <EmptyState title={words.noMappingsYet} action={add}>
            {words.noMappingsMeans}
          </EmptyState>
        }
      />
      <CreateMappingDialog
        opened={state.new === 'mapping' && mayAdd.allowed}
        organization={organization}
        providers={known}
        onClose={() => set({ new: undefined })}
      />
      <RemoveMappingDialog row={removing} organizationId={organization.id} onClose={() => setRemoving(null)} />
    </Section>
  );
}

function verdictOnAdding(mayManage: Verdict, maySee: Verdict, providers: readonly IdentityProvider[]): Verdict {
  if (!mayManage.allowed) return mayManage;
  if (!maySee.allowed) return maySee;
  return providers.length === 0 ? { allowed: false, reason: words.addProviderFirst } : mayManage;
}

type NamedProvider = Pick<IdentityProvider, 'id' | 'name'>;

function columnsOf(
  providers: readonly NamedProvider[],
  mayRemove: boolean,
  onRemove: (row: GroupMapping) => void,
): ListColumn<GroupMapping>[] {
  return [
    {
      accessor: 'value',
      title: words.group,
      phone: 'title',
      render: (row) => (
        <Text fz="sm" className={row.group_name === null ? 'mono' : undefined} style={{ overflowWrap: 'anywhere' }}>
          <bdi>{groupOf(row)}</bdi>
        </Text>
      ),
    },
    {
      accessor: 'source',
      title: words.from,
      phone: { fact: 2 },
      render: ({ source }) => <bdi>{sourceName(source, providers)}</bdi>,
    },
    { accessor: 'role', title: words.gives, phone: { fact: 1 }, render: (row) => <Given row={row} /> },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (row) => (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={words.removeMappingOf(groupOf(row))}
          disabled={!mayRemove}
          onClick={() => onRemove(row)}
        >
          <IconTrash size={16} />
        </ActionIcon>
      ),
    },
  ];
}

function Given({ row: { role, team_id, team_name, team_role } }: { row: GroupMapping }) {
  if (role !== null) return <RoleName role={role} />;
  if (team_id === null || team_role === null) return null;
  return (
    <>
      <RoleName role={team_role} /> {words.inTeam}{' '}
      <Anchor component={PageLink} at={links.team(team_id)} inherit>
        <bdi>{team_name ?? team_id}</bdi>
      </Anchor>
    </>
  );
}

function sourceName(source: string, providers: readonly NamedProvider[]): string {
  if (source === 'scim') return words.directory;
  return providers.find(({ id }) => id === source)?.name ?? source;
}
