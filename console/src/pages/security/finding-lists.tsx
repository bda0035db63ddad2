import { Text } from '@mantine/core';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { MemberLink } from '../../components/fields/MemberLink.tsx';
import { RoleName } from '../../components/fields/RoleSelect.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { keyColumns } from '../keys/key-columns.tsx';
import type { FindingName } from './findings.ts';
import { words } from './words.ts';

type Person = Schema<'MemberFinding'>;
type Token = Schema<'UnownedToken'>;
type Target = Schema<'PlainTarget'>;

/** The number of days without use after which a key is listed. The server uses the same number. */
export const UNUSED_DAYS = 90;

/** Shown if somebody fixed the last one while the page was open. */
const MENDED = (
  <Text fz="sm" c="dimmed" role="status">
    {words.noFindingsAreLeftHere}
  </Text>
);

/** The list of one finding of an organization. */
export function FindingList({ of: name, organizationId }: { of: FindingName; organizationId: string }) {
  switch (name) {
    case 'vouched_for':
    case 'password_only':
      return <People finding={name} organizationId={organizationId} />;
    case 'unowned_tokens':
      return <Tokens organizationId={organizationId} />;
    case 'plain_targets':
      return <Targets organizationId={organizationId} />;
    case 'unused_keys':
      return <Keys organizationId={organizationId} />;
  }
}

function People({ finding, organizationId: id }: { finding: 'vouched_for' | 'password_only'; organizationId: string }) {
  return (
    <DataList<Person>
      name={finding === 'vouched_for' ? 'people vouched for' : 'people without a second factor'}
      prefix={`${finding}_`}
      scope={['security', id, finding]}
      defaultSort="name"
      fetch={(query) =>
        asked(
          api.GET('/organizations/{id}/security/members', {
            params: { path: { id }, query: queryOf('/organizations/{id}/security/members', { ...query, finding }) },
          }),
        )
      }
      columns={[...personColumns(id), ...(finding === 'vouched_for' ? VOUCH_COLUMNS : FACTOR_COLUMNS), SEEN]}
      searchLabel={words.searchByNameOrAddress}
      empty={MENDED}
    />
  );
}

function personColumns(organization_id: string): ListColumn<Person>[] {
  return [
    {
      accessor: 'name',
      title: words.member,
      sortable: true,
      phone: 'title',
      render: (person) => <MemberLink of={{ ...person, organization_id }} memberId={person.id} />,
    },
    { accessor: 'role', title: words.role, phone: { fact: 1 }, render: ({ role }) => <RoleName role={role} /> },
  ];
}

const VOUCH_COLUMNS: readonly ListColumn<Person>[] = [
  { accessor: 'vouched_by', title: words.vouchedForBy, render: ({ vouched_by }) => <bdi>{vouched_by ?? '–'}</bdi> },
  {
    accessor: 'vouched_at',
    title: words.when,
    phone: { fact: 2 },
    render: ({ vouched_at }) => <Time at={vouched_at} />,
  },
];
const FACTOR_COLUMNS: readonly ListColumn<Person>[] = [
  { accessor: 'passkeys', title: words.passkeys, textAlign: 'right', phone: { fact: 2, isNamed: true } },
];
const SEEN: ListColumn<Person> = {
  accessor: 'last_seen_at',
  title: words.lastSeen,
  phone: { fact: 3, isNamed: true },
  render: ({ last_seen_at }) => <Time at={last_seen_at} relative />,
};

function Tokens({ organizationId: id }: { organizationId: string }) {
  return (
    <DataList<Token>
      name="admin tokens without an owner"
      prefix="tokens_"
      scope={['security', id]}
      fetch={(query) =>
        asked(
          api.GET('/organizations/{id}/security/admin-tokens', {
            params: { path: { id }, query: queryOf('/organizations/{id}/security/admin-tokens', query) },
          }),
        )
      }
      columns={TOKEN_COLUMNS}
      searchLabel={words.searchByNameOrId}
      empty={MENDED}
    />
  );
}

const TOKEN_COLUMNS: readonly ListColumn<Token>[] = [
  { accessor: 'name', title: words.name, sortable: true, phone: 'title', render: ({ name }) => <bdi>{name}</bdi> },
  {
    accessor: 'last_four',
    title: words.token,
    render: ({ last_four }) => <span className="mono nowrap">{words.tokenEnd(last_four)}</span>,
  },
  { accessor: 'role', title: words.role, noWrap: true, phone: { fact: 1 }, render: ({ role }) => <RoleName role={role} /> },
  {
    accessor: 'last_used_at',
    title: words.lastUsed,
    phone: { fact: 3, isNamed: true },
    render: ({ last_used_at }) => <Time at={last_used_at} relative />,
  },
  {
    accessor: 'ends_at',
    title: words.ends,
    noWrap: true,
    phone: { fact: 2, isNamed: true },
    render: ({ ends_at }) => <Time at={ends_at} />,
  },
];

function Targets({ organizationId: id }: { organizationId: string }) {
  return (
    <DataList<Target>
      name="models called without encryption"
      prefix="targets_"
      scope={['security', id]}
      fetch={({ limit, cursor }: ListQuery) =>
        asked(
          api.GET('/organizations/{id}/security/upstreams', {
            params: { path: { id }, query: { limit, ...(cursor === undefined ? {} : { cursor }) } },
          }),
        )
      }
      columns={TARGET_COLUMNS}
      empty={MENDED}
    />
  );
}

const TARGET_COLUMNS: readonly ListColumn<Target>[] = [
  { accessor: 'id', title: words.calledAs, phone: 'title', render: ({ id }) => <bdi className="mono">{id}</bdi> },
  { accessor: 'kind', title: words.kind, phone: { fact: 1 }, render: ({ kind }) => wordOf(kind) },
  {
    accessor: 'plain_deployments',
    title: words.withoutEncryption,
    phone: { fact: 2 },
    render: ({ plain_deployments, deployments }) => words.plainDeployments(plain_deployments, deployments),
  },
];

const KEY_COLUMNS = keyColumns({ withPlace: true }).filter(
  ({ accessor }) => accessor !== 'budgets' && accessor !== 'rate_limits',
);

function Keys({ organizationId: id }: { organizationId: string }) {
  const openPage = useOpenPage();
  return (
    <DataList<Schema<'Key'>>
      name="keys unused for 90 days"
      prefix="keys_"
      scope={['security', id]}
      fetch={(query) =>
        asked(
          api.GET('/organizations/{id}/keys', {
            params: { path: { id }, query: queryOf('/organizations/{id}/keys', { ...query, unused_days: UNUSED_DAYS }) },
          }),
        )
      }
      columns={KEY_COLUMNS}
      searchLabel={words.searchByNameOrId}
      onRowClick={({ id: keyId }) => void openPage(links.key(keyId))}
      empty={MENDED}
    />
  );
}
