import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

/** The open page. As a plain text, because the router would look up the parameters of a page that it knows. */
const HERE: string = '.';

export type UrlState = Readonly<Record<string, string | undefined>>;

/**
 * Returns the page's state in the address (filters, tab, order, place in a list) and a function that changes it. A value of
 * undefined or '' is removed. Changes replace the history entry unless `push` is given, so that Back leaves the page and does not
 * undo typed letters.
 */
export function useUrlState(): readonly [UrlState, (changes: UrlState, how?: 'push' | 'replace') => void] {
  const state = useSearch({ strict: false }) as UrlState;
  const navigate = useNavigate();
  const set = useCallback(
    (changes: UrlState, how: 'push' | 'replace' = 'replace') => {
      // A value that is removed must be named: the router keeps the scope of pages unless it is.
      const next = (before: UrlState) => ({ ...before, ...withoutEmpty(changes) });
      void navigate({ to: HERE, search: next, replace: how === 'replace' });
    },
    [navigate],
  );
  return [state, set];
}

function withoutEmpty(changes: UrlState): UrlState {
  return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value === '' ? undefined : value]));
}
