import { X509Certificate } from 'node:crypto';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import type { Change } from '../http/change.ts';

/**
 * Stores the certificates of a saved configuration as trusted: whoever saves it may say by which keys the provider signs. Those
 * that are there stay until somebody removes them, so that a provider can change its key without a gap.
 */
export async function storeCertificates(
  { tx, now }: Change,
  row: Pick<ProviderRow, 'organizationId' | 'id' | 'protocol'>,
  config: ProviderRow['config'],
): Promise<void> {
  const texts = row.protocol === 'saml' && Array.isArray(config.certificates) ? config.certificates : [];
  for (const text of texts) {
    if (typeof text === 'string') await providers.trustKey(tx, row, { ...factsOf(text), at: now });
  }
}

function factsOf(pem: string) {
  const certificate = new X509Certificate(pem);
  return {
    id: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    value: pem,
    notAfter: new Date(certificate.validTo),
  };
}
