import type { IncomingHttpHeaders } from 'node:http';
import { hashesOf, hashSecret, looksLikeScimToken } from '../../lib/secrets.ts';
import type { ScimTokenRow } from '../../store/identity/scim-tokens.ts';
import * as scimTokens from '../../store/identity/scim-tokens.ts';
import { moveScimToken } from '../../store/sealing/peppers.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminDeps } from '../http/deps.ts';
import { guessesOf } from '../tokens/token-guesses.ts';
import { ScimError } from './scim-error.ts';

const LAST_USED_EVERY_MS = 60_000;

/**
 * Authenticates a directory by its token, which names the organization. Looks the token up at every request, so every replica
 * refuses a revoked one at once.
 */
export async function authenticateScim(deps: AdminDeps, headers: IncomingHttpHeaders, ip: string): Promise<ScimTokenRow> {
  const token = bearerOf(headers);
  const hash = hashSecret(deps.keys.pepper, token);
  const guesses = guessesOf(deps, 'scim_token');
  guesses.admit(hash, ip);
  const row = looksLikeScimToken(token) ? await scimTokens.findByHash(deps.db, hashesOf(deps.keys, token)) : null;
  if (row === null) {
    await guesses.wrong(ip);
    throw unauthenticated(UNKNOWN);
  }
  guesses.right(hash);
  const nowMs = deps.clock.nowMs();
  if (row.revokedAt !== null) throw unauthenticated(UNKNOWN);
  if (row.expiresAt !== null && row.expiresAt.getTime() <= nowMs)
    throw unauthenticated('This SCIM token has expired. Create a new one in the console, on the page Directory.');
  await requireActive(deps, row.organizationId);
  if (row.lastUsedAt === null || row.lastUsedAt.getTime() < nowMs - LAST_USED_EVERY_MS)
    await scimTokens.markUsed(deps.db, row, new Date(nowMs));
  const { pepper, otherPepper } = deps.keys;
  const stored = row.hash.toString('hex');
  if (otherPepper?.is === 'before' && stored !== hash) await moveScimToken(deps.db, stored, { hash, pepper });
  return row;
}

const UNKNOWN = 'This SCIM token is unknown or was revoked. Create a new one in the console, on the page Directory.';

async function requireActive({ db }: AdminDeps, organizationId: string): Promise<void> {
  const organization = await organizations.find(db, organizationId);
  if (organization === null || organization.status === 'deleted') throw unauthenticated(UNKNOWN);
  if (organization.status !== 'active')
    throw new ScimError(403, 'The organization of this SCIM token is not active. The token works again when it is reactivated.');
}

function bearerOf(headers: IncomingHttpHeaders): string {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || token === '' || token.length > 256)
    throw unauthenticated('This endpoint needs a SCIM token. Send the header `Authorization: Bearer hgscim_…`.');
  return token;
}

function unauthenticated(detail: string): ScimError {
  return new ScimError(401, detail, null, { 'www-authenticate': 'Bearer realm="headgate"' });
}
