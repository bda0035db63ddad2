import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import { saved } from './saved.ts';
import { words } from './words.ts';

/** Enough time to read the notification and to reach its button with the keyboard. */
const SHOWN_MS = 10_000;

/** Notifies that something was done, with a button that calls `undo`. Then reports whether the undo worked. */
export function doneWithUndo(message: ReactNode, undo: () => Promise<unknown>): void {
  const id = notifications.show({
    color: 'green',
    autoClose: SHOWN_MS,
    message: (
      <Group gap="sm" justify="space-between" wrap="nowrap">
        <Text fz="sm">{message}</Text>
        <Button size="compact-sm" variant="light" flex="none" onClick={() => takeBack(id, undo)}>
          {words.undo}
        </Button>
      </Group>
    ),
  });
}

function takeBack(id: string, undo: () => Promise<unknown>): void {
  notifications.hide(id);
  undo().then(
    () => saved(words.undone),
    (error: Error) => notifications.show({ color: 'red', title: words.notUndone, message: error.message }),
  );
}
