import { Anchor, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCanAnywhere, verdictOf } from '../../api/session.tsx';
import { BudgetCell } from '../../components/limits/BudgetRing.tsx';
import { LimitCell } from '../../components/limits/LimitGauges.tsx';
import { StandingBadge } from '../../components/limits/StandingBadge.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { type UsageRow, useUsage } from '../organizations/tabs/usage-query.ts';
import { words } from './words.ts';

type Team = Schema<'Team'>;

interface TeamsListProps {
  /** Limits the list to this organization. Without it, lists all teams that the person may see. */
  readonly organizationId?: string;
  /** The prefix of this list's parameters in the address. */
  readonly prefix?: string;
  /** Shown beside the search of an organization's teams, and on an empty list. */
  readonly createButton?: ReactNode;
}

const REFRESH_MS = 10_000;
const FILTERS: readonly Filter[] = [{ param: 'organization_id', label: words.organization, kind: 'organization' }];

/** Lists teams with the present use of their budgets and limits. */
export function TeamsList({ organizationId, prefix = 'teams_', createButton }: TeamsListProps) {
  const openPage = useOpenPage();
  const isOfOne = organizationId !== undefined;
  const spent = useTeamUse(organizationId);
  return (
    <DataList
      name="teams"
      prefix={prefix}
      scope={[organizationId]}
      fetch={(query) =>
        asked(
          api.GET('/teams', {
            params: { query: queryOf('/teams', { ...query, ...(isOfOne && { organization_id: organizationId }) }) },
          }),
        )
      }
      columns={columnsWith({ withOrganization: !isOfOne, spent })}
      filters={isOfOne ? [] : ['organization_id']}
      searchLabel={words.searchByNameOrId}
      controls={isOfOne ? createButton : <FilterBar filters={FILTERS} />}
      refetchMs={REFRESH_MS}
      onRowClick={({ id }) => void openPage(links.team(id))}
      empty={
        <EmptyState title={words.noTeamsYet} action={createButton}>
          {words.teamsMean}
        </EmptyState>
      }
    />
  );
}

interface ColumnsWith {
  readonly withOrganization: boolean;
  readonly spent: TeamUse;
}

function columnsWith({ withOrganization, spent }: ColumnsWith): ListColumn<Team>[] {
  const organization: ListColumn<Team> = {
    accessor: 'organization_name',
    title: words.organization,
    phone: { fact: 2 },
    render: ({ organization_name }) => <bdi>{organization_name}</bdi>,
  };
  return [
    { accessor: 'name', title: words.team, sortable: true, phone: 'title', render: (team) => <Name of={team} /> },
    ...(withOrganization ? [organization] : []),
    {
      accessor: 'budgets',
      title: words.budget,
      phone: { fact: 3 },
      render: (team) => <BudgetCell status={team.limits_status} of={team} />,
    },
    { accessor: 'rate_limits', title: words.limits, render: (team) => <LimitCell status={team.limits_status} of={team} /> },
    ...(spent === null ? [] : columnsOfUse(spent)),
    { accessor: 'asset_access', title: words.access, render: ({ asset_access }) => <Access of={asset_access} /> },
    { accessor: 'member_count', title: words.members, textAlign: 'right' },
    { accessor: 'key_count', title: words.keys, textAlign: 'right' },
    {
      accessor: 'status',
      title: words.status,
      phone: { fact: 1 },
      render: (team) => <StandingBadge lifecycle={team.status} live={team.limits_status} />,
    },
  ];
}

type UseOfTeam = Pick<UsageRow, 'spend' | 'admitted_requests'>;

/** The use of each team in the last 30 days, by its id; `loading` until the server answers. Null: not for this reader or list. */
type TeamUse = ReadonlyMap<string, UseOfTeam> | 'loading' | null;

function useTeamUse(organizationId: string | undefined): TeamUse {
  const mayRead = useCanAnywhere('usage.read') && organizationId !== undefined;
  const usage = useUsage(organizationId ?? '', { group_by: 'team' }, { enabled: mayRead });
  if (!mayRead || usage.isError) return null;
  if (usage.data === undefined) return 'loading';
  return new Map(usage.data.data.flatMap((row) => (row.team_id == null ? [] : [[row.team_id, row]])));
}

function columnsOfUse(spent: Exclude<TeamUse, null>): ListColumn<Team>[] {
  return [
    {
      accessor: 'spend',
      title: words.last30Days,
      textAlign: 'right',
      noWrap: true,
      phone: { fact: 4 },
      render: (team) => <Spent team={team} spent={spent} />,
    },
  ];
}

const NOTHING_USED: UseOfTeam = { spend: '0', admitted_requests: 0 };

interface SpentProps {
  readonly team: Team;
  readonly spent: Exclude<TeamUse, null>;
}

/**
 * The spend and the requests of one team. A developer reads only their own part of them, which is not the team's, so they are not
 * shown.
 */
function Spent({ team, spent }: SpentProps) {
  if (!verdictOf('usage.read', team).allowed) return <span title={words.spendHidden}>–</span>;
  if (spent === 'loading') return '…';
  const { spend, admitted_requests: requests } = spent.get(team.id) ?? NOTHING_USED;
  return (
    <>
      <Money usd={spend} />
      <Text fz="xs" c="dimmed">
        {words.requestCount(requests)}
      </Text>
    </>
  );
}

function Name({ of: { id, name } }: { of: Team }) {
  return (
    <Anchor component={PageLink} at={links.team(id)} fz="sm" fw={500} onClick={(event) => event.stopPropagation()}>
      <bdi>{name}</bdi>
    </Anchor>
  );
}

function Access({ of: { mode } }: { of: Team['asset_access'] }) {
  return (
    <Text fz="sm" component="span" {...(mode === 'inherit' ? { c: 'dimmed' } : {})}>
      {mode === 'inherit' ? words.inherits : words.restricted}
    </Text>
  );
}
