import { SCOPE } from '../shell/scope.ts';
import { type UrlState, useUrlState } from './useUrlState.ts';

/**
 * Returns the chosen tab of a page and a function that changes it. The tab is in the address as `param`; without it, and with a tab
 * that the page does not have, the first one is open. Another tab removes everything from the address but the scope and what
 * `keep` names, because it has other filters.
 */
export function useTab(
  tabs: readonly { readonly value: string }[],
  keep: readonly string[] = [],
  param = 'tab',
): readonly [string, (value: string | null) => void] {
  const [state, set] = useUrlState();
  const first = tabs[0]?.value ?? '';
  const tab = tabs.find(({ value }) => value === state[param])?.value ?? first;
  const choose = (value: string | null) => {
    const removed = Object.keys(state).filter((name) => name !== SCOPE && !keep.includes(name));
    const cleared: UrlState = Object.fromEntries(removed.map((name) => [name, undefined]));
    set({ ...cleared, [param]: value === null || value === first ? undefined : value }, 'push');
  };
  return [tab, choose];
}
