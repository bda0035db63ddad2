/** Calls about identity providers, group mappings, sign-in policies and linked people of an organization. */
import { api, asked, ifMatch, type Schema } from './client.ts';
import { queryOf } from './list-query.ts';

export type IdentityProvider = Schema<'IdentityProvider'>;
export type ProviderTest = Schema<'IdentityProviderTest'>;
export type GroupMapping = Schema<'GroupMapping'>;

/** Returns the words for the group of a mapping: its name in the directory, otherwise the value of the claim. */
export function groupOf({ group_name, value }: GroupMapping): string {
  return group_name ?? value;
}
export type SignInPolicy = Schema<'SignInPolicy'>;
export type Domain = Schema<'OrganizationDomain'>;
export type IdentityLink = Schema<'IdentityLink'>;

const at = (provider: Pick<IdentityProvider, 'organization_id' | 'id'>) => ({
  path: { id: provider.organization_id, idp_id: provider.id },
});
/** The version that is on the page: an action on another one is refused. */
const withVersion = (provider: IdentityProvider) => ({ ...at(provider), header: ifMatch(`"${provider.version}"`) });

export function providersQuery(organizationId: string) {
  return {
    queryKey: ['identity-providers', organizationId],
    queryFn: async () => {
      const params = { path: { id: organizationId } };
      return (await asked(api.GET('/organizations/{id}/identity-providers', { params }))).data;
    },
  };
}

export function activateProvider(provider: IdentityProvider) {
  const params = withVersion(provider);
  return asked(api.POST('/organizations/{id}/identity-providers/{idp_id}/activate', { params }));
}

/** The ways to stop a provider, and what each would end. */
export const STOPS = {
  'switch-off': (provider: IdentityProvider) =>
    asked(api.POST('/organizations/{id}/identity-providers/{idp_id}/switch-off', { params: withVersion(provider) })),
  delete: (provider: IdentityProvider) =>
    asked(api.DELETE('/organizations/{id}/identity-providers/{idp_id}', { params: withVersion(provider) })),
} as const;

/** Returns how many browsers would have to sign in again. The server's refusal is thrown. */
export async function effectOfStop(stop: keyof typeof STOPS, provider: IdentityProvider): Promise<number> {
  const params = { ...at(provider), query: { dry_run: true } };
  const effect =
    stop === 'delete'
      ? await asked(api.DELETE('/organizations/{id}/identity-providers/{idp_id}', { params }))
      : await asked(api.POST('/organizations/{id}/identity-providers/{idp_id}/switch-off', { params }));
  return (effect as Schema<'IdentityProviderStopEffect'>).effect.sessions_ended;
}

export function keysQuery(provider: IdentityProvider) {
  return {
    queryKey: ['identity-provider-keys', provider.id],
    queryFn: async () => {
      const params = at(provider);
      return (await asked(api.GET('/organizations/{id}/identity-providers/{idp_id}/keys', { params }))).data;
    },
  };
}

export function setKeyState(provider: IdentityProvider, id: string, state: 'trusted' | 'gone') {
  const body = { keys: [{ id, state }] };
  return asked(api.PUT('/organizations/{id}/identity-providers/{idp_id}/keys', { params: at(provider), body }));
}

export type SigningKey = Schema<'SamlSigningKeys'>['data'][number];

const SIGNING_KEY = '/organizations/{id}/identity-providers/{idp_id}/signing-key';

/** Our keys at a SAML provider: the one that signs and, while it is replaced, the next. */
export function signingKeysQuery(provider: IdentityProvider) {
  return {
    queryKey: ['identity-provider-signing-key', provider.id],
    queryFn: async () => (await asked(api.GET(SIGNING_KEY, { params: at(provider) }))).data,
  };
}

export function replaceSigningKey(provider: IdentityProvider, step: 'add' | 'switch') {
  return asked(api.POST(SIGNING_KEY, { params: withVersion(provider), body: { step } }));
}

/** Starts a test, whose window comes back to `returnTo`. */
export function startTest(provider: IdentityProvider, returnTo: string) {
  const body = { return_to: returnTo };
  return asked(api.POST('/organizations/{id}/identity-providers/{idp_id}/test', { params: at(provider), body }));
}

export function readTest(provider: IdentityProvider, testId: string) {
  const params = { ...at(provider), query: { id: testId } };
  return asked(api.GET('/organizations/{id}/identity-providers/{idp_id}/test-result', { params }));
}

export function listMappings(organizationId: string, query: object) {
  const path = '/organizations/{id}/group-mappings';
  return asked(api.GET(path, { params: { path: { id: organizationId }, query: queryOf(path, { ...query }) } }));
}

export function removeMapping(organizationId: string, mappingId: string) {
  const path = { id: organizationId, mapping_id: mappingId };
  return asked(api.DELETE('/organizations/{id}/group-mappings/{mapping_id}', { params: { path } }));
}

export async function listLinks(organizationId: string, query: object) {
  const path = '/organizations/{id}/identity-links';
  const page = await asked(api.GET(path, { params: { path: { id: organizationId }, query: queryOf(path, { ...query }) } }));
  return { ...page, data: page.data.map((link) => ({ ...link, id: `${link.provider_id} ${link.subject}` })) };
}

export function removeLink(organizationId: string, { provider_id, subject }: IdentityLink) {
  const params = { path: { id: organizationId }, query: { provider_id, subject } };
  return asked(api.DELETE('/organizations/{id}/identity-links', { params }));
}

export function policyQuery(organizationId: string) {
  return {
    queryKey: ['sign-in-policy', organizationId],
    queryFn: () => asked(api.GET('/organizations/{id}/sign-in-policy', { params: { path: { id: organizationId } } })),
  };
}

export type NewPolicy = Pick<SignInPolicy, 'sign_in' | 'second_factor' | 'evidence_hours' | 'idle_minutes' | 'asks_again'> & {
  readonly break_glass: string[];
};

export function savePolicy(organizationId: string, body: NewPolicy, etag: string | null) {
  const params = { path: { id: organizationId }, header: ifMatch(etag) };
  return asked(api.PUT('/organizations/{id}/sign-in-policy', { params, body }));
}

/** Returns whom the policy would concern, without storing it. The server's refusal is thrown. */
export async function effectOfPolicy(organizationId: string, body: NewPolicy) {
  const params = { path: { id: organizationId }, query: { dry_run: true } };
  const answer = await asked(api.PUT('/organizations/{id}/sign-in-policy', { params, body }));
  return (answer as Schema<'SignInPolicyEffect'>).effect;
}
