import { notifications } from '@mantine/notifications';

const SHOWN_MS = 4_000;

/** Notifies briefly that something was done. */
export function saved(message: string): void {
  notifications.show({ message, color: 'green', autoClose: SHOWN_MS });
}
