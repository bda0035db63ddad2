import { IconCornerDownRight } from '@tabler/icons-react';
import { PATHS } from '../../../paths.ts';
import { words } from '../words.ts';
import type { Go, Offer } from './offer.ts';

/** Returns the request whose whole id was typed. */
export function requestOffers(wanted: string, go: Go): readonly Offer[] {
  if (!/^req_[0-9a-f]{32}$/.test(wanted)) return [];
  const run = () => go(PATHS.request.replace('$requestId', wanted));
  return [{ key: wanted, label: words.openRequest(wanted), icon: IconCornerDownRight, run }];
}
