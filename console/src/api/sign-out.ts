import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { PATHS } from '../paths.ts';
import { api, asked } from './client.ts';

/** Returns a function that ends the session and clears all loaded data, so that the next person cannot see it. */
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
