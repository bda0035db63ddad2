import { Anchor, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconRobot, IconUser } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../api/client.ts';
import { shortCountText } from '../../components/Count.tsx';
import { LIMIT_WORDS, limitName } from '../../components/limits/LimitBar.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { moneyText } from '../../components/money/Money.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { periodWords } from '../../forms/budget-draft.ts';
import { RATE_LIMIT_NAMES } from '../../forms/limit-draft.ts';
import { PATHS } from '../../paths.ts';

type Key = Schema<'Key'>;

/** Returns the columns of a list of keys. `withPlace` adds the team, for lists of several teams. */
export function keyColumns({ withPlace }: { withPlace: boolean }): ListColumn<Key>[] {
  const place: ListColumn<Key> = {
    accessor: 'team_name',
    title: 'Team',
    phone: { fact: 2 },
    render: (key) => <Place of={key} />,
  };
  return [
    { accessor: 'name', title: 'Name', sortable: true, phone: 'title', render: (key) => <Name of={key} /> },
    { accessor: 'status', title: 'Status', phone: { fact: 1 }, render: (key) => <KeyStatus of={key} /> },
    { accessor: 'owner', title: 'Owner', render: ({ owner }) => <Owner of={owner} /> },
    ...(withPlace ? [place] : []),
    { accessor: 'budgets', title: 'Budget', render: ({ budgets }) => <Budgets of={budgets} /> },
    { accessor: 'rate_limits', title: 'Limits', render: (key) => <Limits of={key} /> },
    {
      accessor: 'last_used_at',
      title: 'Last used',
      phone: { fact: 3, isNamed: true },
      render: (key) => <Time at={key.last_used_at} relative />,
    },
    { accessor: 'created_at', title: 'Created', sortable: true, render: (key) => <Time at={key.created_at} relative /> },
  ];
}

function Name({ of: key }: { of: Key }) {
  return (
    <Stack gap={0} maw={280}>
      <Anchor
        component={Link}
        to={PATHS.key}
        params={{ keyId: key.id } as never}
        fz="sm"
        fw={500}
        truncate
        onClick={(event) => event.stopPropagation()}
      >
        <bdi>{key.name}</bdi>
      </Anchor>
      <Text fz="xs" c="dimmed" className="mono nowrap">
        {key.prefix}…{key.last_four}
      </Text>
    </Stack>
  );
}

/** The status of a key. Requests with an expired key are refused like those with a revoked one, so this shows `expired`. */
export function KeyStatus({ of: { status, expires_at } }: { of: Pick<Key, 'status' | 'expires_at'> }) {
  const isExpired = expires_at !== null && new Date(expires_at).getTime() <= Date.now();
  return (
    <Group gap={6} wrap="nowrap">
      <StatusBadge status={status === 'active' && isExpired ? 'expired' : status} />
      {status === 'active' && expires_at !== null && !isExpired && (
        <Text fz="xs" c="dimmed" className="nowrap">
          until <Time at={expires_at} relative />
        </Text>
      )}
    </Group>
  );
}

export function Owner({ of: owner }: { of: Key['owner'] }) {
  const isPerson = owner.member_id !== null;
  const Icon = isPerson ? IconUser : IconRobot;
  return (
    <Group gap={6} wrap="nowrap">
      <Tooltip label={isPerson ? 'A person' : 'A service account'}>
        <Icon size={15} stroke={1.7} aria-label={isPerson ? 'Person' : 'Service account'} style={{ flexShrink: 0 }} />
      </Tooltip>
      <Text fz="sm" truncate maw={180}>
        <bdi>{owner.name}</bdi>
      </Text>
    </Group>
  );
}

function Place({ of: key }: { of: Key }) {
  return (
    <Stack gap={0} maw={220}>
      <Text fz="sm" truncate>
        <bdi>{key.team_name}</bdi>
      </Text>
      <Text fz="xs" c="dimmed" truncate>
        <bdi>{key.organization_name}</bdi>
      </Text>
    </Stack>
  );
}

function Budgets({ of: budgets }: { of: Key['budgets'] }) {
  const [first] = budgets;
  if (first === undefined) return <Dash label="No budget of its own" />;
  const all = budgets.map((budget) => `${moneyText(budget.amount)} ${periodWords(budget)}`);
  return <WithMore first={all[0] ?? ''} all={all} />;
}

function Limits({ of: { rate_limits: limits, model_limits } }: { of: Key }) {
  const set = RATE_LIMIT_NAMES.flatMap((name) => {
    const value = limits[name];
    return value == null
      ? []
      : [{ short: `${shortCountText(value)} ${limitName(name)}`, words: `${value} ${LIMIT_WORDS[name]}` }];
  });
  const models = model_limits.map(({ target, access_group }) => ({ short: '', words: `limits for ${target ?? access_group}` }));
  const [first] = set;
  if (first === undefined && models.length === 0) return <Dash label="No limit of its own" />;
  return <WithMore first={first?.short ?? 'per model'} all={[...set, ...models].map(({ words }) => words)} />;
}

function WithMore({ first, all }: { first: string; all: readonly string[] }) {
  return (
    <Tooltip label={all.join(', ')}>
      <Text fz="sm" className="nowrap" component="span">
        {first}
        {all.length > 1 && (
          <Text component="span" inherit c="dimmed">
            {' '}
            +{all.length - 1}
          </Text>
        )}
      </Text>
    </Tooltip>
  );
}

function Dash({ label }: { label: string }) {
  return (
    <Tooltip label={label}>
      <Text component="span" fz="sm" c="dimmed">
        –
      </Text>
    </Tooltip>
  );
}
