import { Button, Group, Modal, type ModalProps, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { words } from './words.ts';

interface SecretDialogProps {
  readonly title: string;
  readonly size?: ModalProps['size'];
  /** The label of the button that closes the dialog. */
  readonly done?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/**
 * Shows what the server returns only once, until the person confirms that they have it. Neither a click beside the dialog nor Esc
 * closes it.
 */
export function SecretDialog({ title, size = 'lg', done = words.iHaveStoredIt, onClose, children }: SecretDialogProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack gap="md">
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {done}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
