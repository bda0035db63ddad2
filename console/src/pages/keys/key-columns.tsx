import { Group, Text } from '@mantine/core';
import { IconRobot, IconUser } from '@tabler/icons-react';
import type { Schema } from '../../api/client.ts';
import { Hint } from '../../components/Hint.tsx';
import type { LimitsStatus } from '../../components/limits/LimitGauges.tsx';
import { FirstLine, scopeBudgetLines, scopeLimitLines } from '../../components/limits/LimitsAsSet.tsx';
import { StandingBadge } from '../../components/limits/StandingBadge.tsx';
import cells from '../../components/list/cells.module.css';
import type { ListColumn } from '../../components/list/column.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { words } from './words.ts';

type Key = Schema<'Key'>;

/** Returns the columns of a list of keys. `withPlace` adds the team, for lists of several teams. */
export function keyColumns({ withPlace }: { withPlace: boolean }): ListColumn<Key>[] {
  const place: ListColumn<Key> = {
    accessor: 'team_name',
    title: words.team,
    phone: { fact: 2 },
    render: (key) => <Place of={key} />,
  };
  return [
    { accessor: 'name', title: words.name, sortable: true, phone: 'title', render: (key) => <Name of={key} /> },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: (key) => <KeyStatus of={key} /> },
    { accessor: 'owner', title: words.owner, render: ({ owner }) => <Owner of={owner} /> },
    ...(withPlace ? [place] : []),
    {
      accessor: 'budgets',
      title: words.budget,
      render: (key) => <FirstLine lines={scopeBudgetLines(key)} none={words.noBudget} />,
    },
    {
      accessor: 'rate_limits',
      title: words.limits,
      render: (key) => <FirstLine lines={scopeLimitLines(key)} none={words.noLimit} />,
    },
    {
      accessor: 'last_used_at',
      title: words.lastUsed,
      phone: { fact: 3, isNamed: true },
      render: (key) => <Time at={key.last_used_at} relative />,
    },
    { accessor: 'created_at', title: words.created, sortable: true, render: (key) => <Time at={key.created_at} relative /> },
  ];
}

function Name({ of: key }: { of: Key }) {
  return (
    <div className={cells.stack} style={{ maxWidth: 280 }}>
      <PageLink
        at={links.key(key.id)}
        data-truncate
        className={`mantine-Anchor-root ${cells.name}`}
        style={{ fontWeight: 500 }}
        onClick={(event) => event.stopPropagation()}
      >
        <bdi>{key.name}</bdi>
      </PageLink>
      <span className={`${cells.small} mono nowrap`}>
        {key.kind === 'api' ? `${key.prefix}…${key.last_four}` : words.kinds[key.kind]}
      </span>
    </div>
  );
}

interface KeyStatusProps {
  readonly of: Pick<Key, 'status' | 'expires_at'>;
  /** The live use of its limits, where it is shown beside the status. */
  readonly live?: LimitsStatus | null;
}

/** The status of a key. Requests with an expired key are refused like those with a revoked one, so this shows `expired`. */
export function KeyStatus({ of: { status, expires_at }, live }: KeyStatusProps) {
  const isExpired = expires_at !== null && new Date(expires_at).getTime() <= Date.now();
  return (
    <Group gap={6} wrap="nowrap">
      <StandingBadge lifecycle={status === 'active' && isExpired ? 'expired' : status} live={live} isWordy />
      {status === 'active' && expires_at !== null && !isExpired && (
        <Text fz="xs" c="dimmed" className="nowrap">
          {words.expiresBeforeTime} <Time at={expires_at} relative />
        </Text>
      )}
    </Group>
  );
}

export function Owner({ of: owner }: { of: Key['owner'] }) {
  const isPerson = owner.member_id !== null;
  const Icon = isPerson ? IconUser : IconRobot;
  return (
    <div className={cells.side}>
      <Hint label={isPerson ? words.aPerson : words.aServiceAccount}>
        <Icon size={15} stroke={1.7} aria-label={isPerson ? words.person : words.serviceAccount} style={{ flexShrink: 0 }} />
      </Hint>
      <span data-truncate className={`${cells.text} ${cells.cut}`} style={{ maxWidth: 180 }}>
        <bdi>{owner.name}</bdi>
      </span>
    </div>
  );
}

function Place({ of: key }: { of: Key }) {
  return (
    <div className={cells.stack} style={{ maxWidth: 220 }}>
      <span data-truncate className={`${cells.text} ${cells.cut}`}>
        <bdi>{key.team_name}</bdi>
      </span>
      <span data-truncate className={`${cells.small} ${cells.cut}`}>
        <bdi>{key.organization_name}</bdi>
      </span>
    </div>
  );
}
