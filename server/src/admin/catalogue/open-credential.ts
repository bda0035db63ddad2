import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import { openStored, UnusableCredential } from '../../store/sealing/stored-credential.ts';
import type { AdminDeps } from '../http/deps.ts';
import { conflict } from '../http/problem.ts';

/**
 * Returns a stored credential with its secrets opened, for a live call. Never show, log or store it. Throws 409 with the reason if
 * it may not be used, for example because its secret cannot be opened.
 */
export function openCredential(
  { keys, upstream, clock }: Pick<AdminDeps, 'keys' | 'upstream' | 'clock'>,
  row: CredentialRow,
): CredentialConfig {
  try {
    return openStored(row, { key: keys.credentials, ambientClouds: upstream.ambientClouds }, clock.nowMs());
  } catch (error) {
    if (!(error instanceof UnusableCredential)) throw error;
    throw conflict(`The credential cannot be used: ${error.message}.`);
  }
}
