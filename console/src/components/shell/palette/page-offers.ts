import type { Session } from '../../../api/session.tsx';
import { navigationFor } from '../navigation.ts';
import { tabPlaces } from '../places.ts';
import { type Go, matches, type Offer } from './offer.ts';

/** Returns the pages of the navigation, and their tabs once something is typed. */
export function pageOffers(wanted: string, session: Session, go: Go): readonly Offer[] {
  const entries = navigationFor(session).flatMap(({ entries }) => entries);
  const pages = entries
    .filter(({ label }) => matches(label, wanted))
    .map(({ label, to, icon }) => ({ key: to, label, icon, run: () => go(to) }));
  if (wanted === '') return pages;
  const tabs = tabPlaces(session).flatMap(({ label, to, tab }) => {
    const icon = entries.find((entry) => entry.to === to)?.icon;
    if (icon === undefined || !matches(label, wanted)) return [];
    return [{ key: `${to} ${tab}`, label, icon, run: () => go(to, { tab }) }];
  });
  return [...pages, ...tabs];
}
