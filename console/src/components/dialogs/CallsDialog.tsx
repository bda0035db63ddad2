import { Modal, Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { CallList } from './CallList.tsx';
import { words } from './words.ts';

interface CallsDialogProps {
  readonly calls: Schema<'CredentialTest'>['calls'];
  readonly onClose: () => void;
}

/** The calls of a test that is over. */
export function CallsDialog({ calls, onClose }: CallsDialogProps) {
  return (
    <Modal opened onClose={onClose} size="xl" title={words.callsOfTheTest} closeButtonProps={{ 'aria-label': words.close }}>
      <Stack gap="md">
        <Text fz="sm" c="dimmed">
          {words.callsMean}
        </Text>
        <CallList calls={calls} />
      </Stack>
    </Modal>
  );
}
