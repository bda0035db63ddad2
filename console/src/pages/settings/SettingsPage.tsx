import { Tabs } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { Page } from '../../components/shell/Page.tsx';
import { settingsTabs } from '../../components/shell/places.ts';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { TokenAccountsList } from '../service-accounts/TokenAccountsList.tsx';
import { WebhooksList } from '../webhooks/WebhooksList.tsx';
import { AdminTokens } from './AdminTokens.tsx';
import { InForce } from './InForce.tsx';
import { Jobs } from './Jobs.tsx';
import { Prices } from './Prices.tsx';
import { ProcessHealth } from './ProcessHealth.tsx';
import { Retention } from './Retention.tsx';
import { words } from './words.ts';

/** The settings page: a tab each for settings, health, jobs, prices, retention, admin tokens and more. */
export function SettingsPage() {
  const tabs = settingsTabs(useSession());
  const [tab, choose] = useTab(tabs);
  return (
    <Page title={words.settings}>
      <Tabs value={tab} keepMounted={false} onChange={choose}>
        <TabStrip tabs={tabs} value={tab} />
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
