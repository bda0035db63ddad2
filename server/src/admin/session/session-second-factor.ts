import { z } from 'zod';
import { SignInRefused } from '../../identity/refusal.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import * as own from '../people/own-account.ts';
import { finishSignIn } from './finish-sign-in.ts';
import { keepShown, shownNow } from './keep-shown.ts';
import { accountEvent, recordRefused } from './sign-in-audit.ts';
import { tellOfNewMethod } from './tell-of-method.ts';

/** The authenticator app: checks its codes at sign-in, sets it up and removes it. */

const code = text(64, 1);

export const finish = route({
  summary: 'Submit the second factor after the password',
  description:
    'Completes a sign-in that answered `second_factor`. Takes a code of the authenticator app, or a recovery code, which works once.',
  permission: 'public',
  body: z.strictObject({ method: z.enum(['totp', 'recovery_code']), code }),
  response: z.object({ status: z.literal('signed_in') }),
  load: load.platform,
  handle: async (call) => {
    const { identity, db } = call.deps;
    const { visitor } = call.raw;
    const pending = await identity.secondFactors.pendingAccount(visitor);
    const account = pending === null ? null : await accounts.find(db, pending);
    if (account === null) throw new SignInRefused('no_challenge');
    const done = await identity.attempts
      .throttled({ owner: `code:${account.id}`, from: visitor.ip }, () => identity.secondFactors.finish(call.body, visitor))
      .catch(async (error: unknown) => {
        if (error instanceof SignInRefused) await recordRefused(call, { account, email: account.email, code: error.code });
        throw error;
      });
    const facts = { second_factor: call.body.method };
    return finishSignIn(call, account, { ...done, method: 'password', secondFactor: true, facts });
  },
});

const password = z.strictObject({ password: own.password });
const recoveryCodes = z
  .array(z.string())
  .meta({ description: 'Recovery codes. Each works once, in place of a code from the app. Shown once.' });

export const begin = route({
  summary: 'Start to set up an authenticator app',
  description: 'Sign-in asks for a code only after one code is confirmed.',
  permission: 'signed_in',
  body: password,
  response: z.object({ uri: z.string(), secret: z.string(), recovery_codes: recoveryCodes }),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await own.requirePassword(call, account, call.body.password);
    const made = await call.deps.identity.secondFactors.begin(call.body.password, call.raw.visitor);
    return { uri: made.uri, secret: made.secret, recovery_codes: [...made.recoveryCodes] };
  },
});

export const confirm = route({
  summary: 'Confirm the authenticator app with a code',
  description: 'Turns the second factor on, after `POST /session/totp` returned its secret.',
  permission: 'signed_in',
  body: z.strictObject({ code }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    const { identity } = call.deps;
    const before = await shownNow(call);
    const cookies = await identity.attempts
      .throttled({ owner: `code:${account.id}`, from: null }, () =>
        identity.secondFactors.confirm(account.id, call.body.code, call.raw.visitor),
      )
      .catch((error: unknown) => {
        const isOfCode = error instanceof SignInRefused && (error.code === 'wrong_code' || error.code === 'code_used');
        throw isOfCode ? invalid('/code', error.message) : error;
      });
    await change(call, async ({ tx, now, record }) => {
      await signIn.markTotpAdded(tx, account.id, now);
      await record(accountEvent('account.second_factor_add', account));
    });
    tellOfNewMethod(call, account, 'An authenticator app was added. Signing in now needs the password and a code from the app.');
    call.cookies = await keepShown(call, before, cookies);
  },
});

export const remove = route({
  summary: 'Remove the authenticator app',
  description: 'Needs the password. Signing in then takes the password alone, unless a passkey is used.',
  permission: 'signed_in',
  body: password,
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await own.requirePassword(call, account, call.body.password);
    if (!account.twoFactorEnabled) throw new SignInRefused('no_second_factor');
    const before = await shownNow(call);
    const cookies = await call.deps.identity.secondFactors.remove(call.body.password, call.raw.visitor);
    await recordFactor(call, 'account.second_factor_remove', account);
    call.cookies = await keepShown(call, before, cookies);
  },
});

export const renewRecoveryCodes = route({
  summary: 'Create new recovery codes',
  description: 'The old codes stop working.',
  permission: 'signed_in',
  body: password,
  response: z.object({ recovery_codes: recoveryCodes }),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await own.requirePassword(call, account, call.body.password);
    const codes = await call.deps.identity.secondFactors.renewRecoveryCodes(call.body.password, call.raw.visitor);
    await recordFactor(call, 'account.recovery_codes_renew', account);
    return { recovery_codes: [...codes] };
  },
});

function recordFactor(call: AdminCall, action: string, account: accounts.AccountRow): Promise<void> {
  return change(call, ({ record }) => record(accountEvent(action, account)));
}
