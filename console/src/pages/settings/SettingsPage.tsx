import { Tabs } from '@mantine/core';
import { useCanAnywhere, useSession } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { TokenAccountsList } from '../service-accounts/TokenAccountsList.tsx';
import { WebhooksList } from '../webhooks/WebhooksList.tsx';
import { AdminTokens } from './AdminTokens.tsx';
import { InForce } from './InForce.tsx';
import { Jobs } from './Jobs.tsx';
import { Prices } from './Prices.tsx';
import { ProcessHealth } from './ProcessHealth.tsx';
import { Retention } from './Retention.tsx';
import { words } from './words.ts';

const STANDARD = 'settings';

/** The settings page: a tab each for settings, health, jobs, prices, retention, admin tokens and more. */
export function SettingsPage() {
  const [state, set] = useUrlState();
  const mayReadPlatform = useCanAnywhere('platform.read');
  const mayManageWebhooks = useSession().platform_capabilities.includes('webhooks.manage');
  const mayManageMachines = useSession().platform_capabilities.includes('admin_tokens.manage');
  const mayManageTokens = useCanAnywhere('admin_tokens.manage');
  const standard = mayReadPlatform ? STANDARD : 'tokens';
  return (
    <Page title={words.settings}>
      <Tabs
        value={state.tab ?? standard}
        keepMounted={false}
        // Other tabs have other filters.
        onChange={(tab) =>
          set({
            tab: tab === standard ? undefined : (tab ?? undefined),
            cursor: undefined,
            search: undefined,
            sort: undefined,
            new: undefined,
            status: undefined,
            unowned: undefined,
            organization_id: undefined,
            service_account_id: undefined,
          })
        }
      >
        <Tabs.List mb="md">
          {mayReadPlatform && (
            <>
              <Tabs.Tab value="settings">{words.currentSettings}</Tabs.Tab>
              <Tabs.Tab value="health">{words.processHealth}</Tabs.Tab>
              <Tabs.Tab value="jobs">{words.jobs}</Tabs.Tab>
              <Tabs.Tab value="prices">{words.prices}</Tabs.Tab>
            </>
          )}
          <Tabs.Tab value="retention">{words.retention}</Tabs.Tab>
          {mayManageWebhooks && <Tabs.Tab value="webhooks">{words.webhooks}</Tabs.Tab>}
          {mayManageTokens && <Tabs.Tab value="tokens">{words.adminTokens}</Tabs.Tab>}
          {mayManageMachines && <Tabs.Tab value="service-accounts">{words.serviceAccounts}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="settings">
          <InForce />
        </Tabs.Panel>
        <Tabs.Panel value="health">
          <ProcessHealth />
        </Tabs.Panel>
        <Tabs.Panel value="jobs">
          <Jobs />
        </Tabs.Panel>
        <Tabs.Panel value="webhooks">
          <WebhooksList organizationId={null} />
        </Tabs.Panel>
        <Tabs.Panel value="prices">
          <Prices />
        </Tabs.Panel>
        <Tabs.Panel value="retention">
          <Retention />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <AdminTokens />
        </Tabs.Panel>
        <Tabs.Panel value="service-accounts">
          <TokenAccountsList organizationId={null} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
