import { Anchor, Group, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { api, asked } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { useLimitsStatus } from '../../components/limits/LimitGauges.tsx';
import { StandingBadge } from '../../components/limits/StandingBadge.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { TeamLoginsTab } from '../logins/LoginsTab.tsx';
import { ServiceAccountsTab } from './ServiceAccountsTab.tsx';
import { TeamActions } from './TeamActions.tsx';
import { TeamKeysTab } from './TeamKeysTab.tsx';
import { TeamMembersTab } from './TeamMembersTab.tsx';
import { TeamOverview } from './TeamOverview.tsx';
import type { TeamTabProps } from './tab.ts';
import { words } from './words.ts';

const TABS: readonly { readonly value: string; readonly label: string; readonly content: ComponentType<TeamTabProps> }[] = [
  { value: 'overview', label: words.overview, content: TeamOverview },
  { value: 'members', label: words.members, content: TeamMembersTab },
  { value: 'service-accounts', label: words.serviceAccounts, content: ServiceAccountsTab },
  { value: 'keys', label: words.keys, content: TeamKeysTab },
  { value: 'logins', label: words.logins, content: TeamLoginsTab },
];

/** One team: the use of its limits and budgets, its members, its service accounts and its keys. */
export function TeamPage() {
  const { teamId } = useParams({ strict: false }) as { teamId: string };
  const team = useQuery({
    queryKey: ['teams', 'one', teamId],
    queryFn: () => asked(api.GET('/teams/{id}', { params: { path: { id: teamId } } })),
  });
  return (
    <Asked shape="page" query={team}>
      {(read) => <Shown team={read} />}
    </Asked>
  );
}

function Shown({ team }: Pick<TeamTabProps, 'team'>) {
  const live = useLimitsStatus('teams', team.id, team.limits_status);
  const [tab, choose] = useTab(TABS);
  return (
    <Page
      title={team.name}
      beside={<StandingBadge lifecycle={team.status} live={live.status} isWordy />}
      crumbs={[{ label: words.teams, to: PATHS.teams }]}
      about={
        <Group gap="xs">
          <CopyText text={team.id} label={words.theTeamsId} />
          <span>
            {words.in}{' '}
            <Anchor component={PageLink} at={links.organization(team.organization_id)} inherit>
              <bdi>{team.organization_name}</bdi>
            </Anchor>
          </span>
        </Group>
      }
      actions={<TeamActions of={team} />}
    >
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <TabStrip tabs={TABS} value={tab} />
        {TABS.map(({ value, content: Content }) => (
          <Tabs.Panel key={value} value={value}>
            <Content team={team} live={live} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
