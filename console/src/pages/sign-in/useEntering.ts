import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { destinationOf } from './destination.ts';

/** Returns a function that opens the console at the wanted page after sign-in. It discards all cached data. */
export function useEntering(): (wanted: string | undefined) => Promise<void> {
  const queryClient = useQueryClient();
  const router = useRouter();
  return async (wanted) => {
    await queryClient.resetQueries({ queryKey: ['session'] });
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
    router.history.replace(destinationOf(wanted));
  };
}
