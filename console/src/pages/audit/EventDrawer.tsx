import { Drawer, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { actionWords } from './action-words.ts';
import { ChainBadge } from './ChainBadge.tsx';
import { DiffTable } from './DiffTable.tsx';
import type { OpenedEvent } from './useOpenedEvent.ts';
import { words } from './words.ts';

type AuditEvent = Schema<'AuditEvent'>;

interface EventDrawerProps {
  /** The organization whose chain it is, unless the address names one. Absent: the platform's chain. */
  readonly organizationId: string | undefined;
  readonly opened: OpenedEvent;
}

/** One event in full: who did it, from where, why, and what it changed. */
export function EventDrawer({ organizationId: shown, opened: { seq, chain, close } }: EventDrawerProps) {
  const organizationId = chain === undefined ? shown : chain === 'platform' ? undefined : chain;
  const event = useQuery({
    queryKey: ['audit-event', organizationId ?? 'platform', seq],
    queryFn: () => eventAt(organizationId, Number(seq)),
    enabled: seq !== undefined,
    // A stored event never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Drawer
      opened={seq !== undefined}
      onClose={close}
      position="right"
      size="xl"
      title={event.data === undefined ? words.event : actionWords(event.data.action)}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {seq !== undefined && <Asked query={event}>{(found) => <EventFacts event={found} />}</Asked>}
    </Drawer>
  );
}

async function eventAt(organizationId: string | undefined, seq: number): Promise<AuditEvent> {
  const chain = organizationId === undefined ? {} : { organization_id: organizationId };
  const isPosition = Number.isSafeInteger(seq) && seq > 0;
  const data = isPosition ? (await asked(api.GET('/audit-events', { params: { query: { ...chain, seq } } }))).data : [];
  const [event] = data;
  if (event === undefined) throw new Problem(404, words.noSuchEvent);
  return event;
}

function EventFacts({ event }: { event: AuditEvent }) {
  return (
    <Stack gap="md">
      <div>
        <Text fz="sm">
          <b>
            <bdi>{event.actor.name}</bdi>
          </b>{' '}
          {words.kindAt(event.actor.kind)} <Time at={event.at} seconds />
        </Text>
        <Text fz="sm">
          {wordOf(event.object.type)} <bdi>{event.object.name ?? ''}</bdi>
        </Text>
        {event.reason !== null && <Text fz="sm">{words.reasonGiven(event.reason)}</Text>}
      </div>
      <DiffTable before={event.before} after={event.after} />
      <Stack gap={2} fz="xs" c="dimmed">
        <Line name={words.object}>
          <CopyText text={event.object.id} label={words.objectId} />
        </Line>
        <Line name={words.actor}>
          <CopyText text={event.actor.id} label={words.actorId} />
        </Line>
        {event.ip !== null && <Line name={words.ipAddress}>{event.ip}</Line>}
        {event.request_id !== null && (
          <Line name={words.request}>
            <CopyText text={event.request_id} label={words.requestId} />
          </Line>
        )}
        <Line name={words.chain}>
          <ChainBadge organizationId={event.organization_id ?? undefined} />
        </Line>
        <Line name={words.event}>
          {words.numberAndHash(event.seq)} <CopyText text={event.hash} label={words.hash} />
        </Line>
      </Stack>
    </Stack>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Text fz="xs" component="div" style={{ overflowWrap: 'anywhere' }}>
      {name}: {children}
    </Text>
  );
}
