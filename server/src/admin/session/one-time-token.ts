import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { hashesOf, hashSecret } from '../../lib/secrets.ts';
import type { AdminKeys } from '../http/deps.ts';

const TOKEN_BYTES = 32;

/** The secret part of a link that works once: base64url. */
export const linkToken = z.string().min(1).max(128);

export function newLinkToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of it. */
export function hashOfLink(pepper: Buffer, token: string): Buffer {
  return Buffer.from(hashSecret(pepper, linkText(token)), 'hex');
}

/** What it is looked up by: the hash under each pepper that may have made the one that is kept. */
export function hashesOfLink(keys: Pick<AdminKeys, 'pepper' | 'otherPepper'>, token: string): readonly Buffer[] {
  return hashesOf(keys, linkText(token));
}

function linkText(token: string): string {
  return `link:${token}`;
}
