import { renderLetter } from '../../identity/mail/letter.ts';
import type { InvitationRow } from '../../store/accounts/invitations.ts';
import type { AdminCall } from '../http/call.ts';
import { ownOriginOf } from '../http/own-origin.ts';
import { hashOfLink, newLinkToken } from '../session/one-time-token.ts';

/**
 * The tokens of an invitation. `token` opens it for anyone who holds it. `mailToken` is only in the mailed link and proves the
 * address.
 */
export interface InvitationTokens {
  readonly token: string;
  readonly mailToken: string;
}

/** Creates the tokens and the hashes to store. Without a mail server, `mailHash` is null. */
export function newTokens({ deps }: AdminCall<unknown, unknown, unknown>) {
  const tokens: InvitationTokens = { token: newLinkToken(), mailToken: newLinkToken() };
  const { pepper } = deps.keys;
  const mailHash = deps.mailer.configured ? hashOfLink(pepper, tokens.mailToken) : null;
  return { tokens, hashes: { hash: hashOfLink(pepper, tokens.token), mailHash } };
}

/** Returns the link of a token, which is shown once to the sender of the invitation. */
export function linkOf(call: AdminCall<unknown, unknown, unknown>, token: string): string {
  return `${ownOriginOf(call as AdminCall)}/invitation?token=${token}`;
}

/**
 * Mails the link with the mail token, which nobody else sees, if there is a mail server. Returns whether the mail was sent. A
 * failure is logged, and the sender can still hand over the link.
 */
export async function mailInvitation(
  call: AdminCall<unknown, unknown, unknown>,
  row: InvitationRow,
  { tokens, place }: { readonly tokens: InvitationTokens; readonly place: string },
): Promise<boolean> {
  const { mailer, log } = call.deps;
  if (!mailer.configured) return false;
  const sent = await mailer.send(
    renderLetter({
      to: row.email,
      subject: `${row.inviterName} invites you to ${place}`,
      paragraphs: [`${row.inviterName} invites you to ${place} on Headgate.`],
      link: { label: 'Accept the invitation', url: `${linkOf(call, tokens.token)}&mail_token=${tokens.mailToken}` },
      closing: [
        `The link works once, only for ${row.email}, until ${row.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
        'If you did not expect this invitation, ignore this mail. Nothing happens unless you accept.',
      ],
    }),
  );
  if (sent.is === 'failed')
    log.warn(
      { invitation_id: row.id, reason: sent.reason },
      'the mail of an invitation could not be sent; hand its link over instead',
    );
  return sent.is === 'sent';
}
