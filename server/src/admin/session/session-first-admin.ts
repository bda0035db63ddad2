import { z } from 'zod';
import { newId } from '../../lib/id.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { OPERATOR } from '../../store/accounts/address-origins.ts';
import { addProof } from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { email, name } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { firstCookies } from './first-cookies.ts';
import { checkPassword, newPassword } from './new-password.ts';
import { hashesOfLink, linkToken } from './one-time-token.ts';
import { ownEvent } from './sign-in-audit.ts';

/** Creates the first platform admin by a link that the first start printed or the command line made. */

export const check = route({
  summary: 'Check a first-admin link',
  description: 'Reports whether the link of the first start still works.',
  permission: 'public',
  query: z.strictObject({ token: linkToken }),
  response: z.object({ valid: z.boolean() }),
  load: load.platform,
  handle: async (call) => ({ valid: (await livingLink(call, call.query.token)) !== null }),
});

export const create = route({
  summary: 'Become the first platform admin',
  description: 'Works once, and only while no platform admin can sign in.',
  permission: 'public',
  body: z.strictObject({ token: linkToken, email, name, password: newPassword }),
  response: z.object({ status: z.literal('signed_in') }),
  load: load.platform,
  handle: async (call) => {
    const { token, password, ...person } = call.body;
    const link = await livingLink(call, token);
    if (link === null) throw usedUp();
    await checkPassword(password, person);
    const hash = await call.deps.identity.hashPassword(password);
    const account = await change(call, async ({ tx, now, record }) => {
      if (!(await signIn.useLink(tx, { id: link.id, at: now }))) throw usedUp();
      const admin = await accounts.insert(tx, {
        id: newId('acct', now.getTime()),
        ...person,
        platformRole: 'platform_admin',
        madeHow: 'first_admin_link',
        createdAt: now,
        updatedAt: now,
      });
      await signIn.setPassword(tx, { id: newId('auth'), accountId: admin.id, hash, at: now, how: 'first_admin_link' });
      // Only the operator can print the link, so the operator vouches for the address.
      await addProof(tx, { accountId: admin.id, address: admin.email, how: 'operator', at: now, by: OPERATOR });
      await record(ownEvent('account.create', admin, { email: admin.email, platform_role: 'platform_admin' }));
      await record(ownEvent('account.sign_in', admin));
      return admin;
    });
    call.cookies = await firstCookies(call, account);
    return { status: 'signed_in' as const };
  },
});

function usedUp() {
  return conflict(
    'This link was used, has expired, or is not needed because a platform admin exists. Sign in, or create a new link with `headgate first-admin-link`.',
  );
}

/** Returns the link of a token while it can be used, else null. */
async function livingLink(call: AdminCall, token: string): Promise<signIn.OneTimeLink | null> {
  const { db, keys, clock } = call.deps;
  const link = await signIn.findLink(db, 'first_admin', hashesOfLink(keys, token));
  if (link === null || link.usedAt !== null || link.expiresAt.getTime() <= clock.nowMs()) return null;
  return (await signIn.isAnyAdminWithSignIn(db)) ? null : link;
}
