import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { PATHS } from '../paths.ts';
import { api, asked } from './client.ts';
import type { Session } from './session.tsx';

/** Identity providers through which somebody came who has just signed out here. They may still be signed in there. */
export type SignedOutOf = Session['signed_in_through'];

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Kept with the entry of the sign-in page, so that no address can show it. */
    readonly signedOutOf?: SignedOutOf;
  }
}

/**
 * Returns a function that ends the session and clears all loaded data, so that the next person cannot see it. The sign-in page then
 * offers to sign out at the provider too: the session here has ended, whatever the person does there.
 */
export function useSignOut(): () => Promise<void> {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    const signedOutOf = queryClient.getQueryData<Session | null>(['session'])?.signed_in_through ?? [];
    await asked(api.DELETE('/session'));
    queryClient.clear();
    sessionStorage.clear();
    await navigate({ to: PATHS.signIn, state: { signedOutOf } });
  };
}
