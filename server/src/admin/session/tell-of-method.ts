import { renderLetter } from '../../identity/mail/letter.ts';
import { describeDefect } from '../../lib/defect.ts';
import type { AdminCall } from '../http/call.ts';

/**
 * Tells a person by mail that a way to sign in was added to their account, so that they notice one that is not theirs. Does
 * nothing without a mail server. Does not wait for the mail server; a failure is logged and changes nothing.
 */
export function tellOfNewMethod(
  call: AdminCall<unknown, unknown, unknown>,
  person: { readonly email: string; readonly name: string },
  what: string,
): void {
  const { mailer, log } = call.deps;
  if (!mailer.configured) return;
  const failed = (reason: object) =>
    log.warn({ request_id: call.requestId, ...reason }, 'a new way to sign in could not be told');
  void mailer
    .send(
      renderLetter({
        to: person.email,
        subject: 'A new way to sign in to your Headgate account',
        paragraphs: [`Hello ${person.name},`, what],
        link: null,
        closing: [
          'If it was you, nothing needs to be done.',
          'If it was not you, choose a new password with “Forgot your password?” on the sign-in page, and tell a platform admin.',
        ],
      }),
    )
    .then((sent) => (sent.is === 'failed' ? failed({ reason: sent.reason }) : undefined))
    .catch((error: unknown) => failed(describeDefect(error)));
}
