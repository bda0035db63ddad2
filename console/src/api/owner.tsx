import { createContext, useContext } from 'react';

/**
 * The owner of the credentials and deployments in the dialogs below: an organization that brings its own, or null for the platform.
 */
const OwnerContext = createContext<string | null>(null);

export const OwnerProvider = OwnerContext.Provider;

export function useOwner(): string | null {
  return useContext(OwnerContext);
}
