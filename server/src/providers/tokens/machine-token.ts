import { type AddressPolicy, createAddressPolicy } from '../../upstream/address-policy.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { TokenRequest } from './ask-token.ts';
import { AZURE_RESOURCE } from './entra-token.ts';

/** The metadata service of a machine at Google or Azure. An address and not a name, so that no name server can lead elsewhere. */
const METADATA_ADDRESS = '169.254.169.254';
export const METADATA_ORIGIN = `http://${METADATA_ADDRESS}`;

/** Returns the policy that allows metadata services. Only requests for a machine's token may use it. */
export function metadataPolicy(): AddressPolicy {
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: METADATA_ADDRESS });
  if ('problem' in policy) throw new Error(policy.problem);
  return policy;
}

/** Returns the request for a token of the managed identity of this machine at Azure. */
export function azureMachineRequest(origin: string): TokenRequest {
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource: AZURE_RESOURCE });
  const path = `/metadata/identity/oauth2/token?${query.toString()}`;
  return { origin, method: 'GET', path, headers: ['metadata', 'true', ...PLAIN_HEADERS], body: null };
}

/** Returns the request for a token of the service account of this machine at Google. */
export function googleMachineRequest(origin: string): TokenRequest {
  const path = '/computeMetadata/v1/instance/service-accounts/default/token';
  return { origin, method: 'GET', path, headers: ['metadata-flavor', 'Google', ...PLAIN_HEADERS], body: null };
}

/** Reports whether Google's metadata service answered: in other networks, another server may have its address. */
export function isGoogleMetadata(headers: UpstreamHeaders): boolean {
  return headers['metadata-flavor'] === 'Google';
}

const PLAIN_HEADERS = ['accept', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'headgate'];
