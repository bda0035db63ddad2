import { Anchor, Badge, Button, Select, Tabs, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCanAnywhere, useSession } from '../../api/session.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { Time } from '../../components/Time.tsx';
import { AlertDeliveriesDialog } from './AlertDeliveriesDialog.tsx';
import { AlertRulesList } from './AlertRulesList.tsx';
import { ALERT_KINDS, type Alert, kindLabel, sentenceOf } from './words.ts';

const REFETCH_MS = 30_000;

const TABS = [
  { value: 'alerts', label: 'Alerts' },
  { value: 'rules', label: 'Rules' },
];

/** The alerts that were raised, and the rules that raise them. */
export function AlertsPage() {
  const mayManage = useCanAnywhere('webhooks.manage');
  const [tab, choose] = useTab(TABS);
  if (!mayManage)
    return (
      <Page title="Alerts">
        <AlertList />
      </Page>
    );
  return (
    <Page title="Alerts">
      <Tabs value={tab} keepMounted={false} onChange={choose}>
        <TabStrip value={tab} tabs={TABS} />
        <Tabs.Panel value="alerts">
          <AlertList />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <AlertRulesList />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

/** Lists all alerts: budget thresholds, alert rules, and for people of the platform also its own alerts. */
function AlertList() {
  const [state, set] = useUrlState();
  const { platform_role } = useSession();
  const [shown, setShown] = useState<Alert | null>(null);
  const mayManage = useCanAnywhere('webhooks.manage');
  const columns = COLUMNS.filter(({ accessor }) => platform_role !== null || accessor !== 'organization_id');
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        Each threshold of a budget alerts once per period, and each incident of an alert rule once. Alerts appear here and go to
        webhooks, and by e-mail to the organization’s owners if a mail server is set.
      </Text>
      <DataList<Alert>
        name="alerts"
        fetch={fetchAlerts}
        columns={mayManage ? [...columns, sentColumn(setShown)] : columns}
        filters={['type', 'organization_id']}
        refetchMs={REFETCH_MS}
        controls={
          platform_role === null ? undefined : (
            <Select
              aria-label="Kind"
              placeholder="Any kind"
              clearable
              w={200}
              data={Object.entries(ALERT_KINDS).map(([value, { label }]) => ({ value, label }))}
              value={state.type ?? null}
              onChange={(type) => set({ type: type ?? undefined, cursor: undefined })}
            />
          )
        }
        empty={
          <EmptyState title="No alerts yet">
            Add thresholds to a budget, or an alert rule. When one is passed, an alert appears here.
          </EmptyState>
        }
      />
      {shown !== null && <AlertDeliveriesDialog alertId={shown.id} title="Sent of this alert" onClose={() => setShown(null)} />}
    </>
  );
}

function fetchAlerts({ sort: _, search: __, ...query }: ListQuery) {
  return asked(api.GET('/alerts', { params: { query: queryOf('/alerts', query) } }));
}

const COLUMNS: ListColumn<Alert>[] = [
  {
    accessor: 'occurred_at',
    title: 'When',
    noWrap: true,
    phone: { fact: 1 },
    render: ({ occurred_at }) => <Time at={occurred_at} relative />,
  },
  {
    accessor: 'type',
    title: 'Kind',
    noWrap: true,
    phone: { fact: 2 },
    render: (alert) => <Badge color={sentenceOf(alert).isGrave ? 'red' : 'yellow'}>{kindLabel(alert.type)}</Badge>,
  },
  { accessor: 'data', title: 'What', phone: 'title', render: (alert) => <What alert={alert} /> },
  {
    accessor: 'organization_id',
    title: 'Organization',
    render: ({ organization_id }) =>
      organization_id === null ? (
        <Text fz="sm" c="dimmed">
          The platform
        </Text>
      ) : (
        <Named id={organization_id} />
      ),
  },
];

function sentColumn(setShown: (alert: Alert) => void): ListColumn<Alert> {
  return {
    accessor: 'sent',
    title: 'Sent to',
    render: (alert) => (
      <Button size="compact-xs" variant="default" onClick={() => setShown(alert)}>
        Show
      </Button>
    ),
  };
}

function What({ alert }: { alert: Alert }) {
  const { text, to } = sentenceOf(alert);
  return (
    <Anchor component={Link} to={to} fz="sm">
      <bdi>{text}</bdi>
    </Anchor>
  );
}
