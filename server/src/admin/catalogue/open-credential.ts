import type { ProviderName } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { UnsealFailure } from '../../lib/secrets.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import { openKey } from '../../store/sealing/key-seal.ts';
import type { AdminDeps } from '../http/deps.ts';
import { conflict } from '../http/problem.ts';

/**
 * Returns a stored credential with its key opened, for a live call. Never show, log or store it. Throws 409 if the key cannot be
 * opened.
 */
export function openCredential(deps: Pick<AdminDeps, 'keys'>, row: CredentialRow): CredentialConfig {
  return { id: row.id, provider: row.provider as ProviderName, baseUrl: row.baseUrl, apiKey: keyOf(deps, row) };
}

function keyOf(deps: Pick<AdminDeps, 'keys'>, row: CredentialRow): string {
  try {
    return openKey(deps.keys.credentials, row);
  } catch (error) {
    if (!(error instanceof UnsealFailure)) throw error;
    throw conflict('The stored key was not sealed for this address, so it is not sent there. Give the credential its key again.');
  }
}
