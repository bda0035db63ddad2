import { Anchor, Stack, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Counted } from '../../api/attempts.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { Time } from '../../components/Time.tsx';
import { durationText, rateText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';
import { causeOf } from '../requests/attempt-words.ts';
import { countedText } from './health.tsx';
import { words } from './words.ts';

type Row = Counted & { readonly id: string };

/** The columns of a list of deployments that show their attempts of the last hour: errors, time to answer, and the last error. */
export const attemptColumns: ListColumn<Row>[] = [
  {
    accessor: 'error_rate',
    title: words.errors,
    sortable: true,
    textAlign: 'right',
    phone: { fact: 4, isNamed: true },
    render: (row) => <ErrorRate row={row} />,
  },
  {
    accessor: 'latency',
    title: words.timeToAnswer,
    textAlign: 'right',
    render: (row) => <Latency row={row} />,
  },
  {
    accessor: 'last_error',
    title: words.lastError,
    render: (row) => <LastError row={row} />,
  },
];

function ErrorRate({ row: { attempts } }: { row: Row }) {
  if (attempts.error_rate === null) return <None why={countedText(attempts)} />;
  return (
    <Tooltip label={countedText(attempts)}>
      <Stack gap={0} align="flex-end">
        <Text component="span" fz="sm" className="nowrap">
          {rateText(attempts.error_rate)}
        </Text>
        <Text component="span" fz="xs" c="dimmed" className="nowrap">
          {words.errorsOf(attempts.errors, attempts.attempts)}
        </Text>
      </Stack>
    </Tooltip>
  );
}

function Latency({ row: { attempts } }: { row: Row }) {
  const { p50_ms: half, p95_ms: most } = attempts;
  if (half === null || most === null) return <None why={words.noAnswerLastHour} />;
  return (
    <Tooltip label={words.latencies(half, most)}>
      <Stack gap={0} align="flex-end">
        <Text component="span" fz="sm" className="nowrap">
          {durationText(half)}
        </Text>
        <Text component="span" fz="xs" c="dimmed" className="nowrap">
          {words.p95(most)}
        </Text>
      </Stack>
    </Tooltip>
  );
}

/** The kind, status and time of the last error. Never the provider's words: a list is read over shoulders. */
function LastError({ row: { attempts } }: { row: Row }) {
  const error = attempts.last_error;
  if (error === null) return <None why={words.noneKnown} />;
  const facts = [error.code, error.status].filter((fact) => fact !== null);
  return (
    <Stack gap={0}>
      {facts.length === 0 ? (
        <Text component="span" fz="sm" c="dimmed" className="nowrap">
          {words.detailsExpired}
        </Text>
      ) : (
        <Tooltip label={causeOf(error) ?? words.openTheRequest}>
          <Anchor
            component={Link}
            to={PATHS.request.replace('$requestId', error.request_id)}
            fz="sm"
            className="nowrap"
            onClick={(event) => event.stopPropagation()}
          >
            {facts.join(' · ')}
          </Anchor>
        </Tooltip>
      )}
      <Text component="span" fz="xs" c="dimmed" className="nowrap">
        <Time at={error.time} relative />
      </Text>
    </Stack>
  );
}

function None({ why }: { why: string }) {
  return (
    <Tooltip label={why}>
      <Text component="span" c="dimmed">
        –
      </Text>
    </Tooltip>
  );
}
