import { useNavigate, useRouter } from '@tanstack/react-router';
import { type ComponentPropsWithRef, type MouseEvent, type PointerEvent, useCallback } from 'react';
import type { PageAddress } from '../links.ts';
import { afterPaint } from './after-paint.ts';

interface PageLinkProps extends Omit<ComponentPropsWithRef<'a'>, 'href'> {
  readonly at: PageAddress;
}

/**
 * A link to a page of the console, for `component={PageLink}` of an Anchor, a Button or a Menu.Item. Unlike the router's own, it
 * does not follow the address: a list has 200 of them, and the address changes with each letter of a search.
 */
export function PageLink({ at, onClick, onPointerEnter, ...rest }: PageLinkProps) {
  const router = useRouter();
  const destination = { to: at.to, search: () => ({ ...at.search }) };
  const open = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || isForBrowser(event, rest.target)) return;
    event.preventDefault();
    afterPaint(() => void router.navigate(destination));
  };
  // What the page needs is loaded while the mouse is on its way.
  const prepare = (event: PointerEvent<HTMLAnchorElement>) => {
    onPointerEnter?.(event);
    void router.preloadRoute(destination).catch(() => undefined);
  };
  return <a {...rest} href={router.buildLocation(destination).href} onClick={open} onPointerEnter={prepare} />;
}

/** Reports whether a click opens another tab or window. */
function isForBrowser({ button, metaKey, altKey, ctrlKey, shiftKey }: MouseEvent, target: string | undefined): boolean {
  return button !== 0 || metaKey || altKey || ctrlKey || shiftKey || (target !== undefined && target !== '_self');
}

/** Returns a function that opens a page. `replace` leaves no entry in the history. */
export function useOpenPage(): (at: PageAddress, how?: 'push' | 'replace') => Promise<void> {
  const navigate = useNavigate();
  return useCallback(
    (at, how = 'push') => navigate({ to: at.to, search: () => ({ ...at.search }), replace: how === 'replace' }),
    [navigate],
  );
}
