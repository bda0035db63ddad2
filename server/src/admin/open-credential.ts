import type { CredentialConfig, ProviderName } from '../domain/catalogue.ts';
import { open } from '../lib/secrets.ts';
import type { CredentialRow } from '../store/credentials.ts';
import type { AdminDeps } from './deps.ts';

/** A stored credential with its key, for a live call. Never to be shown, logged or stored. */
export function openCredential(deps: Pick<AdminDeps, 'keys'>, row: CredentialRow): CredentialConfig {
  return {
    id: row.id,
    provider: row.provider as ProviderName,
    baseUrl: row.baseUrl,
    apiKey: row.sealed === null ? '' : open(deps.keys.credentials, row.sealed, row.id).toString(),
  };
}
