import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { renderLetter } from '../../identity/mail/letter.ts';
import { describeDefect } from '../../lib/defect.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as addressProofs from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { email, idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { ownOriginOf } from '../http/own-origin.ts';
import { conflict, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { requireCoveredAccount } from '../people/grant-role.ts';
import { checkPassword, newPassword } from './new-password.ts';
import { hashesOfLink, hashOfLink, linkToken, newLinkToken } from './one-time-token.ts';
import { accountEvent, ownEvent } from './sign-in-audit.ts';
import { tellOfNewMethod } from './tell-of-method.ts';

/**
 * Sets a new password for a person who lost theirs. A mailed link proves the address; a link that a platform admin makes proves
 * nothing. Factors added before the address was proved are removed. A second factor added since stays.
 */

const MAILED_VALID_MS = 3_600_000;
const HANDED_VALID_MS = 24 * 3_600_000;
const AFTER_ANSWER_MS = 100;

export const request = route({
  summary: 'Request a password reset by mail',
  description:
    'The answer is the same whether the account exists or not. Mail needs `HEADGATE_SMTP_URL` and `HEADGATE_PUBLIC_URL`; the link never uses the host that the request names.',
  permission: 'public',
  body: z.strictObject({ email }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const { attempts, devices } = call.deps.identity;
    const device = devices.knownTo(call.body.email, call.raw.visitor);
    attempts.count({ owner: `reset:${call.body.email}`, from: call.raw.ip, kind: 'reset', byAnybody: { device } });
    // Runs after the answer. Otherwise its duration, or the load it causes, would reveal whether the account exists.
    void delay(AFTER_ANSWER_MS)
      .then(() => mailLink(call))
      .catch((error: unknown) =>
        call.deps.log.warn(
          { request_id: call.requestId, ...describeDefect(error) },
          'the mail of a password reset could not be sent',
        ),
      );
  },
});

export const confirm = route({
  summary: 'Set a new password with a reset link',
  description:
    'Works once and ends every session of the account. Removes passkeys and second factors that were added before the address was proved. A mailed link proves the address.',
  permission: 'public',
  body: z.strictObject({ token: linkToken, password: newPassword }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const { token, password } = call.body;
    const { db, keys, identity } = call.deps;
    const link = await signIn.findLink(db, 'password_reset', hashesOfLink(keys, token));
    const account = link?.accountId == null ? null : await accounts.find(db, link.accountId);
    if (link === null || account?.status !== 'active' || !isLiving(call, link)) throw usedUp();
    await checkPassword(password, account);
    const hash = await identity.hashPassword(password);
    await change(call, async (change) => {
      if (!(await signIn.useLink(change.tx, { id: link.id, at: change.now }))) throw usedUp();
      await reset(change, link, { account, hash });
    });
    identity.attempts.forget(identity.passwordAttempt(account.email, call.raw.visitor));
    tellOfNewMethod(call, account, 'A new password was set by a link.');
  },
});

export const createLink = route({
  summary: 'Create a password reset link for an account',
  description:
    'Use it for people whom mail cannot reach, and for the first password of an account that an admin created. The link works once, for one day, and is only in this answer. It does not prove the address. Second factors added after the address was proved remain.',
  permission: 'accounts.manage',
  params: idParams,
  status: 201,
  response: z.object({ link: z.string(), mailed: z.boolean() }),
  load: async (call: AdminCall<{ readonly id: string }, unknown, unknown>) => {
    const row = await accounts.find(call.deps.db, call.params.id);
    if (row === null) throw notFound('account');
    return { place: { organizationId: null }, object: row };
  },
  handle: async (call, account) => {
    if (account.status !== 'active') throw conflict('This account is disabled. Enable it first.');
    const link = await change(call, async (change) => {
      await requireCoveredAccount(call, change.tx, account);
      await change.record(accountEvent('account.password_reset_link', account));
      return makeLink(call, change, account, { validMs: HANDED_VALID_MS, isHanded: true });
    });
    const sent = call.deps.mailer.configured ? await call.deps.mailer.send(letter(account, link, 'for one day')) : null;
    return { link, mailed: sent?.is === 'sent' };
  },
});

/**
 * Sets the password and, by a mailed link, proves the address. A passkey or app added before the address was proved may belong to
 * somebody else, so it is removed. Factors added since stay.
 */
async function reset(
  { tx, now, record }: Change,
  link: signIn.OneTimeLink,
  { account: { id }, hash }: { readonly account: AccountRow; readonly hash: string },
): Promise<void> {
  const account = await accounts.lock(tx, id);
  if (account === null) throw usedUp();
  const { isProved } = await addressProofs.standingOf(tx, account);
  const since = isProved ? await addressProofs.provedSince(tx, id) : null;
  const removed = since === null ? await signIn.dropFactors(tx, id) : await signIn.dropFactorsBefore(tx, id, since);
  if (link.mailedTo !== null) {
    await addressProofs.addProof(tx, { accountId: id, address: link.mailedTo, how: 'mail', at: now, by: account });
  }
  const how = link.mailedTo === null ? 'handed_reset' : 'mailed_reset';
  await signIn.setPassword(tx, { id: newId('auth'), accountId: id, hash, at: now, how });
  const ended = await signIn.endSessions(tx, id);
  await record(ownEvent('account.password_reset', account, { sessions_ended: ended, mailed: link.mailedTo !== null, removed }));
}

function usedUp() {
  return conflict('This link was used, has expired, or was replaced by a newer one. Ask for another one.');
}

function isLiving(call: AdminCall<unknown, unknown, unknown>, link: signIn.OneTimeLink): boolean {
  return link.usedAt === null && link.expiresAt.getTime() > call.deps.clock.nowMs();
}

async function mailLink(call: AdminCall<unknown, unknown, { readonly email: string }>): Promise<void> {
  const { db, mailer, publicUrl, log } = call.deps;
  const account = await signIn.findByEmail(db, call.body.email);
  if (account?.status !== 'active' || !mailer.configured || publicUrl === null) return;
  const link = await change(call as AdminCall, async (change) => {
    await change.record(accountEvent('account.password_reset_request', account));
    return makeLink(call, change, account, { validMs: MAILED_VALID_MS, isHanded: false });
  });
  const sent = await mailer.send(letter(account, link, 'for one hour'));
  if (sent.is === 'failed')
    log.warn({ request_id: call.requestId, reason: sent.reason }, 'the mail of a password reset could not be sent');
}

/** Creates a link, and removes those that were not used. */
async function makeLink(
  call: AdminCall<unknown, unknown, unknown>,
  { tx, now }: Change,
  account: AccountRow,
  { validMs, isHanded }: { readonly validMs: number; readonly isHanded: boolean },
): Promise<string> {
  const token = newLinkToken();
  await signIn.dropLinks(tx, { kind: 'password_reset', accountId: account.id });
  await signIn.insertLink(tx, {
    id: newId('link', now.getTime()),
    kind: 'password_reset',
    accountId: account.id,
    hash: hashOfLink(call.deps.keys.pepper, token),
    // An admin who makes a link sees it, so it proves no address, even if it is also mailed.
    mailedTo: isHanded ? null : account.email.toLowerCase(),
    expiresAt: new Date(now.getTime() + validMs),
    createdBy: call.actor.id,
    createdAt: now,
  });
  return `${ownOriginOf(call)}/reset-password?token=${token}`;
}

function letter(account: AccountRow, url: string, holds: string) {
  return renderLetter({
    to: account.email,
    subject: 'Reset your Headgate password',
    paragraphs: [
      `Hello ${account.name},`,
      'somebody asked to reset the password of your Headgate account. Use the link to choose a new password.',
    ],
    link: { label: 'Choose a new password', url },
    closing: [`The link works once, ${holds}.`, 'If you did not ask for this, ignore this mail. Your password has not changed.'],
  });
}
