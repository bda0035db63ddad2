import { Anchor, Badge, Select, Stack, Text, Tooltip } from '@mantine/core';
import { type DirectoryPerson, listDirectoryPeople } from '../../api/directory.ts';
import type { Organization } from '../../api/organizations.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Section } from '../../components/Section.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { RolesWaiting } from './RolesWaiting.tsx';
import { words } from './words.ts';

type State = DirectoryPerson['state'];
const STATES = Object.entries(words.states).map(([value, label]) => ({ value, label }));
const COLORS: Readonly<Record<State, string>> = { active: 'green', inactive: 'gray', disabled_here: 'yellow' };

/** Lists the people that the identity provider told of. */
export function PeopleSection({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  return (
    <Section title={words.people}>
      <RolesWaiting organization={organization} />
      <DataList<DirectoryPerson>
        name="directory-people"
        scope={[organization.id]}
        fetch={(query) => listDirectoryPeople(organization.id, query)}
        columns={columnsOf(organization.id)}
        filters={['state']}
        searchLabel={words.search}
        controls={
          <Select
            aria-label={words.state}
            placeholder={words.anyState}
            clearable
            w={160}
            data={STATES}
            value={state.state ?? null}
            onChange={(value) => set({ state: value ?? undefined, cursor: undefined })}
          />
        }
        empty={<EmptyState title={words.noPeopleYet}>{words.noPeopleHint}</EmptyState>}
      />
    </Section>
  );
}

function columnsOf(organizationId: string): ListColumn<DirectoryPerson>[] {
  return [
    {
      accessor: 'name',
      title: words.person,
      sortable: true,
      phone: 'title',
      render: ({ name, email, account_id, id }) => (
        <Stack gap={0} maw={320}>
          <Anchor
            component={PageLink}
            at={links.account(account_id, { organization_id: organizationId, member_id: id })}
            fz="sm"
            fw={500}
            truncate
          >
            <bdi>{name}</bdi>
          </Anchor>
          <Text fz="xs" c="dimmed" truncate title={email}>
            {email}
          </Text>
        </Stack>
      ),
    },
    {
      accessor: 'state',
      title: words.state,
      phone: { fact: 1 },
      render: ({ state }) => (
        <Tooltip label={words.stateMeans[state]} multiline maw={300}>
          <Badge color={COLORS[state]} miw="max-content">
            {words.states[state]}
          </Badge>
        </Tooltip>
      ),
    },
    { accessor: 'user_name', title: words.userName, render: ({ user_name }) => <bdi>{user_name}</bdi> },
    {
      accessor: 'external_id',
      title: words.externalId,
      render: ({ external_id }) => (
        <Text fz="sm" className="mono" maw={200} truncate title={external_id ?? ''}>
          {external_id ?? ''}
        </Text>
      ),
    },
    {
      accessor: 'made_account',
      title: words.account,
      render: ({ made_account }) => (made_account ? words.made : words.linked),
    },
    {
      accessor: 'updated_at',
      title: words.lastChange,
      phone: { fact: 2 },
      render: ({ updated_at }) => <Time at={updated_at} relative />,
    },
  ];
}
