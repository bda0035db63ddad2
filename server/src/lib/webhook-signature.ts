/**
 * Signatures of webhooks as specified by https://www.standardwebhooks.com: an HMAC-SHA256 over id, time and body. The receiver
 * can check who sent it, that nothing was changed, and that it is not an old one sent again.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { RandomBytes } from './secrets.ts';

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** Returns a new secret in the form that receivers get: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(random: RandomBytes = randomBytes): string {
  return SECRET_PREFIX + random(SECRET_BYTES).toString('base64');
}

export interface SignedMessage {
  /** The same for every attempt, so that a receiver can detect a repeat. */
  readonly id: string;
  readonly sentAtMs: number;
  readonly body: string;
}

/** Returns the headers of one attempt. While a secret is being rotated both sign, and a receiver accepts whichever it knows. */
export function signatureHeaders(secrets: readonly string[], message: SignedMessage): Readonly<Record<string, string>> {
  const seconds = Math.floor(message.sentAtMs / 1_000);
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': secrets.map((secret) => `v1,${signature(secret, `${message.id}.${seconds}.${message.body}`)}`).join(' '),
  };
}

function signature(secret: string, text: string): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  return createHmac('sha256', key).update(text).digest('base64');
}
