import { displayPrefix, hashedSecret, lastFour, newKeySecret } from '../../lib/secrets.ts';
import type { AdminDeps } from '../http/deps.ts';

/** A new secret of a key. It is shown once and stored as a hash. People recognise it by its first and last characters. */
export interface NewSecret {
  readonly secret: string;
  readonly hash: Buffer;
  /** The name of the pepper that made the hash. */
  readonly pepper: string;
  readonly prefix: string;
  readonly lastFour: string;
}

export function newSecretOfKey(deps: AdminDeps): NewSecret {
  const secret = newKeySecret(deps.random);
  return {
    secret,
    ...hashedSecret(deps.keys.pepper, secret),
    prefix: displayPrefix(secret),
    lastFour: lastFour(secret),
  };
}
