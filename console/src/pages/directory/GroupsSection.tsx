import { ActionIcon, Alert, Anchor, Badge, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type DirectoryGroup, listDirectoryGroups } from '../../api/directory.ts';
import { listMappings } from '../../api/identity.ts';
import type { Organization } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Section } from '../../components/Section.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { countText } from '../../numbers/numbers.ts';
import { GiveRoleDialog, type TakenRole, TakeRoleDialog } from './RoleDialogs.tsx';
import { RolesWaiting } from './RolesWaiting.tsx';
import { words } from './words.ts';

type Given = DirectoryGroup['gives'][number];

/** Lists the groups that the identity provider told of, and the roles that mappings give their people. */
export function GroupsSection({ organization }: { organization: Organization }) {
  const [giving, setGiving] = useState<DirectoryGroup | null>(null);
  const [taking, setTaking] = useState<TakenRole | null>(null);
  const mayManage = verdictOf('directory.manage', organization);
  return (
    <Section title={words.groups}>
      <MappedToo organization={organization} />
      <RolesWaiting organization={organization} />
      <DataList<DirectoryGroup>
        name="directory-groups"
        scope={[organization.id]}
        fetch={(query) => listDirectoryGroups(organization.id, query)}
        columns={columnsOf(mayManage, { onGive: setGiving, onTake: setTaking })}
        searchLabel={words.searchGroups}
        empty={<EmptyState title={words.noGroupsYet}>{words.noGroupsHint}</EmptyState>}
      />
      <GiveRoleDialog group={giving} organization={organization} onClose={() => setGiving(null)} />
      <TakeRoleDialog taken={taking} organizationId={organization.id} onClose={() => setTaking(null)} />
    </Section>
  );
}

/** A hint if groups of an identity provider give roles too. */
function MappedToo({ organization: { id } }: { organization: Organization }) {
  const mappings = useQuery({
    queryKey: ['group-mappings', id, 'any-of-provider'],
    queryFn: () => listMappings(id, { limit: 200 }),
  });
  if (mappings.data?.data.some(({ source }) => source !== 'scim') !== true) return null;
  return (
    <Alert color="gray" py="xs" mb="md" maw={760}>
      {words.mappedToo}{' '}
      <Anchor component={PageLink} at={links.organization(id, { tab: 'sign-in', part: 'groups' })} inherit>
        {words.openMappings}
      </Anchor>
    </Alert>
  );
}

interface GroupActions {
  readonly onGive: (group: DirectoryGroup) => void;
  readonly onTake: (taken: TakenRole) => void;
}

function columnsOf(mayManage: Verdict, { onGive, onTake }: GroupActions): ListColumn<DirectoryGroup>[] {
  return [
    {
      accessor: 'name',
      title: words.group,
      sortable: true,
      phone: 'title',
      render: ({ name }) => (
        <Text fz="sm" fw={500} maw={320} truncate title={name}>
          <bdi>{name}</bdi>
        </Text>
      ),
    },
    {
      accessor: 'members',
      title: words.members,
      textAlign: 'right',
      phone: { fact: 1, isNamed: true },
      render: ({ members }) => countText(members),
    },
    {
      accessor: 'gives',
      title: words.gives,
      phone: { fact: 2 },
      render: (group) => <Gives group={group} mayTake={mayManage.allowed} onTake={onTake} />,
    },
    { accessor: 'updated_at', title: words.lastChange, render: ({ updated_at }) => <Time at={updated_at} relative /> },
    {
      accessor: 'id',
      title: '',
      textAlign: 'right',
      phone: 'menu',
      render: (group) => (
        <ActionMenu
          label={words.actionsFor(group.name)}
          verdict={mayManage}
          actions={[{ label: words.giveRole, does: () => onGive(group) }]}
        />
      ),
    },
  ];
}

interface GivesProps {
  readonly group: DirectoryGroup;
  readonly mayTake: boolean;
  readonly onTake: (taken: TakenRole) => void;
}

function Gives({ group, mayTake, onTake }: GivesProps) {
  if (group.gives.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.givesNothing}
      </Text>
    );
  return (
    <Stack gap={2}>
      {group.gives.map((given) => (
        <Group key={given.mapping_id} gap={6} wrap="nowrap">
          <Text fz="sm">
            <bdi>{givenText(given)}</bdi>
          </Text>
          {given.is_held && (
            <Tooltip label={words.heldMeans} multiline maw={320}>
              <Badge color="yellow" miw="max-content">
                {words.held}
              </Badge>
            </Tooltip>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={words.takeRoleOf(givenText(given), group.name)}
            disabled={!mayTake}
            onClick={() => onTake({ mappingId: given.mapping_id, role: givenText(given), group: group.name })}
          >
            <IconX size={14} />
          </ActionIcon>
        </Group>
      ))}
    </Stack>
  );
}

function givenText({ role, team_role, team_name }: Given): string {
  if (role !== null) return roleWord(role);
  return `${roleWord(team_role ?? '')} ${words.inTeam} ${team_name ?? ''}`;
}
