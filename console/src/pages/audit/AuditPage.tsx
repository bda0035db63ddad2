import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { queryText } from '../../api/events.ts';
import { queryOf } from '../../api/list-query.ts';
import { organizationsWith, type Session, useSession } from '../../api/session.tsx';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { RangePicker, rangeOf } from '../../components/fields/RangePicker.tsx';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
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
import { OBJECT_TYPES, objectWord } from './action-words.ts';
import type { AuditRow } from './audit-row.ts';
import { ChainBadge } from './ChainBadge.tsx';
import { EventDrawer } from './EventDrawer.tsx';
import { eventId, useOpenedEvent } from './useOpenedEvent.ts';
import { words } from './words.ts';

const FILTERS: readonly Filter[] = [
  { param: 'object_type', label: words.kindOfObject, kind: { oneOf: OBJECT_TYPES, word: objectWord } },
  { param: 'object_id', label: words.objectIdFilter, kind: 'text' },
  { param: 'actor_id', label: words.actorIdFilter, kind: 'text' },
  { param: 'action', label: words.action, kind: 'text' },
];
const SCOPE: Filter = { param: 'scope', label: words.eventsOf, kind: { oneOf: ['platform', 'organizations'] } };
const PARAMS = ['organization_id', 'scope', 'object_type', 'object_id', 'actor_id', 'action', 'range', 'from', 'to'];

/**
 * The audit log of every organization that the person may audit, and of the platform: who changed what, when and from where. The
 * platform has one hash chain, and each organization has its own.
 */
export function AuditPage() {
  const [state] = useUrlState();
  const session = useSession();
  const opened = useOpenedEvent();
  const chain = chainOf(session, state);
  const seesPlatform = session.platform_capabilities.includes('audit.read');
  const isOne = chain !== 'all';
  return (
    <Page
      title={words.auditLog}
      beside={isOne && <ChainBadge organizationId={chain} />}
      about={words.whatIsLogged}
      actions={
        <>
          <SavedViews path="/audit" />
          <Exports state={state} chain={chain} />
        </>
      }
    >
      <DataList<AuditRow>
        name="audit-events"
        fetch={fetchEvents}
        columns={columnsOf({ open: opened.open, withOrganization: !isOne })}
        filters={PARAMS}
        searchLabel={words.searchEvents}
        controls={
          <FilterBar filters={seesPlatform ? [...FILTERS, SCOPE] : FILTERS}>
            <OrganizationSelect organizationId={state.organization_id} />
            <RangePicker standard={null} />
          </FilterBar>
        }
        onRowClick={opened.open}
        empty={<EmptyState title={words.noEventsYet}>{words.whatAppears}</EmptyState>}
      />
      <EventDrawer organizationId={isOne ? chain : undefined} opened={opened} />
    </Page>
  );
}

/**
 * Returns the one chain whose events are shown: an organization's id, or undefined for the platform's. `all` if there are several.
 */
function chainOf(session: Session, { organization_id, scope }: UrlState): string | undefined | 'all' {
  if (organization_id !== undefined) return organization_id;
  if (session.platform_capabilities.includes('audit.read')) return scope === 'platform' ? undefined : 'all';
  const [only, ...others] = organizationsWith(session, 'audit.read');
  return others.length === 0 ? only?.organization_id : 'all';
}

function Exports({ state, chain }: { state: UrlState; chain: string | undefined | 'all' }) {
  const { organization_id, scope, object_type, object_id, actor_id, action, search } = state;
  const { minutes: _, ...range } = rangeOf(state, null);
  const shown = { organization_id, scope, object_type, object_id, actor_id, action, search, ...range };
  const path = (format: string) => `/audit-events/all/export${queryText({ ...shown, format })}`;
  const whole = `/audit-events/export${queryText({ organization_id: chain })}`;
  return (
    <ExportMenu
      note={words.exportMeans}
      exports={[
        { label: words.jsonLines, what: 'audit', ending: 'jsonl', path: path('jsonl') },
        { label: words.csv, what: 'audit', ending: 'csv', path: path('csv') },
        ...(chain === 'all' ? [] : [{ label: words.wholeChain, what: 'audit-chain', ending: 'jsonl' as const, path: whole }]),
      ]}
    />
  );
}

function OrganizationSelect({ organizationId }: { organizationId: string | undefined }) {
  const [, set] = useUrlState();
  return (
    <OwnOrganizationSelect
      permission="audit.read"
      label={words.whoseEvents}
      placeholder={words.allOrganizations}
      mayBeAll
      value={organizationId}
      onChange={(id) => set({ organization_id: id, cursor: undefined })}
    />
  );
}

async function fetchEvents({ sort: _, range, from, to, ...query }: ListQuery) {
  const text = (value: string | number | undefined) => (value === undefined ? undefined : String(value));
  const { minutes: __, ...instants } = rangeOf({ range: text(range), from: text(from), to: text(to) }, null);
  const asking = queryOf('/audit-events/all', { ...query, ...instants });
  const page = await asked(api.GET('/audit-events/all', { params: { query: asking } }));
  return { ...page, data: page.data.map((event) => ({ ...event, id: eventId(event) })) };
}

const OF_ONE_CHAIN: readonly ListColumn<AuditRow>[] = [
  { accessor: 'ip', title: words.ipAddress, noWrap: true, render: ({ ip }) => ip ?? '–' },
  { accessor: 'seq', title: '#', textAlign: 'right' },
];

interface ColumnsWith {
  readonly open: (row: AuditRow) => void;
  readonly withOrganization: boolean;
}

function columnsOf({ open, withOrganization }: ColumnsWith): ListColumn<AuditRow>[] {
  const organization: ListColumn<AuditRow> = {
    accessor: 'organization_name',
    title: words.organization,
    phone: { fact: 4 },
    render: ({ organization_name }) => (organization_name == null ? words.thePlatform : <bdi>{organization_name}</bdi>),
  };
  return [
    { accessor: 'at', title: words.when, noWrap: true, phone: { fact: 3 }, render: ({ at }) => <Time at={at} seconds /> },
    {
      accessor: 'actor',
      title: words.who,
      width: 210,
      phone: { fact: 2 },
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
      width: 260,
      phone: { fact: 1 },
      render: ({ object }) => <ObjectLink object={object} />,
    },
    ...(withOrganization ? [organization] : []),
    { accessor: 'reason', title: words.reason, render: ({ reason }) => <Text fz="sm">{reason ?? ''}</Text> },
    // The place in one chain says nothing among several. The address is with the event.
    ...(withOrganization ? [] : OF_ONE_CHAIN),
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
