/** The tokens of all credentials that need one. Credentials with the same secret share theirs. */
import { createHash } from 'node:crypto';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { Transport } from '../../upstream/transport.ts';
import { type KeptToken, type KeptTokenOptions, keepToken, TokenFailure } from '../kept-token.ts';
import { askToken } from './ask-token.ts';
import { ENTRA_ORIGIN, entraTokenRequest } from './entra-token.ts';
import { GOOGLE_ORIGIN, googleTokenRequest } from './google-token.ts';
import { azureMachineRequest, googleMachineRequest, isGoogleMetadata, METADATA_ORIGIN } from './machine-token.ts';

export interface Tokens {
  /** Returns the token of a credential; null if the credential is a key. */
  of(credential: CredentialConfig): KeptToken<string> | null;
  /** Returns the credential with its present token as its key, for what removes keys from messages. */
  withTokenAsKey(credential: CredentialConfig): CredentialConfig;
  readonly after: (ms: number, callback: () => void) => () => void;
}

export interface TokensOptions {
  readonly transport: Transport;
  /** The transport that may reach metadata services. It is created when it is first needed. */
  readonly metadataTransport: () => Transport;
  /** The clouds (`azure`, `gcp`) whose machine identity credentials may use. */
  readonly ambientClouds: ReadonlySet<string>;
  readonly clock: Clock;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Called for each fetch that fails, with a reason without secrets. */
  readonly onFailure?: (credential: CredentialConfig, reason: string) => void;
  /** The servers of tokens in place of the clouds' own; for tests. No credential can name one. */
  readonly origins?: Partial<Readonly<Record<'entra' | 'google' | 'metadata', string>>>;
}

/** The most secrets whose tokens are found again after a change of the configuration. */
const SECRETS_MAX = 1_000;

type Fetch = KeptTokenOptions<string>['fetch'];

/** Creates the tokens of a process. Nothing is fetched before a call needs it. */
export function createTokens(options: TokensOptions): Tokens {
  // A change of the configuration replaces all credentials. Their tokens stay, found by the secret.
  const byCredential = new WeakMap<CredentialConfig, KeptToken<string>>();
  const bySecret = new Map<string, KeptToken<string>>();
  const of = (credential: CredentialConfig): KeptToken<string> | null => {
    if (credential.kind === undefined || credential.kind === 'api_key') return null;
    const known = byCredential.get(credential);
    if (known !== undefined) return known;
    const name = nameOfSecret(credential);
    const token = bySecret.get(name) ?? keepToken(keptBy(credential, options));
    bySecret.delete(name);
    bySecret.set(name, token);
    if (bySecret.size > SECRETS_MAX) bySecret.delete(bySecret.keys().next().value as string);
    byCredential.set(credential, token);
    return token;
  };
  return {
    of,
    after: options.after,
    withTokenAsKey: (credential) => {
      const token = of(credential)?.present() ?? null;
      return token === null ? credential : { ...credential, apiKey: token };
    },
  };
}

function keptBy(credential: CredentialConfig, options: TokensOptions): KeptTokenOptions<string> {
  const { clock, after, onFailure } = options;
  return {
    fetch: fetchOf(credential, options),
    clock,
    after,
    onFailure: ({ message }) => onFailure?.(credential, message),
  };
}

function nameOfSecret({ provider, kind, secret = null }: CredentialConfig): string {
  return createHash('sha256')
    .update(JSON.stringify([provider, kind, secret]))
    .digest('base64');
}

function fetchOf(credential: CredentialConfig, options: TokensOptions): Fetch {
  const { transport, metadataTransport, clock, origins = {} } = options;
  const { secret = null, kind } = credential;
  if (kind === 'ambient') return machineFetch(credential, options, origins.metadata ?? METADATA_ORIGIN, metadataTransport);
  if (secret?.kind !== kind) return refuse('the credential has no secret of its kind');
  switch (secret?.kind) {
    case 'azure_entra':
      return (signal) => askToken(transport, entraTokenRequest(secret, origins.entra ?? ENTRA_ORIGIN), signal);
    case 'gcp_service_account':
      return async (signal) =>
        askToken(transport, googleTokenRequest(secret, origins.google ?? GOOGLE_ORIGIN, clock.nowMs()), signal);
    default:
      return refuse('credentials of this kind have no token');
  }
}

/** The cloud whose machine identity a provider takes. */
const CLOUD_OF: Readonly<Record<string, 'azure' | 'gcp'>> = { azure: 'azure', vertex: 'gcp' };

function machineFetch(
  { provider }: CredentialConfig,
  { ambientClouds }: TokensOptions,
  origin: string,
  metadataTransport: () => Transport,
): Fetch {
  const cloud = CLOUD_OF[provider];
  if (cloud === undefined || !ambientClouds.has(cloud))
    return refuse('the identity of the gateway’s machine may not be used: HEADGATE_AMBIENT_CREDENTIALS does not allow it');
  if (cloud === 'azure') return async (signal) => askToken(metadataTransport(), azureMachineRequest(origin), signal);
  return async (signal) => askToken(metadataTransport(), googleMachineRequest(origin), signal, isGoogleMetadata);
}

function refuse(message: string): Fetch {
  return () => Promise.reject(new TokenFailure(message));
}
