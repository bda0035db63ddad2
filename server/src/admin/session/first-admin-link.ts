import { newId } from '../../lib/id.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { Database } from '../../store/database.ts';
import { hashOfLink, newLinkToken } from './one-time-token.ts';

const VALID_MS = 24 * 3_600_000;

/**
 * Creates the link for the first platform admin. It is valid for a day and for one use, and replaces an older unused one. Returns
 * null if there is a platform admin who can sign in.
 */
export async function makeFirstAdminLink(
  db: Database,
  wanted: { readonly pepper: Buffer; readonly origin: string; readonly nowMs: number; readonly createdBy: string },
): Promise<string | null> {
  if (await signIn.isAnyAdminWithSignIn(db)) return null;
  const token = newLinkToken();
  await db.transaction(async (tx) => {
    await signIn.dropLinks(tx, { kind: 'first_admin', accountId: null });
    await signIn.insertLink(tx, {
      id: newId('link', wanted.nowMs),
      kind: 'first_admin',
      hash: hashOfLink(wanted.pepper, token),
      expiresAt: new Date(wanted.nowMs + VALID_MS),
      createdBy: wanted.createdBy,
      createdAt: new Date(wanted.nowMs),
    });
  });
  return `${wanted.origin}/first-admin?token=${token}`;
}
