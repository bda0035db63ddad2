import { modals } from '@mantine/modals';
import { useBlocker } from '@tanstack/react-router';
import { words } from './words.ts';

let open: Promise<boolean> | null = null;

/**
 * Asks whether unsaved changes may be lost. Resolves to true if the person discards them. While the question is open, others who
 * ask get the same answer.
 */
export function mayLose(): Promise<boolean> {
  open ??= ask();
  return open;
}

/**
 * Asks before the person leaves the page with unsaved changes: by a link, by Back, or by closing the tab. For the tab, the
 * browser shows its own question. A function is called at that moment, for pages that navigate as soon as they have saved.
 */
export function useUnsavedGuard(isUnsaved: boolean | (() => boolean)): void {
  const isLost = () => (typeof isUnsaved === 'function' ? isUnsaved() : isUnsaved);
  useBlocker({ shouldBlockFn: async () => isLost() && !(await mayLose()), enableBeforeUnload: isLost });
}

function ask(): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => {
    modals.openConfirmModal({
      title: words.discardUnsavedChanges,
      children: words.changesNotSaved,
      labels: { confirm: words.discardChanges, cancel: words.keepEditing },
      confirmProps: { color: 'red' },
      cancelProps: { 'data-autofocus': true },
      closeButtonProps: { 'aria-label': words.keepEditing },
      onConfirm: () => resolve(true),
      onClose: () => resolve(false),
    });
  });
  // The Escape that closes the question also reaches the dialog below it. It must not ask again.
  void answer.then(() =>
    setTimeout(() => {
      open = null;
    }, 0),
  );
  return answer;
}
