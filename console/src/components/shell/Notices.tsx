import '@mantine/notifications/styles.layer.css';
import { useNotifications } from '@mantine/notifications';
import { lazy, Suspense, startTransition, useEffect, useState } from 'react';

const IDLE_MS = 1_000;
const load = () => import('./NoticeList.tsx');
const NoticeList = lazy(() => load().then((loaded) => ({ default: loaded.NoticeList })));

/**
 * The place of notifications. What shows them is loaded when the person first uses the page, before there is one: without the
 * gateway it could not be loaded any more, and they would not see why something failed.
 */
export function Notices() {
  const [isUsed, setUsed] = useState(false);
  const { notifications } = useNotifications();
  useEffect(() => {
    // Not in the way of what the person has just done.
    const use = () => setTimeout(() => startTransition(() => setUsed(true)), IDLE_MS);
    const events = ['pointerdown', 'keydown'] as const;
    for (const event of events) addEventListener(event, use, { once: true, capture: true });
    return () => {
      for (const event of events) removeEventListener(event, use, { capture: true });
    };
  }, []);
  if (!isUsed && notifications.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <NoticeList />
    </Suspense>
  );
}
