import { useBlocker } from '@tanstack/react-router';

const QUESTION = 'There are changes here that are not saved. Leave and lose them?';

/**
 * While something is unsaved, leaving the page asks first: by a link, by Back, or by closing the tab. A function is asked at that moment,
 * for pages that leave by themselves as soon as they have saved.
 */
export function useUnsavedGuard(isUnsaved: boolean | (() => boolean)): void {
  const isLost = () => (typeof isUnsaved === 'function' ? isUnsaved() : isUnsaved);
  useBlocker({ shouldBlockFn: () => isLost() && !window.confirm(QUESTION), enableBeforeUnload: isLost });
}

/** The same question for a dialog that is about to be closed. */
export function mayClose(isUnsaved: boolean): boolean {
  return !isUnsaved || window.confirm(QUESTION);
}
