import { z } from 'zod';
import { newId } from '../../lib/id.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { change } from '../http/change.ts';
import { name } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import * as own from '../people/own-account.ts';
import { requirePassword } from '../people/own-account.ts';
import { checkPassword, newPassword } from './new-password.ts';
import { accountEvent } from './sign-in-audit.ts';
import { tellOfNewMethod } from './tell-of-method.ts';

/** Changes that people make to their own account: the name and the password. */

const profileOut = z.object({ id: z.string(), email: z.string(), name: z.string() });

export const update = route({
  summary: 'Change your own name',
  description: 'Changes the name that other people see. The e-mail address stays.',
  permission: 'signed_in',
  body: z.strictObject({ name }),
  response: profileOut,
  load: load.platform,
  handle: async (call) => {
    const { id } = await own.account(call);
    return change(call, async ({ tx, now, record }) => {
      const row = await accounts.lock(tx, id);
      if (row === null) throw notFound('account');
      const updated = await accounts.update(tx, id, { name: call.body.name }, now);
      await record({
        ...accountEvent('account.update', updated),
        before: { name: row.name },
        after: { name: updated.name },
      });
      return { id, email: updated.email, name: updated.name };
    });
  },
});

export const changePassword = route({
  summary: 'Change your own password',
  description: 'Ends every other session of the account.',
  permission: 'signed_in',
  body: z.strictObject({ current_password: own.password, new_password: newPassword }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await requirePassword(call, account, call.body.current_password, '/current_password');
    await checkPassword(call.body.new_password, account, '/new_password');
    const hash = await call.deps.identity.hashPassword(call.body.new_password);
    await change(call, async ({ tx, now, record }) => {
      await signIn.setPassword(tx, { id: newId('auth'), accountId: account.id, hash, at: now, how: 'shown_again' });
      const ended = await signIn.endSessions(tx, account.id, call.actor.sessionId ?? null);
      await signIn.dropLinks(tx, { kind: 'password_reset', accountId: account.id });
      await record(accountEvent('account.password_change', account, { sessions_ended: ended }));
    });
    tellOfNewMethod(call, account, 'The password of your account was changed.');
  },
});
