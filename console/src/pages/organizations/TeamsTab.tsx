import { Anchor, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { DataTableColumn } from 'mantine-datatable';
import { api, asked, type Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { BudgetCell } from '../../components/BudgetRing.tsx';
import { countText } from '../../components/Count.tsx';
import { DataList, type ListQuery } from '../../components/DataList.tsx';
import { EmptyState } from '../../components/EmptyState.tsx';
import { DialogForm, FormDialog } from '../../components/FormDialog.tsx';
import { GuardedButton } from '../../components/GuardedButton.tsx';
import { LimitCell } from '../../components/LimitGauges.tsx';
import { StatusBadge, wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { useUrlState } from '../../components/useUrlState.ts';
import { PATHS } from '../../paths.ts';
import type { TabProps } from './tab.ts';

type Team = Schema<'Team'>;

const COLUMNS: DataTableColumn<Team>[] = [
  { accessor: 'name', title: 'Team', sortable: true, render: (team) => <Name team={team} /> },
  { accessor: 'status', title: 'Status', render: ({ status }) => <StatusBadge status={status} /> },
  { accessor: 'budgets', title: 'Budget', render: ({ limits_status }) => <BudgetCell budgets={limits_status.budgets} /> },
  {
    accessor: 'rate_limits',
    title: 'Rate limits',
    render: ({ limits_status }) => <LimitCell limits={limits_status.rate_limits} />,
  },
  { accessor: 'asset_access', title: 'Asset access', render: ({ asset_access }) => wordOf(asset_access.mode) },
  { accessor: 'member_count', title: 'Members', textAlign: 'right', render: (team) => countText(team.member_count) },
  { accessor: 'key_count', title: 'Keys', textAlign: 'right', render: (team) => countText(team.key_count) },
  { accessor: 'created_at', title: 'Created', sortable: true, render: (team) => <Time at={team.created_at} relative /> },
];

/** The teams of an organization. */
export function TeamsTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const navigate = useNavigate();
  const verdict = verdictOf('teams.manage', organization.capabilities);
  const openNew = () => verdict.allowed && setState({ new: 'team' }, 'push');
  useHotkeys([['n', openNew]]);
  const open = (id: string) => void navigate({ to: PATHS.team, params: { teamId: id } as never });
  const button = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={openNew}>
      Create team
    </GuardedButton>
  );
  return (
    <>
      <DataList<Team>
        name="teams"
        scope={[organization.id]}
        fetch={(query) => fetchTeams(organization.id, query)}
        columns={COLUMNS}
        searchLabel="Name or id"
        controls={button}
        onRowClick={(team) => open(team.id)}
        empty={
          <EmptyState title="No team yet" action={button}>
            A team holds keys and people and shares one cap. Create the first one, then its keys.
          </EmptyState>
        }
      />
      <FormDialog opened={state.new === 'team'} onClose={() => setState({ new: undefined })} title="Create team" size="md">
        <NewTeam organizationId={organization.id} onCreated={open} />
      </FormDialog>
    </>
  );
}

function fetchTeams(id: string, query: ListQuery) {
  return asked(api.GET('/organizations/{id}/teams', { params: { path: { id }, query: query as object } }));
}

function Name({ team }: { team: Team }) {
  return (
    <Anchor
      component={Link}
      to={PATHS.team}
      params={{ teamId: team.id } as never}
      c="inherit"
      fz="sm"
      fw={600}
      onClick={(event) => event.stopPropagation()}
    >
      <bdi>{team.name}</bdi>
    </Anchor>
  );
}

function NewTeam({ organizationId, onCreated }: { organizationId: string; onCreated: (id: string) => void }) {
  const form = useForm({
    initialValues: { name: '' },
    validate: { name: (name) => (name.trim() === '' ? 'Give it a name.' : null) },
  });
  return (
    <DialogForm
      form={form}
      save={({ name }, header) =>
        asked(
          api.POST('/organizations/{id}/teams', {
            params: { path: { id: organizationId }, header },
            body: { name: name.trim(), asset_access: { mode: 'inherit' } },
          }),
        )
      }
      onSaved={(team) => onCreated(team.id)}
      invalidates={['teams', 'organization', 'organizations']}
      verb="Create team"
    >
      <TextInput
        {...form.getInputProps('name')}
        data-autofocus
        label="Name"
        description="It may call all the organization may; limits, budgets and narrowing are set on its page."
        required
        maxLength={200}
      />
    </DialogForm>
  );
}
