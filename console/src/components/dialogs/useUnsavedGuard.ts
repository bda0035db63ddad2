import { useBlocker } from '@tanstack/react-router';

const QUESTION = 'You have unsaved changes. Leave this page and lose them?';

/**
 * Asks before the person leaves the page with unsaved changes: by a link, by Back, or by closing the tab. A function is called at
 * that moment, for pages that navigate as soon as they have saved.
 */
export function useUnsavedGuard(isUnsaved: boolean | (() => boolean)): void {
  const isLost = () => (typeof isUnsaved === 'function' ? isUnsaved() : isUnsaved);
  useBlocker({ shouldBlockFn: () => isLost() && !window.confirm(QUESTION), enableBeforeUnload: isLost });
}

/** Asks the same question before a dialog closes. Returns true if it may close. */
export function mayClose(isUnsaved: boolean): boolean {
  return !isUnsaved || window.confirm(QUESTION);
}
