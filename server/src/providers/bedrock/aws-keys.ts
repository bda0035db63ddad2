/** The keys of credentials of AWS: those that somebody typed in, those of a role, and those of the machine. */
import { hash } from 'node:crypto';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { type KeptToken, type KeptTokenOptions, keepToken, type TokenFailure } from '../kept-token.ts';
import type { KeysDeps } from './keys-deps.ts';
import { machineKeys } from './machine-keys.ts';
import type { AwsKeys } from './sign-v4.ts';
import { assumeRole } from './sts.ts';

/** The way in which a credential opens Bedrock. */
export type Opener =
  | { readonly is: 'bearer'; readonly key: string }
  | { readonly is: 'keys'; readonly keys: AwsKeys }
  | { readonly is: 'kept'; readonly kept: KeptToken<AwsKeys> }
  /** It cannot. */
  | { readonly is: 'nothing'; readonly why: string };

/** The most keys that are kept. Those that were made first go first. */
const KEPT_MAX = 1_000;

/** Returns the function that finds how a credential opens Bedrock in a region. Fetched keys are kept for all credentials that equal it. */
export function openersOf(given: KeysDeps): (credential: CredentialConfig, region: string) => Opener {
  const deps = { ...given, transport: given.keysTransport ?? given.transport };
  const keptKeys = new Map<string, KeptToken<AwsKeys>>();
  const kept = (credential: CredentialConfig, name: string, fetch: KeptTokenOptions<AwsKeys>['fetch']): Opener => {
    let found = keptKeys.get(name);
    if (found === undefined) {
      const [oldest] = keptKeys.keys();
      if (keptKeys.size >= KEPT_MAX && oldest !== undefined) keptKeys.delete(oldest);
      const onFailure = ({ message }: TokenFailure) => deps.onFailure?.(credential, message);
      found = keepToken<AwsKeys>({ fetch, clock: deps.clock, after: deps.after, onFailure });
      keptKeys.set(name, found);
    }
    return { is: 'kept', kept: found };
  };
  return (credential, region) => {
    const { kind = 'api_key', apiKey, secret } = credential;
    if (kind === 'aws_bearer')
      return apiKey === '' ? { is: 'nothing', why: 'the credential has no key' } : { is: 'bearer', key: apiKey };
    if (kind === 'ambient') {
      if (!deps.isAmbientAllowed) return { is: 'nothing', why: 'the keys of this machine may not be used' };
      return kept(credential, `machine ${region}`, (signal) => machineKeys(region, signal, deps));
    }
    if (kind !== 'aws_static' || secret?.kind !== 'aws_static')
      return { is: 'nothing', why: `Bedrock takes no credential of the kind ${kind}` };
    const { accessKeyId, secretAccessKey, sessionToken, roleArn, externalId } = secret;
    const keys: AwsKeys = { accessKeyId, secretAccessKey, sessionToken };
    if (roleArn === null) return { is: 'keys', keys };
    const name = hash('sha256', JSON.stringify([keys, roleArn, externalId, region]), 'hex');
    return kept(credential, name, (signal) => assumeRole({ keys, roleArn, externalId, region }, signal, deps));
  };
}
