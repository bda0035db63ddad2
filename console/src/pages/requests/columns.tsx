import { Anchor, Group, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { Hint } from '../../components/Hint.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText, durationText } from '../../numbers/numbers.ts';
import { CODE_WORDS } from './codes.ts';
import { words } from './words.ts';

export type Request = Schema<'Request'>;

/** Returns the columns of the request log. `showOrganization` adds the organization, for lists of several. */
export function requestColumns({ showOrganization }: { showOrganization: boolean }): ListColumn<Request>[] {
  return [
    { accessor: 'time', title: words.time, phone: 'title', render: (row) => <When row={row} />, noWrap: true },
    { accessor: 'status', title: words.status, phone: 'menu', render: (row) => <Ending row={row} />, noWrap: true },
    { accessor: 'code', title: words.code, phone: { fact: 5 }, noWrap: true, render: (row) => <Code row={row} /> },
    { accessor: 'model', title: words.model, phone: { fact: 1 }, render: (row) => <Model row={row} /> },
    ...(showOrganization
      ? [{ accessor: 'organization_id', title: words.organization, render: (row: Request) => <Named id={row.organization_id} /> }]
      : []),
    { accessor: 'team_id', title: words.team, render: (row) => <Named id={row.team_id} /> },
    { accessor: 'end_user', title: words.endUser, render: (row) => <Chosen name={row.end_user} />, visibleMediaQuery: WIDE },
    {
      accessor: 'client',
      title: words.client,
      render: (row) => <Chosen name={row.client === 'other' ? null : row.client} />,
      visibleMediaQuery: WIDE,
    },
    { accessor: 'key_id', title: words.key, phone: { fact: 6 }, render: (row) => <Named id={row.key_id} /> },
    { accessor: 'total_tokens', title: words.tokens, textAlign: 'right', render: (row) => <Tokens row={row} /> },
    { accessor: 'spend', title: words.spend, phone: { fact: 3 }, textAlign: 'right', render: (row) => <Spend row={row} /> },
    {
      accessor: 'latency',
      title: words.latency,
      phone: { fact: 4 },
      textAlign: 'right',
      noWrap: true,
      render: (row) => <Latency row={row} />,
    },
  ];
}

/** Screens with room for what fewer people look for. */
const WIDE = '(min-width: 100em)';

/** A name that the caller chose. It may be long. */
function Chosen({ name }: { name: string | null }) {
  if (name === null) return <Text c="dimmed">–</Text>;
  return (
    <Text component="span" inherit truncate maw={160} display="block">
      <bdi>{name}</bdi>
    </Text>
  );
}

function When({ row }: { row: Request }) {
  return (
    <Anchor component={PageLink} at={links.request(row.id)} inherit onClick={(event) => event.stopPropagation()}>
      <Time at={row.time} seconds />
    </Anchor>
  );
}

function Ending({ row }: { row: Request }) {
  return (
    <Group gap={6} wrap="nowrap">
      <StatusBadge status={row.status} />
      {row.count > 1 && <Text fz="xs">×{countText(row.count)}</Text>}
    </Group>
  );
}

function Code({ row }: { row: Request }) {
  if (row.code === null) return null;
  return (
    <Hint label={CODE_WORDS[row.code] ?? words.httpCode(row.http_status, row.code, row.param === null ? '' : ` (${row.param})`)}>
      <Text component="span" fz="xs" c="dimmed" className="mono">
        {ruleOrCode(row)}
      </Text>
    </Hint>
  );
}

/** Returns the name of the limit that refused a request, or else the code. The name says more than the code. */
function ruleOrCode({ param, code }: Request): string | null {
  return param !== null && /^(org|team|user|key)_/.test(param) ? param : code;
}

function Model({ row }: { row: Request }) {
  return (
    <Text component="span" inherit className="nowrap">
      <bdi>{row.model ?? '–'}</bdi>
      {row.stream && (
        <Text component="span" fz="xs" c="dimmed">
          {' '}
          {words.stream}
        </Text>
      )}
    </Text>
  );
}

function Tokens({ row }: { row: Request }) {
  if (row.total_tokens === 0) return <Text c="dimmed">–</Text>;
  const input = row.input_tokens + row.cached_input_tokens + row.cache_write_tokens;
  return (
    <Hint label={words.inAndOut(countText(input), countText(row.cached_input_tokens), countText(row.total_tokens - input))}>
      <span>{countText(row.total_tokens)}</span>
    </Hint>
  );
}

function Spend({ row }: { row: Request }) {
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      {row.partly_priced && <PartlyPriced units={{}} />}
      <Money usd={row.spend} />
    </Group>
  );
}

function Latency({ row: { latency } }: { row: Request }) {
  const gatewayMs = latency.gateway_us / 1_000;
  return (
    <Hint label={words.gatewayAndProvider(durationText(gatewayMs), latency.provider_ms)}>
      <span>{durationText(gatewayMs + (latency.provider_ms ?? 0))}</span>
    </Hint>
  );
}
