import { Anchor, Badge, Select, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useSession } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { ALERT_KINDS, type Alert, kindLabel, sentenceOf } from './words.ts';

const REFETCH_MS = 30_000;

/** Lists all alerts: budget thresholds, and for people of the platform also its own alerts. */
export function AlertsPage() {
  const [state, set] = useUrlState();
  const { platform_role } = useSession();
  return (
    <Page title="Alerts">
      <Text fz="sm" c="dimmed" mb="sm">
        Each threshold of a budget alerts once per period, when settled spend passes it. Alerts appear here and go to webhooks,
        and by e-mail to the organization’s owners if a mail server is set.
      </Text>
      <DataList<Alert>
        name="alerts"
        fetch={fetchAlerts}
        columns={platform_role === null ? COLUMNS.filter(({ accessor }) => accessor !== 'organization_id') : COLUMNS}
        filters={['type']}
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
            Add thresholds to a budget. When spend passes one, an alert appears here, once per period.
          </EmptyState>
        }
      />
    </Page>
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

function What({ alert }: { alert: Alert }) {
  const { text, to } = sentenceOf(alert);
  return (
    <Anchor component={Link} to={to} fz="sm">
      <bdi>{text}</bdi>
    </Anchor>
  );
}
