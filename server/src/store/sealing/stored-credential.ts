/** Opens stored credentials for calls. All that calls a provider with one reads it here. */
import { createHash } from 'node:crypto';
import type { Cloud } from '../../domain/clouds.ts';
import type { ProviderName } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig, CredentialSecret } from '../../domain/routing/credential.ts';
import { credentialFault, rulesOf } from '../../domain/routing/credential-kinds.ts';
import { readSecretText } from '../../domain/routing/credential-secret.ts';
import { UnsealFailure } from '../../lib/secrets.ts';
import type { CredentialRow } from '../catalogue/credentials.ts';
import { openKey } from './key-seal.ts';
import { openOther } from './other-secret.ts';

/** The means to open credentials: their data key, and the clouds whose machine identity may be used. */
export interface CredentialOpener {
  readonly key: Buffer;
  readonly ambientClouds: ReadonlySet<Cloud>;
}

/** Thrown for a stored credential that may not be used. The message says why and what to do, and is fit to be shown. */
export class UnusableCredential extends Error {}

/**
 * Returns a stored credential with its secrets opened. Never show, log or store it. Throws UnusableCredential if a secret cannot be
 * opened, the row does not keep its kind's rules, or it needs a machine identity that is not allowed.
 */
export function openStored(row: CredentialRow, opener: CredentialOpener, nowMs: number): CredentialConfig {
  const { id, provider, kind, baseUrl } = row;
  const settings = row.settings ?? {};
  const fault = credentialFault({ provider, kind, settings, baseUrl });
  if (fault !== null) throw new UnusableCredential(`the stored credential breaks a rule: ${fault.field} ${fault.words}`);
  const organizationId = row.owner || null;
  if (kind === 'ambient') requireAmbient(provider, organizationId === null ? opener.ambientClouds : NO_CLOUDS);
  const facts = {
    ...{ id, organizationId, provider: provider as ProviderName, baseUrl, kind },
    settings: Object.freeze({ ...settings }),
  };
  const first = withSecret(facts, kind, openedText(opener.key, row), row.sealed);
  const other = openOther(opener.key, row, nowMs);
  if (other === null) return Object.freeze(first);
  const credential = Object.freeze(withSecret(facts, kind, other.text, row.otherSealed));
  return Object.freeze({ ...first, other: Object.freeze({ credential, untilMs: other.untilMs }) });
}

/** The identity of the gateway's machine is the platform's alone. */
const NO_CLOUDS: ReadonlySet<Cloud> = new Set();

/** Throws UnusableCredential unless the settings of this process allow the machine identity that `ambient` means here. */
function requireAmbient(provider: string, allowed: ReadonlySet<Cloud>): void {
  const cloud = rulesOf(provider)?.ambient?.cloud;
  if (cloud === undefined || !allowed.has(cloud))
    throw new UnusableCredential(
      `the identity of the gateway's machine may not be used: HEADGATE_AMBIENT_CREDENTIALS does not name ${cloud ?? 'its cloud'}`,
    );
}

function openedText(key: Buffer, row: CredentialRow): string {
  try {
    return openKey(key, row);
  } catch (error) {
    if (!(error instanceof UnsealFailure)) throw error;
    throw new UnusableCredential(
      'the stored secret was not sealed for this address, so it is not sent there: enter the secret of the credential again',
    );
  }
}

type Facts = Pick<CredentialConfig, 'id' | 'organizationId' | 'provider' | 'baseUrl' | 'kind' | 'settings'>;

function withSecret(facts: Facts, kind: CredentialRow['kind'], text: string, sealed: Buffer | null): CredentialConfig {
  const secretId = createHash('sha256')
    .update(sealed ?? '')
    .digest('base64url')
    .slice(0, 16);
  if (kind === 'api_key' || kind === 'aws_bearer') return { ...facts, apiKey: text, secret: null, secretId };
  return { ...facts, apiKey: '', secret: kind === 'ambient' ? null : readSecret(kind, text), secretId };
}

function readSecret(kind: string, text: string): CredentialSecret {
  const secret = readSecretText(kind, text);
  if (secret === null) throw new UnusableCredential(`the stored secret is not one of the kind ${kind}: enter it again`);
  return secret;
}
