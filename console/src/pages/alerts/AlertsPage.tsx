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
import { ALERT_KINDS, type Alert, kindLabel } from './alert-kinds.ts';
import { sentenceOf } from './alert-sentence.ts';
import { words } from './words.ts';

const REFETCH_MS = 30_000;

const TABS = [
  { value: 'alerts', label: words.alerts },
  { value: 'rules', label: words.rules },
];

/** The alerts that were raised, and the rules that raise them. */
export function AlertsPage() {
  const mayManage = useCanAnywhere('webhooks.manage');
  const [tab, choose] = useTab(TABS);
  if (!mayManage)
    return (
      <Page title={words.alerts}>
        <AlertList />
      </Page>
    );
  return (
    <Page title={words.alerts}>
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
        {words.whenAlertsAreRaised} {words.whereAlertsGo}
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
              aria-label={words.kind}
              placeholder={words.anyKind}
              clearable
              w={200}
              data={Object.entries(ALERT_KINDS).map(([value, { label }]) => ({ value, label }))}
              value={state.type ?? null}
              onChange={(type) => set({ type: type ?? undefined, cursor: undefined })}
            />
          )
        }
        empty={<EmptyState title={words.noAlertsYet}>{words.howToGetAlerts}</EmptyState>}
      />
      {shown !== null && (
        <AlertDeliveriesDialog alertId={shown.id} title={words.messagesOfThisAlert} onClose={() => setShown(null)} />
      )}
    </>
  );
}

function fetchAlerts({ sort: _, search: __, ...query }: ListQuery) {
  return asked(api.GET('/alerts', { params: { query: queryOf('/alerts', query) } }));
}

const COLUMNS: ListColumn<Alert>[] = [
  {
    accessor: 'occurred_at',
    title: words.when,
    noWrap: true,
    phone: { fact: 1 },
    render: ({ occurred_at }) => <Time at={occurred_at} relative />,
  },
  {
    accessor: 'type',
    title: words.kind,
    noWrap: true,
    phone: { fact: 2 },
    render: (alert) => <Badge color={sentenceOf(alert).isGrave ? 'red' : 'yellow'}>{kindLabel(alert.type)}</Badge>,
  },
  { accessor: 'data', title: words.what, phone: 'title', render: (alert) => <What alert={alert} /> },
  {
    accessor: 'organization_id',
    title: words.organization,
    phone: { fact: 3 },
    render: ({ organization_id }) =>
      organization_id === null ? (
        <Text fz="sm" c="dimmed">
          {words.thePlatform}
        </Text>
      ) : (
        <Named id={organization_id} />
      ),
  },
];

function sentColumn(setShown: (alert: Alert) => void): ListColumn<Alert> {
  return {
    accessor: 'sent',
    title: words.messages,
    phone: { fact: 4 },
    render: (alert) => (
      <Button size="compact-xs" variant="default" onClick={() => setShown(alert)}>
        {words.showMessages}
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
