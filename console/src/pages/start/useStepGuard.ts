import { useRef } from 'react';
import { useUnsavedGuard } from '../../components/dialogs/useUnsavedGuard.ts';

/**
 * Asks before the person leaves a step with unsaved input. Call the returned function after saving, before the step changes by
 * itself.
 */
export function useStepGuard(isTyped: boolean): () => void {
  const isSaved = useRef(false);
  useUnsavedGuard(() => isTyped && !isSaved.current);
  return () => {
    isSaved.current = true;
  };
}
