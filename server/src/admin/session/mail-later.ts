import { type Letter, renderLetter } from '../../identity/mail/letter.ts';
import { describeDefect } from '../../lib/defect.ts';
import type { AdminCall } from '../http/call.ts';

/**
 * Sends a letter that nothing depends on. Does nothing without a mail server. Does not wait for the mail server; a failure is
 * logged with the given words and changes nothing.
 */
export function mailLater(call: AdminCall<unknown, unknown, unknown>, letter: Letter, whenFailed: string): void {
  const { mailer, log } = call.deps;
  if (!mailer.configured) return;
  const failed = (reason: object) => log.warn({ request_id: call.requestId, ...reason }, whenFailed);
  void mailer
    .send(renderLetter(letter))
    .then((sent) => (sent.is === 'failed' ? failed({ reason: sent.reason }) : undefined))
    .catch((error: unknown) => failed(describeDefect(error)));
}
