/** Our request to an identity provider, by the redirect binding. */
import { randomBytes } from 'node:crypto';
import { SAML } from '@node-saml/node-saml';
import type { ProtocolStart, ProviderToAsk } from '../protocol.ts';
import type { SamlConfig } from './config.ts';
import { readOwnKeys } from './own-keys.ts';
import type { Places } from './places.ts';
import { NAME_ID_FORMATS } from './words.ts';

export interface Asked {
  /** Comes back as RelayState. */
  readonly state: string;
  readonly isFresh: boolean;
  readonly nowMs: number;
}

/** Returns the address of the identity provider with a new request, signed if we have a key. */
export async function startRequest(
  provider: ProviderToAsk,
  config: SamlConfig,
  places: Places,
  asked: Asked,
): Promise<ProtocolStart> {
  const requestId = `_${randomBytes(20).toString('hex')}`;
  const [key] = readOwnKeys(provider.secret);
  const saml = new SAML({
    callbackUrl: places.acs,
    issuer: places.entityId,
    entryPoint: config.sso_url,
    // The library demands certificates, also to make a request.
    idpCert: [...config.certificates],
    generateUniqueId: () => requestId,
    identifierFormat: config.name_id === 'unspecified' ? null : NAME_ID_FORMATS[config.name_id],
    disableRequestedAuthnContext: true,
    forceAuthn: asked.isFresh,
    ...(key === undefined ? {} : { privateKey: key.private, signatureAlgorithm: 'sha256' as const }),
  });
  const location = await saml.getAuthorizeUrlAsync(asked.state, undefined, {});
  return { location, keep: { request_id: requestId, fresh_since_ms: asked.isFresh ? String(asked.nowMs) : '' } };
}
