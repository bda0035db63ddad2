import { useQueryClient } from '@tanstack/react-query';
import { saved } from './saved.ts';

interface Confirmed<T> {
  readonly make: (subject: T) => Promise<unknown>;
  /** The sentence that says it was done. */
  readonly said: (subject: T) => string;
  /** The first part of the query key of the list. */
  readonly list: string;
}

/** Returns the action of a dialog that confirms: it changes the object, says so, and reads the list again. */
export function useConfirmed<T>(subject: T | null, { make, said, list }: Confirmed<T>): () => Promise<void> {
  const queryClient = useQueryClient();
  return async () => {
    if (subject === null) return;
    await make(subject);
    saved(said(subject));
    await queryClient.invalidateQueries({ queryKey: [list] });
  };
}
