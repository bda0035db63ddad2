import { Button, Group, Modal, Stack } from '@mantine/core';
import { KeySecret } from '../../components/dialogs/KeySecret.tsx';

interface SecretDialogProps {
  readonly title: string;
  readonly keyId: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** Shows a secret until the person confirms that they have it. Neither a click beside the dialog nor Esc closes it. */
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
