import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { Problem } from './client.ts';

/** After a 403 the session is read again, but not more often than this. */
const REFUSED_AGAIN_MS = 5_000;

/**
 * Reloads the session after a 401, so that every page shows the sign-in. After a 403 too: somebody may have disabled the person or
 * changed their roles meanwhile, and the page then says so.
 */
function noticeRefused(error: unknown): void {
  if (!(error instanceof Problem)) return;
  const readAt = queries.getQueryState(['session'])?.dataUpdatedAt ?? 0;
  const isOld = Date.now() - readAt > REFUSED_AGAIN_MS;
  if (error.status === 401 || (error.status === 403 && isOld)) void queries.invalidateQueries({ queryKey: ['session'] });
}

/** For so long a failed query is not asked again when another part of the page reads it. */
const FAILED_FOR_MS = 5_000;

/**
 * The cache of loaded data. It does not retry a 4xx, because a retry would not help. Nor does it ask again at once because a second
 * part of the page reads what failed: the first would wait again and take the second away, which would then come back and ask,
 * without an end.
 */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeRefused }),
  mutationCache: new MutationCache({ onError: noticeRefused }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retryOnMount: ({ state }) => Date.now() - state.errorUpdatedAt > FAILED_FOR_MS,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});
