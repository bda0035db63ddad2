import { Drawer, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyText } from '../../components/CopyText.tsx';
import { Time } from '../../components/Time.tsx';
import type { AuditRow } from './audit-row.ts';
import { DiffTable } from './DiffTable.tsx';
import { actionWords } from './words.ts';

/** One event in full: who did it, from where, why, and what it changed. */
export function EventDrawer({ event, onClose }: { event: AuditRow | null; onClose: () => void }) {
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="xl"
      title={event === null ? '' : actionWords(event.action)}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {event !== null && (
        <Stack gap="md">
          <div>
            <Text fz="sm">
              <b>
                <bdi>{event.actor.name}</bdi>
              </b>{' '}
              ({event.actor.kind.replaceAll('_', ' ')}) at <Time at={event.at} seconds />
            </Text>
            <Text fz="sm">
              {event.object.type.replaceAll('_', ' ')} <bdi>{event.object.name ?? ''}</bdi>
            </Text>
            {event.reason !== null && <Text fz="sm">Reason: {event.reason}</Text>}
          </div>
          <DiffTable before={event.before} after={event.after} />
          <Stack gap={2} fz="xs" c="dimmed">
            <Line name="Object">
              <CopyText text={event.object.id} label="object id" />
            </Line>
            <Line name="Actor">
              <CopyText text={event.actor.id} label="actor id" />
            </Line>
            {event.ip !== null && <Line name="Address">{event.ip}</Line>}
            {event.request_id !== null && (
              <Line name="Request">
                <CopyText text={event.request_id} label="request id" />
              </Line>
            )}
            <Line name="Event">
              {event.seq} in its chain, hash <CopyText text={event.hash} label="hash" />
            </Line>
          </Stack>
        </Stack>
      )}
    </Drawer>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Text fz="xs" component="div" style={{ overflowWrap: 'anywhere' }}>
      {name}: {children}
    </Text>
  );
}
