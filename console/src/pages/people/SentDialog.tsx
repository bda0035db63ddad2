import { Button, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { Schema } from '../../api/client.ts';
import { Time } from '../../components/Time.tsx';

/** The link of an invitation, the one time it is shown: to hand over where no mail was sent, or besides it. */
export function SentDialog({ of: sent, onClose }: { of: Schema<'SentInvitation'>; onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${sent.email} is invited`}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        <Text fz="sm">
          {sent.mailed
            ? 'The invitation was sent by e-mail. This is its link, should it not arrive.'
            : 'No e-mail was sent. Hand this link over yourself: it is shown now and never again.'}{' '}
          It works once, for this address only, until <Time at={sent.expires_at} />.
        </Text>
        <Group align="flex-end" gap="xs" wrap="nowrap">
          <TextInput
            label="Link"
            flex={1}
            readOnly
            value={sent.link}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton value={sent.link} timeout={2_000}>
            {({ copied, copy }) => (
              <Button
                data-autofocus
                onClick={copy}
                miw={110}
                leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
