import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { Problem } from './client.ts';

/** Reloads the session after a 401, so that every page shows the sign-in. */
function noticeSignedOut(error: unknown): void {
  if (error instanceof Problem && error.status === 401) void queries.invalidateQueries({ queryKey: ['session'] });
}

/** The cache of loaded data. It does not retry a 4xx, because a retry would not help. */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignedOut }),
  mutationCache: new MutationCache({ onError: noticeSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});
