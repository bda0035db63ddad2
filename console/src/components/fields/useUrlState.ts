import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

export type UrlState = Readonly<Record<string, string | undefined>>;

/**
 * The page's state as it stands in the address: filters, tab, order, place in a list. Setting a value to undefined or '' takes it out.
 * Changes replace the history entry unless `push` is said, so that Back leaves the page and does not undo letters typed.
 */
export function useUrlState(): readonly [UrlState, (changes: UrlState, how?: 'push' | 'replace') => void] {
  const state = useSearch({ strict: false }) as UrlState;
  const navigate = useNavigate();
  const set = useCallback(
    (changes: UrlState, how: 'push' | 'replace' = 'replace') => {
      const next = (before: UrlState) => withoutEmpty({ ...before, ...changes });
      void navigate({ to: '.', search: next as never, replace: how === 'replace' });
    },
    [navigate],
  );
  return [state, set];
}

function withoutEmpty(state: UrlState): UrlState {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined && value !== ''));
}
