import { IconClockHour4 } from '@tabler/icons-react';
import { wordOf } from '../../StatusBadge.tsx';
import { recentObjects } from '../recent.ts';
import type { Go, Offer } from './offer.ts';

/** Returns the objects that were recently opened, while nothing is typed. */
export function recentOffers(wanted: string, go: Go): readonly Offer[] {
  if (wanted !== '') return [];
  return recentObjects().map(({ kind, name, to }) => ({
    key: to,
    label: name,
    description: wordOf(kind),
    icon: IconClockHour4,
    run: () => go(to),
  }));
}
