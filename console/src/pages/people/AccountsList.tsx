import { Anchor, Avatar, Badge, Button, Group, Select, Stack, Text, Tooltip } from '@mantine/core';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Breakable } from '../../components/shell/Breakable.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { proofWords } from './sign-in-words.ts';
import { words } from './words.ts';

type Account = Schema<'Account'>;

const COLUMNS: ListColumn<Account>[] = [
  { accessor: 'name', title: words.person, sortable: true, phone: 'title', render: (account) => <Person of={account} /> },
  {
    accessor: 'platform_role',
    title: words.platformRoleLabel,
    render: ({ platform_role }) => <PlatformRole role={platform_role} />,
  },
  {
    accessor: 'memberships',
    title: words.organizations,
    phone: { fact: 2 },
    render: ({ memberships }) => <Memberships of={memberships} />,
  },
  { accessor: 'address_proof', title: words.address, render: (account) => <Address of={account} /> },
  { accessor: 'two_factor', title: words.secondFactor, render: (account) => <Factors of={account} /> },
  {
    accessor: 'last_sign_in_at',
    title: words.lastSignIn,
    phone: { fact: 3, isNamed: true },
    render: ({ last_sign_in_at }) => <Time at={last_sign_in_at} relative />,
  },
  { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
  { accessor: 'created_at', title: words.since, sortable: true, render: ({ created_at }) => <Time at={created_at} relative /> },
];

/** Lists every account of the gateway. */
export function AccountsList({ onInvite }: { onInvite: () => void }) {
  const [{ status, address }, set] = useUrlState();
  const openPage = useOpenPage();
  return (
    <DataList
      name="accounts"
      fetch={(query) => asked(api.GET('/accounts', { params: { query: queryOf('/accounts', query) } }))}
      columns={COLUMNS}
      filters={['status', 'address']}
      searchLabel={words.searchByNameOrId}
      controls={
        <>
          <Select
            aria-label={words.address}
            placeholder={words.anyAddress}
            clearable
            w={240}
            data={[
              { value: 'proved', label: words.proved },
              { value: 'unproved', label: words.notProved },
              { value: 'passkeys_before_proof', label: words.provedWithOlderPasskeys },
            ]}
            value={address ?? null}
            onChange={(next) => set({ address: next ?? undefined, cursor: undefined })}
          />
          <Select
            aria-label={words.status}
            placeholder={words.anyStatus}
            clearable
            w={140}
            data={[
              { value: 'active', label: words.activeOption },
              { value: 'disabled', label: words.disabledOption },
            ]}
            value={status ?? null}
            onChange={(next) => set({ status: next ?? undefined, cursor: undefined })}
          />
        </>
      }
      onRowClick={({ id }) => void openPage(links.account(id))}
      empty={
        <EmptyState title={words.noAccountsYet} action={<Button onClick={onInvite}>{words.invitePerson}</Button>}>
          {words.whomToInvite}
        </EmptyState>
      }
    />
  );
}

function Person({ of: { id, name, email } }: { of: Account }) {
  return (
    <Group gap="xs" wrap="nowrap" maw={300}>
      <Avatar size={28} name={name} color="teal" aria-hidden />
      <Stack gap={0} miw={0}>
        <Anchor
          component={PageLink}
          at={links.account(id)}
          fz="sm"
          fw={500}
          truncate
          onClick={(event) => event.stopPropagation()}
        >
          <bdi>{name}</bdi>
        </Anchor>
        <Text fz="xs" c="dimmed" truncate>
          <bdi>{email}</bdi>
        </Text>
      </Stack>
    </Group>
  );
}

function PlatformRole({ role }: { role: Account['platform_role'] }) {
  if (role === null)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  return <Badge color={role === 'platform_admin' ? 'violet' : 'blue'}>{roleWord(role)}</Badge>;
}

const SHOWN = 2;

function Memberships({ of: memberships }: { of: Account['memberships'] }) {
  if (memberships.length === 0)
    return (
      <Text component="span" inherit c="dimmed">
        {words.noOrganization}
      </Text>
    );
  const places = memberships.map(({ organization_name, role }) => `${organization_name} (${roleWord(role).toLowerCase()})`);
  return (
    <Tooltip label={places.join(', ')} disabled={places.length <= SHOWN}>
      <Text fz="sm" maw={280} truncate>
        <bdi>{places.slice(0, SHOWN).join(', ')}</bdi>
        {places.length > SHOWN && ` +${places.length - SHOWN}`}
      </Text>
    </Tooltip>
  );
}

/** Shows whether the address is proved, and how. */
export function Address({ of: { address_proof: proof, bound_organization: bound } }: { of: Account }) {
  if (proof !== null) return <Breakable text={proofWords(proof)} />;
  const label = bound === null ? words.onlyPlatformAdminsAddIt : words.onlyAcceptsIt(bound.name);
  return (
    <Tooltip label={label}>
      <Badge color="yellow">{words.notProved}</Badge>
    </Tooltip>
  );
}

export function Factors({ of: { two_factor, passkeys } }: { of: Pick<Account, 'two_factor' | 'passkeys'> }) {
  const factors = [
    two_factor ? words.authenticator : '',
    passkeys > 0 ? `${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'}` : '',
  ].filter((factor) => factor !== '');
  if (factors.length > 0) return <span className="nowrap">{factors.join(', ')}</span>;
  return (
    <Text component="span" inherit c="dimmed">
      {words.none}
    </Text>
  );
}
