import { Button, Group, Modal, Stack } from '@mantine/core';
import { KeySecret } from '../../components/dialogs/KeySecret.tsx';

interface SecretDialogProps {
  readonly title: string;
  readonly keyId: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** A secret stays until the person says they have it: no click beside it and no Esc takes it away. */
export function SecretDialog({ title, keyId, secret, onClose }: SecretDialogProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="xl"
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack gap="md">
        <KeySecret keyId={keyId} secret={secret} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            I have stored it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
