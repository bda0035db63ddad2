import { useUrlState } from '../fields/useUrlState.ts';

/**
 * Returns which of a page's dialogs is open, and a function that opens one or closes it (null). It is in the address as `do`, so
 * that the command palette and links can open it. A name that the page does not have opens nothing.
 */
export function useDialog<Name extends string>(names: readonly Name[]): readonly [Name | null, (name: Name | null) => void] {
  const [state, set] = useUrlState();
  const open = names.find((name) => name === state.do) ?? null;
  const show = (name: Name | null) => set({ do: name ?? undefined }, name === null ? 'replace' : 'push');
  return [open, show];
}
