import { randomBytes } from 'node:crypto';
import { hashesOf, hashSecret } from '../../lib/secrets.ts';
import type { AdminKeys } from '../http/deps.ts';
import { text } from '../http/schemas.ts';

const TOKEN_BYTES = 32;

/** The secret part of a link that works once: base64url. */
export const linkToken = text(128, 1);

export function newLinkToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Returns the hash of a token to store. */
export function hashOfLink(pepper: Buffer, token: string): Buffer {
  return Buffer.from(hashSecret(pepper, linkText(token)), 'hex');
}

/** Returns the hashes to look a token up by: one for each pepper that may have made the stored hash. */
export function hashesOfLink(keys: Pick<AdminKeys, 'pepper' | 'otherPepper'>, token: string): readonly Buffer[] {
  return hashesOf(keys, linkText(token));
}

function linkText(token: string): string {
  return `link:${token}`;
}
