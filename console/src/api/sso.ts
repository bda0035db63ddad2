/** Ways through identity providers, for people who come. */
import { api, asked } from './client.ts';

/** The longest address of a page that the server comes back to. */
export const RETURN_PATH_LENGTH_MAX = 2_000;

interface Start {
  /** The page to come back to. */
  readonly to?: string | undefined;
  readonly email?: string | undefined;
  /** True if the provider must ask the person again. */
  readonly isFresh?: boolean;
}

/** Returns the address that starts a sign-in and comes back to a page of the console. It is opened by the browser, not fetched. */
export function startAddress(providerId: string, { to, email, isFresh = false }: Start): string {
  const query = new URLSearchParams({
    ...(isFresh ? { fresh: '1' } : {}),
    ...(to === undefined ? {} : { return_to: to }),
    ...(email === undefined || email === '' ? {} : { login_hint: email }),
  }).toString();
  return `/api/v1/sso/${encodeURIComponent(providerId)}/start${query === '' ? '' : `?${query}`}`;
}

/** The part of an address after the `@`, if the address is complete enough to ask for its providers. */
export function domainOf(email: string): string | null {
  return /^[^\s@]+@([^\s@]+\.[^\s@.]{2,})$/.exec(email.trim())?.[1]?.toLowerCase() ?? null;
}

/** Finds the providers of the organization that verified the domain of an address, or that has a slug. */
export function choiceQuery(wanted: { readonly email: string } | { readonly organization: string } | null) {
  const key = wanted === null ? null : 'email' in wanted ? domainOf(wanted.email) : wanted.organization;
  return {
    queryKey: ['sso-choice', key],
    queryFn: () => asked(api.GET('/session/providers', { params: { query: wanted ?? {} } })),
    enabled: wanted !== null && key !== null,
    retry: false,
    staleTime: 60_000,
  };
}

/** Finds where a person signs out at a provider. Null: there is no such address that works without more than Headgate keeps. */
export function logoutQuery(providerId: string) {
  return {
    queryKey: ['sso-logout', providerId],
    queryFn: async () => (await asked(api.GET('/sso/{idp_id}/logout', { params: { path: { idp_id: providerId } } }))).location,
    retry: false,
    staleTime: 60_000,
  };
}
