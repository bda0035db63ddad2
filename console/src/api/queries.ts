import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { Problem } from './client.ts';

/** A problem that says the session is over: every page then asks who is there anew, and shows the sign-in. */
function noticeSignedOut(error: unknown): void {
  if (error instanceof Problem && error.status === 401) void queries.invalidateQueries({ queryKey: ['session'] });
}

/** What was read, kept while it is fresh. A 4xx will not get better by asking again. */
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
