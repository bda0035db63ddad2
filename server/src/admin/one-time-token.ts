import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { hashSecret } from '../lib/secrets.ts';

const TOKEN_BYTES = 32;

/** The secret part of a link that works once: base64url. */
export const linkToken = z.string().min(1).max(128);

export function newLinkToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of it and looked up by. */
export function hashOfLink(pepper: Buffer, token: string): Buffer {
  return Buffer.from(hashSecret(pepper, `link:${token}`), 'hex');
}
