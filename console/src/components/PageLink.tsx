import { Link, useNavigate } from '@tanstack/react-router';
import { type ComponentPropsWithRef, useCallback } from 'react';
import type { PageAddress } from '../links.ts';

interface PageLinkProps extends Omit<ComponentPropsWithRef<'a'>, 'href'> {
  readonly at: PageAddress;
}

/** A link to a page of the console, for `component={PageLink}` of an Anchor, a Button or a Menu.Item. */
export function PageLink({ at, ...rest }: PageLinkProps) {
  return <Link {...rest} to={at.to} search={() => ({ ...at.search })} />;
}

/** Returns a function that opens a page. `replace` leaves no entry in the history. */
export function useOpenPage(): (at: PageAddress, how?: 'push' | 'replace') => Promise<void> {
  const navigate = useNavigate();
  return useCallback(
    (at, how = 'push') => navigate({ to: at.to, search: () => ({ ...at.search }), replace: how === 'replace' }),
    [navigate],
  );
}
