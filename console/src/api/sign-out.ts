import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { PATHS } from '../paths.ts';
import { api, asked } from './client.ts';

/** Ends the session, and leaves nothing of what this person saw in the page for the next one. */
export function useSignOut(): () => Promise<void> {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await asked(api.DELETE('/session'));
    queryClient.clear();
    sessionStorage.clear();
    await navigate({ to: PATHS.signIn });
  };
}
