import { Group } from '@mantine/core';
import { api, asked } from '../../../api/client.ts';
import { queryText } from '../../../api/events.ts';
import type { ListColumn } from '../../../components/list/column.ts';
import { DataList, type ListQuery } from '../../../components/list/DataList.tsx';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../../components/list/ExportMenu.tsx';
import { Time } from '../../../components/Time.tsx';
import { ActionLink } from '../../audit/ActionLink.tsx';
import type { AuditRow } from '../../audit/audit-row.ts';
import { ChainBadge } from '../../audit/ChainBadge.tsx';
import { EventDrawer } from '../../audit/EventDrawer.tsx';
import { useOpenedEvent } from '../../audit/useOpenedEvent.ts';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';

/** Lists who changed what in an organization, from its own hash chain. */
export function AuditTab({ organization }: TabProps) {
  const opened = useOpenedEvent();
  const path = (format: string | undefined) => `/audit-events/export${queryText({ organization_id: organization.id, format })}`;
  return (
    <>
      <DataList<AuditRow>
        name="audit-events"
        scope={[organization.id]}
        fetch={(query) => fetchEvents(organization.id, query)}
        columns={columnsOf(opened.open)}
        controls={
          <Group gap="sm" justify="space-between" flex={1}>
            <ChainBadge organizationId={organization.id} />
            <ExportMenu
              note={words.auditExportMeans}
              exports={[
                { label: words.jsonLines, what: 'audit', ending: 'jsonl', path: path(undefined) },
                { label: words.csv, what: 'audit', ending: 'csv', path: path('csv') },
              ]}
            />
          </Group>
        }
        onRowClick={opened.open}
        empty={<EmptyState title={words.noEventsYet}>{words.everyChangeAppears}</EmptyState>}
      />
      <EventDrawer organizationId={organization.id} opened={opened} />
    </>
  );
}

async function fetchEvents(organizationId: string, { limit, cursor }: ListQuery) {
  const query = { organization_id: organizationId, limit, ...(cursor === undefined ? {} : { cursor }) };
  const page = await asked(api.GET('/audit-events', { params: { query } }));
  return { ...page, data: page.data.map((event) => ({ ...event, id: String(event.seq) })) };
}

function columnsOf(open: (row: AuditRow) => void): ListColumn<AuditRow>[] {
  return [
    { accessor: 'at', title: words.when, noWrap: true, phone: { fact: 3 }, render: ({ at }) => <Time at={at} /> },
    {
      accessor: 'actor',
      title: words.who,
      phone: { fact: 2, isNamed: true },
      render: ({ actor }) => <bdi title={actor.id}>{actor.name}</bdi>,
    },
    {
      accessor: 'action',
      title: words.what,
      phone: 'title',
      noWrap: true,
      render: (row) => <ActionLink of={row} open={open} />,
    },
    {
      accessor: 'object',
      title: words.object,
      phone: { fact: 1 },
      render: ({ object }) => <bdi title={object.id}>{object.name ?? object.id}</bdi>,
    },
    { accessor: 'reason', title: words.reason, render: ({ reason }) => reason ?? '' },
    { accessor: 'seq', title: '#', textAlign: 'right' },
  ];
}
