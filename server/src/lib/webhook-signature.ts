/**
 * Signatures of webhooks as specified by https://www.standardwebhooks.com: an HMAC-SHA256 over id, time and body. The receiver
 * can check who sent it, that nothing was changed, and that it is not an old one sent again.
 */
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
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
  const { id, sentAtMs, body } = message;
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, new Date(sentAtMs), body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAtMs / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}
