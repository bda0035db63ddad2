import { useBlocker } from '@tanstack/react-router';

const QUESTION = 'There are changes here that are not saved. Leave and lose them?';

/** While something is unsaved, leaving the page asks first: by a link, by Back, or by closing the tab. */
export function useUnsavedGuard(isUnsaved: boolean): void {
  useBlocker({ shouldBlockFn: () => isUnsaved && !window.confirm(QUESTION), enableBeforeUnload: () => isUnsaved });
}

/** The same question for a dialog that is about to be closed. */
export function mayClose(isUnsaved: boolean): boolean {
  return !isUnsaved || window.confirm(QUESTION);
}
