import { readCertificate } from '../../identity/saml/certificates.ts';
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
    const read = typeof text === 'string' ? readCertificate(text) : null;
    if (read?.is !== 'read') continue;
    const { id, pem, notAfterMs } = read.certificate;
    await providers.trustKey(tx, row, { id, value: pem, notAfter: new Date(notAfterMs), at: now });
  }
}
