import { useRef } from 'react';
import { useUnsavedGuard } from '../../components/dialogs/useUnsavedGuard.ts';

/** Asks before what was typed in a step is left behind. The function it returns says that it is saved, before the step goes on by itself. */
export function useStepGuard(isTyped: boolean): () => void {
  const isSaved = useRef(false);
  useUnsavedGuard(() => isTyped && !isSaved.current);
  return () => {
    isSaved.current = true;
  };
}
