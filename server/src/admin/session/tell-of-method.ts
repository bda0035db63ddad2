import type { AdminCall } from '../http/call.ts';
import { mailLater } from './mail-later.ts';

/**
 * Tells a person by mail that a way to sign in was added to their account, so that they notice one that is not theirs. Does
 * nothing without a mail server. Does not wait for the mail server; a failure is logged and changes nothing.
 */
export function tellOfNewMethod(
  call: AdminCall<unknown, unknown, unknown>,
  person: { readonly email: string; readonly name: string },
  what: string,
): void {
  const letter = {
    to: person.email,
    subject: 'A sign-in method of your Headgate account was added or changed',
    paragraphs: [`Hello ${person.name},`, what],
    link: null,
    closing: [
      'If you did this, you do not need to do anything.',
      'If you did not do this, choose a new password with “Forgot your password?” on the sign-in page, and tell a platform admin.',
    ],
  };
  mailLater(call, letter, 'the mail about a new sign-in method could not be sent');
}
