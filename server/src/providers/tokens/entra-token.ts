import type { CredentialSecret } from '../../domain/routing/credential.ts';
import type { TokenRequest } from './ask-token.ts';

/** The server of Microsoft Entra ID. */
export const ENTRA_ORIGIN = 'https://login.microsoftonline.com';
/** The service that tokens for Azure's models are for. */
export const AZURE_RESOURCE = 'https://cognitiveservices.azure.com';

type EntraSecret = Extract<CredentialSecret, { kind: 'azure_entra' }>;

/** Returns the request for a token of an application, by its client secret. */
export function entraTokenRequest({ tenant, clientId, clientSecret }: EntraSecret, origin: string): TokenRequest {
  const form = new URLSearchParams({
    client_id: clientId,
    scope: `${AZURE_RESOURCE}/.default`,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
  });
  return {
    origin,
    method: 'POST',
    path: `/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    headers: FORM_HEADERS.slice(),
    body: form.toString(),
  };
}

/** The headers of a token request that is a form. */
export const FORM_HEADERS: readonly string[] = [
  ...['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json'],
  ...['accept-encoding', 'identity', 'user-agent', 'headgate'],
];
