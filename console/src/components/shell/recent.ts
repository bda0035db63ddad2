import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { usePlacedName } from '../../api/names.ts';
import { secondsText } from '../../numbers/times.ts';
import { objectAt } from './addresses.ts';

/** A recently opened object, with what is needed to find it again. */
export interface Recent {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly to: string;
}

const KEPT = 8;
/** The storage key. Session storage belongs to one tab, so the next person at a shared machine does not see it. */
const PLACE = 'headgate-recent';

/** Returns the objects recently opened in this tab, the latest first. */
export function recentObjects(): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');
    return Array.isArray(kept) ? (kept as Recent[]) : [];
  } catch {
    // The browser can forbid storage, and other code can write to it. Then nothing is recent.
    return [];
  }
}

export function remember(object: Recent): void {
  const others = recentObjects().filter(({ to }) => to !== object.to);
  try {
    sessionStorage.setItem(PLACE, JSON.stringify([object, ...others].slice(0, KEPT)));
  } catch {
    // Without storage nothing is remembered, which does no other harm.
  }
}

/** Remembers each object whose page is opened, as soon as its name is known. */
export function useRememberOpened(): void {
  const { pathname } = useLocation();
  const object = objectAt(pathname);
  const known = usePlacedName(object?.id);
  const name = object?.kind === 'request' ? requestName(object.id) : known;
  const { kind, id } = object ?? {};
  useEffect(() => {
    if (kind !== undefined && id !== undefined && name != null) remember({ kind, id, name, to: pathname });
  }, [kind, id, name, pathname]);
}

/** Returns the time of a request, which is the first part of its id, and the id's end. An id that is none of ours stays as it is. */
function requestName(id: string): string {
  const ms = /^req_([0-9a-f]{12})[0-9a-f]{20}$/.exec(id)?.[1];
  return ms === undefined ? id : `${secondsText(new Date(Number.parseInt(ms, 16)))} · …${id.slice(-6)}`;
}
