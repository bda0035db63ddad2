import { z } from 'zod';
import { SignInRefused } from '../../identity/refusal.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { change } from '../http/change.ts';
import { id, instantOut, isoOf, name } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { lacks, never } from '../http/schemas.ts';
import * as own from '../people/own-account.ts';
import { requireShownAgain, shownAgainFields, webAuthn } from '../people/shown-again.ts';
import { finishSignIn } from './finish-sign-in.ts';
import { accountEvent, recordRefused } from './sign-in-audit.ts';
import { tellOfNewMethod } from './tell-of-method.ts';

/** Passkeys: signs people in with one, and lets them manage their own. */

const PASSKEYS_MAX = 20;

/** The JSON form of the arguments and results of the browser's WebAuthn calls. The identity module parses it. */
const webAuthnOut = z.record(z.string(), z.unknown()).meta({ description: 'JSON as defined by WebAuthn.' });

const passkeyOut = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: instantOut,
    synced: z.boolean().meta({ description: 'True if the passkey is synced between the owner’s devices.' }),
  })
  .meta({ id: 'Passkey' });

export const signInOptions = route({
  summary: 'Get browser options for signing in with a passkey',
  description: 'Returns the argument of `navigator.credentials.get`. The answer sets a cookie that the sign-in needs.',
  permission: 'public',
  body: z.strictObject({}),
  response: webAuthnOut,
  load: load.platform,
  handle: async (call) => {
    // Limited per address, because each call stores a row and needs no proof.
    call.deps.identity.attempts.count({ owner: null, from: call.raw.ip, kind: 'passkey_options' });
    const { options, cookies } = await call.deps.identity.passkeys.signInOptions(call.raw.visitor);
    call.cookies = cookies;
    return options;
  },
});

export const signInWith = route({
  summary: 'Sign in with a passkey',
  description: 'It replaces both factors, because the device already verified its owner.',
  permission: 'public',
  body: z.strictObject({ response: webAuthn }),
  response: z.object({ status: z.literal('signed_in') }),
  load: load.platform,
  handle: async (call) => {
    const { identity, db } = call.deps;
    const { visitor } = call.raw;
    const { response } = call.body;
    const done = await identity.attempts
      .throttled({ owner: `passkey:${response.id}`, from: visitor.ip }, () => identity.passkeys.signIn(response, visitor))
      .catch(async (error: unknown) => {
        if (error instanceof SignInRefused) await recordRefused(call, { account: null, email: 'a passkey', code: error.code });
        throw error;
      });
    const account = await accounts.find(db, done.accountId);
    if (account === null) throw new SignInRefused('wrong_passkey'); // The account was deleted meanwhile.
    return finishSignIn(call, account, { ...done, method: 'passkey', secondFactor: true, facts: { passkey: true } });
  },
});

export const list = route({
  summary: 'List your own passkeys',
  description: 'Returns the names and dates of the caller’s passkeys, at most 20.',
  permission: 'signed_in',
  response: z.object({ data: z.array(passkeyOut) }),
  load: load.platform,
  handle: async (call) => {
    const rows = await signIn.listPasskeys(call.deps.db, (await own.account(call)).id);
    return { data: rows.map(view) };
  },
});

const shownAgain = z
  .strictObject(shownAgainFields)
  .refine(({ password, passkey }) => (password === undefined) !== (passkey === undefined), {
    path: ['password'],
    message: 'must be sent unless `passkey` is: confirm that it is you with one of the two',
  })
  .meta({
    ...never({ required: ['password', 'passkey'] }, lacks('password', 'passkey')),
    'x-example': { password: 'correct horse battery 7' },
  });

export const createOptions = route({
  summary: 'Get browser options for creating a passkey',
  description:
    'Needs the password again, or a passkey with the options of `POST /session/passkey-options`. A session alone is not enough.',
  permission: 'signed_in',
  takesReason: false,
  body: shownAgain,
  response: webAuthnOut,
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await requireShownAgain(call, account, call.body);
    const rows = await signIn.listPasskeys(call.deps.db, account.id);
    if (rows.length >= PASSKEYS_MAX) throw conflict(`An account has at most ${PASSKEYS_MAX} passkeys. Delete one first.`);
    const { options, cookies } = await call.deps.identity.passkeys.registerOptions(call.raw.visitor);
    call.cookies = cookies;
    return options;
  },
});

export const create = route({
  summary: 'Save a new passkey',
  description: 'Takes the result of `navigator.credentials.create` for the options of `POST /session/passkeys/options`.',
  permission: 'signed_in',
  body: z.strictObject({ name, response: webAuthn }),
  status: 201,
  response: passkeyOut,
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    const made = await call.deps.identity.passkeys.register(call.body, call.raw.visitor);
    const row = (await signIn.listPasskeys(call.deps.db, account.id)).find((passkey) => passkey.id === made.id);
    if (row === undefined) throw notFound('passkey');
    const isKept = await change(call, async ({ tx, record }) => {
      await accounts.lock(tx, account.id);
      // A password reset may have ended the session and removed all passkeys meanwhile. This one must not outlast it.
      const { sessionId: id } = call.actor;
      if (id !== undefined && !(await signIn.isSessionAlive(tx, { accountId: account.id, id }))) {
        await signIn.deletePasskey(tx, { accountId: account.id, id: row.id });
        return false;
      }
      await signIn.markPasskeyAdded(tx, row.id);
      await record(accountEvent('account.passkey_add', account, { id: row.id, name: row.name }));
      return true;
    });
    if (!isKept) throw new SignInRefused('not_signed_in');
    tellOfNewMethod(call, account, `The passkey “${row.name ?? 'Passkey'}” was added.`);
    return view(row);
  },
});

export const remove = route({
  summary: 'Delete one of your own passkeys',
  description: 'The passkey can no longer sign anybody in.',
  permission: 'signed_in',
  params: z.object({ passkey_id: id }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await change(call, async ({ tx, record }) => {
      const { passkey_id: passkeyId } = call.params;
      if (!(await signIn.deletePasskey(tx, { accountId: account.id, id: passkeyId }))) throw notFound('passkey');
      await record(accountEvent('account.passkey_remove', account, { id: passkeyId }));
    });
  },
});

function view(row: signIn.PasskeyRow): z.output<typeof passkeyOut> {
  return { id: row.id, name: row.name ?? 'Passkey', created_at: isoOf(row.createdAt), synced: row.backedUp };
}
