import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryText } from '../../api/events.ts';
import { organizationsWith, type Session, useSession } from '../../api/session.tsx';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { RangePicker, rangeOf } from '../../components/fields/RangePicker.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { SavedViews } from '../../components/views/SavedViews.tsx';
import { ActionLink } from './ActionLink.tsx';
import type { AuditRow } from './audit-row.ts';
import { ChainBadge } from './ChainBadge.tsx';
import { EventDrawer } from './EventDrawer.tsx';
import { useOpenedEvent } from './useOpenedEvent.ts';
import { OBJECT_TYPES } from './words.ts';

const FILTERS: readonly Filter[] = [
  { param: 'object_type', label: 'Kind of object', kind: { oneOf: OBJECT_TYPES } },
  { param: 'object_id', label: 'Object id', kind: 'text' },
  { param: 'actor_id', label: 'Actor id', kind: 'text' },
  { param: 'action', label: 'Action', kind: 'text' },
];

/** The audit log: who changed what, when and from where. The platform has one hash chain, and each organization has its own. */
export function AuditPage() {
  const [state] = useUrlState();
  const session = useSession();
  const opened = useOpenedEvent();
  const organizationId = chainOf(session, state.organization_id);
  const fetch = useCallback((query: ListQuery) => fetchEvents(query, organizationId), [organizationId]);
  const chain = queryText({ organization_id: organizationId });
  const exportPath = (format: string) => `/audit-events/export${queryText({ organization_id: organizationId, format })}`;
  return (
    <Page
      title="Audit log"
      beside={<ChainBadge organizationId={organizationId} />}
      about="Every change of the configuration. Edits of the log itself are detected: each event contains the hash of the event before."
      actions={
        <>
          <SavedViews path="/audit" />
          <ExportMenu
            note="The whole chain, oldest first"
            exports={[
              { label: 'JSON lines', what: 'audit', ending: 'jsonl', path: `/audit-events/export${chain}` },
              { label: 'CSV', what: 'audit', ending: 'csv', path: exportPath('csv') },
            ]}
          />
        </>
      }
    >
      <DataList<AuditRow>
        name="audit-events"
        scope={[organizationId ?? 'platform']}
        fetch={fetch}
        columns={columnsOf(opened.open)}
        filters={['object_type', 'object_id', 'actor_id', 'action', 'range', 'from', 'to']}
        controls={
          <FilterBar filters={FILTERS}>
            <ChainSelect organizationId={organizationId} />
            <RangePicker standard={null} />
          </FilterBar>
        }
        onRowClick={opened.open}
        empty={
          <EmptyState title="No events yet">
            Every change of the configuration appears here, with the person or token that made it.
          </EmptyState>
        }
      />
      <EventDrawer organizationId={organizationId} opened={opened} />
    </Page>
  );
}

/** Returns the chosen chain. The default is the platform's, or for others the first organization whose log they may read. */
function chainOf(session: Session, chosen: string | undefined): string | undefined {
  if (chosen !== undefined || session.platform_capabilities.includes('audit.read')) return chosen;
  return organizationsWith(session, 'audit.read')[0]?.organization_id;
}

function ChainSelect({ organizationId }: { organizationId: string | undefined }) {
  const [, set] = useUrlState();
  return (
    <OwnOrganizationSelect
      permission="audit.read"
      label="Whose events"
      placeholder="Platform events"
      value={organizationId}
      onChange={(id) => set({ organization_id: id, cursor: undefined })}
    />
  );
}

async function fetchEvents({ sort: _, search: __, range, from, to, ...query }: ListQuery, organizationId: string | undefined) {
  const text = (value: string | number | undefined) => (value === undefined ? undefined : String(value));
  const { minutes: ___, ...instants } = rangeOf({ range: text(range), from: text(from), to: text(to) }, null);
  const chain = organizationId === undefined ? {} : { organization_id: organizationId };
  const page = await asked(api.GET('/audit-events', { params: { query: { ...query, ...instants, ...chain } } }));
  return { ...page, data: page.data.map((event) => ({ ...event, id: String(event.seq) })) };
}

function columnsOf(open: (row: AuditRow) => void): ListColumn<AuditRow>[] {
  return [
    { accessor: 'at', title: 'When', noWrap: true, phone: { fact: 3 }, render: ({ at }) => <Time at={at} seconds /> },
    { accessor: 'actor', title: 'Who', phone: { fact: 2 }, render: ({ actor }) => <bdi title={actor.id}>{actor.name}</bdi> },
    {
      accessor: 'action',
      title: 'What',
      phone: 'title',
      noWrap: true,
      render: (row) => <ActionLink of={row} open={open} />,
    },
    { accessor: 'object', title: 'Object', phone: { fact: 1 }, render: ({ object }) => <ObjectLink object={object} /> },
    { accessor: 'reason', title: 'Reason', render: ({ reason }) => <Text fz="sm">{reason ?? ''}</Text> },
    { accessor: 'ip', title: 'Address', noWrap: true, render: ({ ip }) => ip ?? '–' },
    { accessor: 'seq', title: '#', textAlign: 'right' },
  ];
}

function ObjectLink({ object }: { object: AuditRow['object'] }) {
  const to = addressOf(object.id, object.type);
  const name = <bdi title={object.id}>{object.name ?? object.id}</bdi>;
  if (to === null) return name;
  return (
    <Anchor component={Link} to={to} inherit onClick={(event) => event.stopPropagation()}>
      {name}
    </Anchor>
  );
}
