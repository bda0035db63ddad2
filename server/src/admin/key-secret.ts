import { displayPrefix, hashSecret, lastFour, newKeySecret } from '../lib/secrets.ts';
import type { AdminDeps } from './deps.ts';

/** A new secret of a key: shown once, kept as a hash, and recognised by its ends. */
export interface NewSecret {
  readonly secret: string;
  readonly hash: Buffer;
  readonly prefix: string;
  readonly lastFour: string;
}

export function newSecretOfKey(deps: AdminDeps): NewSecret {
  const secret = newKeySecret(deps.random);
  return {
    secret,
    hash: Buffer.from(hashSecret(deps.keys.pepper, secret), 'hex'),
    prefix: displayPrefix(secret),
    lastFour: lastFour(secret),
  };
}
