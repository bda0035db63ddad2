import { z } from 'zod';
import { SignInRefused } from '../../identity/refusal.ts';
import * as accounts from '../../store/accounts.ts';
import * as signIn from '../../store/sign-in.ts';
import { change } from '../change.ts';
import { id, instantOut, isoOf, name } from '../fields.ts';
import { finishSignIn } from '../finish-sign-in.ts';
import * as load from '../load.ts';
import * as own from '../own-account.ts';
import { conflict, notFound } from '../problem.ts';
import { route } from '../route.ts';
import { accountEvent, recordRefused } from '../sign-in-audit.ts';

/** Passkeys: signing in with one, and one's own. */

const PASSKEYS_MAX = 20;

/** What the browser's WebAuthn calls take and give, in their JSON form. The room that knows sign-in reads it. */
const webAuthnOut = z.record(z.string(), z.unknown()).meta({ description: 'WebAuthn’s own JSON.' });
const webAuthn = z
  .looseObject({
    id: z.string().min(1).max(2_048),
    rawId: z.string().min(1).max(2_048),
    type: z.literal('public-key'),
    response: z.record(z.string().max(64), z.unknown()),
  })
  .refine((value) => JSON.stringify(value).length <= RESPONSE_BYTES_MAX, 'is too long')
  .meta({ description: 'WebAuthn’s own JSON.' });
const RESPONSE_BYTES_MAX = 65_536;

const passkeyOut = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: instantOut,
    synced: z.boolean().meta({ description: 'Kept by the device’s maker on all devices of its owner.' }),
  })
  .meta({ id: 'Passkey' });

export const signInOptions = route({
  summary: 'What to ask a browser for that signs in with a passkey',
  permission: 'public',
  body: z.strictObject({}),
  response: webAuthnOut,
  load: load.platform,
  handle: async (call) => {
    // Each is a row that nobody has to prove anything for.
    call.deps.identity.attempts.count({ owner: null, from: `passkey-options:${call.raw.ip}` });
    const { options, cookies } = await call.deps.identity.passkeys.signInOptions(call.raw.visitor);
    call.cookies = cookies;
    return options;
  },
});

export const signInWith = route({
  summary: 'Sign in with a passkey',
  description: 'It stands for both factors: the device asked its owner for a finger or a code.',
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
    if (account === null) throw new SignInRefused('wrong_passkey'); // It was deleted meanwhile.
    return finishSignIn(call, account, { cookies: done.cookies, facts: { passkey: true } });
  },
});

export const list = route({
  summary: 'List one’s own passkeys',
  permission: 'signed_in',
  response: z.object({ data: z.array(passkeyOut) }),
  load: load.platform,
  handle: async (call) => {
    const rows = await signIn.listPasskeys(call.deps.db, (await own.account(call)).id);
    return { data: rows.map(view) };
  },
});

export const createOptions = route({
  summary: 'What to ask the browser for to make a passkey',
  permission: 'signed_in',
  body: z.strictObject({}),
  response: webAuthnOut,
  load: load.platform,
  handle: async (call) => {
    const { id } = await own.account(call);
    const rows = await signIn.listPasskeys(call.deps.db, id);
    if (rows.length >= PASSKEYS_MAX) throw conflict(`An account has at most ${PASSKEYS_MAX} passkeys. Delete one first.`);
    const { options, cookies } = await call.deps.identity.passkeys.registerOptions(call.raw.visitor);
    call.cookies = cookies;
    return options;
  },
});

export const create = route({
  summary: 'Keep a passkey that the browser made',
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
    await change(call, ({ record }) => record(accountEvent('account.passkey_add', account, { id: row.id, name: row.name })));
    return view(row);
  },
});

export const remove = route({
  summary: 'Delete one of one’s own passkeys',
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
