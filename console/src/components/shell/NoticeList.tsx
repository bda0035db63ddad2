import { Notifications } from '@mantine/notifications';

/** The notifications, each until it is closed or its time is over. */
export function NoticeList() {
  return <Notifications position="bottom-right" />;
}
