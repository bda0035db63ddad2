import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { renderLetter } from '../../identity/mail/letter.ts';
import { describeDefect } from '../../lib/defect.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts.ts';
import * as accounts from '../../store/accounts.ts';
import * as signIn from '../../store/sign-in.ts';
import type { AdminCall } from '../call.ts';
import { type Change, change } from '../change.ts';
import { email, idParams } from '../fields.ts';
import * as load from '../load.ts';
import { checkPassword, newPassword } from '../new-password.ts';
import { hashOfLink, linkToken, newLinkToken } from '../one-time-token.ts';
import { ownOriginOf } from '../own-origin.ts';
import { conflict, notFound } from '../problem.ts';
import { route } from '../route.ts';
import { accountEvent, ownEvent } from '../sign-in-audit.ts';

/** A new password for somebody who lost theirs: by mail, or by a link that a platform admin makes. A second factor stays. */

const MAILED_VALID_MS = 3_600_000;
const HANDED_VALID_MS = 24 * 3_600_000;
const AFTER_ANSWER_MS = 100;

export const request = route({
  summary: 'Ask for a mail with a link to a new password',
  description:
    'Answers the same whether there is such an account or not. Mail needs `HEADGATE_SMTP_URL` and `HEADGATE_PUBLIC_URL`: an address that a stranger’s request names must not stand in it.',
  permission: 'public',
  body: z.strictObject({ email }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    call.deps.identity.attempts.count({ owner: `reset:${call.body.email}`, from: `reset:${call.raw.ip}` });
    // After the answer: how long it takes, or what else it keeps busy, would tell whether there is such an account.
    void delay(AFTER_ANSWER_MS)
      .then(() => mailLink(call))
      .catch((error: unknown) =>
        call.deps.log.warn({ request_id: call.requestId, ...describeDefect(error) }, 'a password reset could not be mailed'),
      );
  },
});

export const confirm = route({
  summary: 'Set a new password by the link',
  description: 'Works once, and ends every session of the account.',
  permission: 'public',
  body: z.strictObject({ token: linkToken, password: newPassword }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const { token, password } = call.body;
    const { db, keys, identity } = call.deps;
    const link = await signIn.findLink(db, 'password_reset', hashOfLink(keys.pepper, token));
    const account = link?.accountId == null ? null : await accounts.find(db, link.accountId);
    if (link === null || account?.status !== 'active' || !isLiving(call, link)) throw usedUp();
    checkPassword(password, account);
    const hash = await identity.hashPassword(password);
    await change(call, async ({ tx, now, record }) => {
      if (!(await signIn.useLink(tx, { id: link.id, at: now }))) throw usedUp();
      await signIn.setPassword(tx, { id: newId('auth'), accountId: account.id, hash, at: now });
      const ended = await signIn.endSessions(tx, account.id);
      await record(ownEvent('account.password_reset', account, { sessions_ended: ended }));
    });
    identity.attempts.forget(`password:${account.email}`);
  },
});

export const createLink = route({
  summary: 'Make a link to a new password for somebody',
  description: 'For who cannot be reached by mail. Works once, for a day; shown only now. A second factor stays.',
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
    if (account.status !== 'active') throw conflict('This account is disabled.');
    const link = await change(call, async (change) => {
      await change.record(accountEvent('account.password_reset_link', account));
      return makeLink(call, change, account, HANDED_VALID_MS);
    });
    const sent = call.deps.mailer.configured ? await call.deps.mailer.send(letter(account, link, 'for a day')) : null;
    return { link, mailed: sent?.is === 'sent' };
  },
});

function usedUp() {
  return conflict('This link was used, has run out, or was replaced by a newer one. Ask for another.');
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
    return makeLink(call, change, account, MAILED_VALID_MS);
  });
  const sent = await mailer.send(letter(account, link, 'for an hour'));
  if (sent.is === 'failed') log.warn({ request_id: call.requestId, reason: sent.reason }, 'a password reset could not be mailed');
}

/** Replaces what was not used before. */
async function makeLink(
  call: AdminCall<unknown, unknown, unknown>,
  { tx, now }: Change,
  account: AccountRow,
  validMs: number,
): Promise<string> {
  const token = newLinkToken();
  await signIn.dropLinks(tx, { kind: 'password_reset', accountId: account.id });
  await signIn.insertLink(tx, {
    id: newId('link', now.getTime()),
    kind: 'password_reset',
    accountId: account.id,
    hash: hashOfLink(call.deps.keys.pepper, token),
    expiresAt: new Date(now.getTime() + validMs),
    createdBy: call.actor.id,
    createdAt: now,
  });
  return `${ownOriginOf(call)}/reset-password?token=${token}`;
}

function letter(account: AccountRow, url: string, holds: string) {
  return renderLetter({
    to: account.email,
    subject: 'Your new Headgate password',
    paragraphs: [`Hello ${account.name},`, 'somebody asked for a new password for your Headgate account.'],
    link: { label: 'Choose a new password', url },
    closing: [`The link works once and ${holds}.`, 'If it was not you, nothing has changed and nothing needs to be done.'],
  });
}
