import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { destinationOf } from './destination.ts';

/** Opens the console for a person who has just come in, at the page they wanted. Nothing that was read before is kept. */
export function useEntering(): (wanted: string | undefined) => Promise<void> {
  const queryClient = useQueryClient();
  const router = useRouter();
  return async (wanted) => {
    await queryClient.resetQueries({ queryKey: ['session'] });
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
    router.history.replace(destinationOf(wanted));
  };
}
