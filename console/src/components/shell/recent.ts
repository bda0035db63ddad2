import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useName } from '../../api/names.ts';
import { objectAt } from './addresses.ts';

/** An object that was opened lately, with what it takes to find it again. */
export interface Recent {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly to: string;
}

const KEPT = 8;
/** Of this tab alone: on a shared machine the next person does not see what the one before looked at. */
const PLACE = 'headgate-recent';

/** What was opened lately in this tab, the latest first. */
export function recentObjects(): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');
    return Array.isArray(kept) ? (kept as Recent[]) : [];
  } catch {
    // Storage can be forbidden, and what stands there can be anybody's: then there is nothing recent.
    return [];
  }
}

export function remember(object: Recent): void {
  const others = recentObjects().filter(({ to }) => to !== object.to);
  try {
    sessionStorage.setItem(PLACE, JSON.stringify([object, ...others].slice(0, KEPT)));
  } catch {
    // Without storage nothing is remembered, and nothing else is lost.
  }
}

/** Remembers each object whose page is opened, as soon as its name is known. */
export function useRememberOpened(): void {
  const { pathname } = useLocation();
  const object = objectAt(pathname);
  const known = useName(object?.id);
  const name = object?.kind === 'request' ? object.id : known;
  const { kind, id } = object ?? {};
  useEffect(() => {
    if (kind !== undefined && id !== undefined && name !== null) remember({ kind, id, name, to: pathname });
  }, [kind, id, name, pathname]);
}
