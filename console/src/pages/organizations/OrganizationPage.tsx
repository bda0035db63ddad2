import { Anchor, Group, Stack, Tabs, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { calmStatus, type Organization, organizationQuery } from '../../api/organizations.ts';
import { type Permission, verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { useLimitsStatus } from '../../components/limits/LimitGauges.tsx';
import { StandingBadge } from '../../components/limits/StandingBadge.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { ClosedPlacePage, useClosedPlace } from '../../components/shell/ClosedPlaces.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { Time } from '../../components/Time.tsx';
import { here } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { LoginsTab } from '../logins/LoginsTab.tsx';
import { SignInSettings } from '../single-sign-on/SignInSettings.tsx';
import { SECTION_AT } from './ChangeButton.tsx';
import { OrganizationDialog } from './dialog/deferred.tsx';
import { AskedLifecycle, LifecycleActions } from './dialog/LifecycleActions.tsx';
import { OrganizationCards } from './OrganizationCards.tsx';
import { AccessTab } from './tabs/AccessTab.tsx';
import { AuditTab } from './tabs/AuditTab.tsx';
import { FilesTab } from './tabs/FilesTab.tsx';
import { KeysTab } from './tabs/KeysTab.tsx';
import { LimitsTab } from './tabs/LimitsTab.tsx';
import { MembersTab } from './tabs/MembersTab.tsx';
import { OverviewTab } from './tabs/OverviewTab.tsx';
import { ProvidersTab } from './tabs/ProvidersTab.tsx';
import { SecurityTab } from './tabs/SecurityTab.tsx';
import { ServiceAccountsTab } from './tabs/ServiceAccountsTab.tsx';
import { SettingsTab } from './tabs/SettingsTab.tsx';
import { TeamsTab } from './tabs/TeamsTab.tsx';
import type { TabProps } from './tabs/tab.ts';
import { UsageTab } from './tabs/UsageTab.tsx';
import { WebhooksTab } from './tabs/WebhooksTab.tsx';
import { words } from './words.ts';

interface Tab {
  readonly value: string;
  readonly label: string;
  readonly needs: Permission;
  readonly content: ComponentType<TabProps>;
  readonly isMore?: boolean;
}

/** The tabs of the page. A tab that a person may not read is hidden. What is set up once or looked at seldom is behind “More”. */
const TABS: readonly Tab[] = [
  { value: 'overview', label: words.overview, needs: 'organization.read', content: OverviewTab },
  { value: 'teams', label: words.teams, needs: 'organization.read', content: TeamsTab },
  { value: 'members', label: words.members, needs: 'organization.read', content: MembersTab },
  { value: 'keys', label: words.keys, needs: 'organization.read', content: KeysTab },
  { value: 'logins', label: words.logins, needs: 'keys.manage', content: LoginsTab },
  { value: 'access', label: words.assetAccess, needs: 'organization.read', content: AccessTab },
  { value: 'limits', label: words.limitsBudgets, needs: 'organization.read', content: LimitsTab },
  { value: 'usage', label: words.usage, needs: 'usage.read', content: UsageTab },
  { value: 'files', label: words.filesAndBatches, needs: 'usage.read', content: FilesTab, isMore: true },
  { value: 'audit', label: words.audit, needs: 'audit.read', content: AuditTab },
  { value: 'security', label: words.security, needs: 'audit.read', content: SecurityTab, isMore: true },
  { value: 'sign-in', label: words.signInTab, needs: 'directory.manage', content: SignInSettings, isMore: true },
  {
    value: 'service-accounts',
    label: words.serviceAccounts,
    needs: 'admin_tokens.manage',
    content: ServiceAccountsTab,
    isMore: true,
  },
  { value: 'providers', label: words.ownProviders, needs: 'own_providers.manage', content: ProvidersTab, isMore: true },
  { value: 'webhooks', label: words.webhooks, needs: 'webhooks.manage', content: WebhooksTab, isMore: true },
  { value: 'settings', label: words.settings, needs: 'organization.read', content: SettingsTab },
];
const REFETCH_MS = 15_000;

/** One organization: its present state, and tabs for everything it contains. */
export function OrganizationPage() {
  const { organizationId = '' } = useParams({ strict: false }) as { organizationId?: string };
  const closed = useClosedPlace(organizationId);
  return closed === null ? <Opened organizationId={organizationId} /> : <ClosedPlacePage place={closed} />;
}

function Opened({ organizationId }: { organizationId: string }) {
  const query = useQuery({ ...organizationQuery(organizationId), refetchInterval: REFETCH_MS });
  return (
    <Asked shape="page" query={query}>
      {(organization) => <Shown key={organization.id} organization={organization} />}
    </Asked>
  );
}

function Shown({ organization }: { organization: Organization }) {
  const live = useLimitsStatus('organizations', organization.id, organization.limits_status);
  const [state, setState] = useUrlState();
  const mayEdit = verdictOf('organization.profile', organization);
  const mayAudit = verdictOf('audit_policy.change', organization);
  const verdict = mayEdit.allowed ? mayEdit : mayAudit.allowed ? mayAudit : mayEdit;
  const tabs = TABS.filter((tab) => organization.capabilities.includes(tab.needs));
  const [tab, choose] = useTab(tabs);
  const edit = () => verdict.allowed && setState({ edit: 'organization' }, 'push');
  useHotkeys([['e', edit]]);
  return (
    <Page
      title={organization.name}
      crumbs={[{ label: words.organizations, to: PATHS.organizations }]}
      beside={
        <StandingBadge
          lifecycle={organization.status}
          live={live.status}
          calm={calmStatus(organization, live.status)}
          isWordy={tab === 'overview'}
        />
      }
      about={<About organization={organization} />}
      isCompact={tab !== 'overview'}
      actions={
        <>
          <GuardedButton variant="default" verdict={verdict} leftSection={<IconPencil size={16} />} onClick={edit}>
            {words.edit}
          </GuardedButton>
          <LifecycleActions organization={organization} />
        </>
      }
    >
      {tab === 'overview' && <OrganizationCards organization={organization} live={live} />}
      <Tabs value={tab} keepMounted={false} onChange={choose}>
        <TabStrip tabs={tabs} value={tab} onMore={choose} />
        {tabs.map(({ value, content: Content }) => (
          <Tabs.Panel key={value} value={value}>
            <Content organization={organization} live={live} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <AskedLifecycle organization={organization} />
      <OrganizationDialog
        opened={state.edit !== undefined && verdict.allowed}
        organizationId={organization.id}
        openedAt={SECTION_AT[state.edit ?? '']}
        at={state.edit !== undefined && state.edit in SECTION_AT ? undefined : state.edit}
        onClose={() => setState({ edit: undefined })}
      />
    </Page>
  );
}

function About({ organization }: { organization: Organization }) {
  const { owners, id, slug, time_zone, created_at, asset_access } = organization;
  return (
    <Stack gap={2}>
      <Group gap="xs">
        <span className="mono">{slug}</span>
        <CopyText text={id} label={words.theOrganizationsId} />
        <span>{time_zone}</span>
        <span>
          {words.createdAt} <Time at={created_at} />
        </span>
      </Group>
      {owners !== null && (
        <Text fz="sm" c="dimmed">
          {owners.length === 0 ? (
            <>
              {words.noOwnerYet}{' '}
              <Anchor component={PageLink} at={here({ tab: 'members', new: 'person' })} inherit>
                {words.addAnOwner}
              </Anchor>
            </>
          ) : (
            <>
              {owners.length === 1 ? words.owner : words.owners}: <bdi>{owners.map((owner) => owner.name).join(', ')}</bdi>
            </>
          )}
        </Text>
      )}
      {callsNothing(asset_access) && (
        <Text fz="sm" c="dimmed">
          {words.callsNothingYet}{' '}
          {verdictOf('organizations.cap', organization).allowed && (
            <Anchor component={PageLink} at={here({ edit: 'access' })} inherit>
              {words.chooseWhatItCanCall}
            </Anchor>
          )}
        </Text>
      )}
    </Stack>
  );
}

function callsNothing({ mode, targets, access_groups }: Organization['asset_access']): boolean {
  return mode !== 'all' && targets.length + access_groups.length === 0;
}
