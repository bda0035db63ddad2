/**
 * Sends the scheduled mails that are due. A schedule is taken in the transaction that adds its deliveries, and a delivery is marked
 * before the mail server is called. So each person gets each mail at most once, also with several replicas and after a restart.
 */
import { type MailOutcome, nextDueMs } from '../domain/tenancy/mail-schedule.ts';
import * as mails from '../store/mails/scheduled-mails.ts';
import { goOn, type Job, type JobContext } from './job.ts';

/** Sends the mail of a schedule to one person, with the rights that they have now. */
export type SendScheduledMail = (scheduleId: string, accountId: string) => Promise<MailOutcome>;

const RETRY_AFTER_MS = 5 * 60_000;
const ATTEMPTS_MAX = 12;
/** Longer than the longest attempt. */
const ABANDONED_MS = 15 * 60_000;
const KEPT_MS = 400 * 86_400_000;

export function scheduledMailJob(send: SendScheduledMail): Job {
  return {
    name: 'scheduled-mail',
    about: 'Sends the scheduled mails of saved views and statements that are due.',
    cron: '*/5 * * * *',
    run: (context) => sendDue(context, send),
  };
}

/** Sends everything that is due, and returns a sentence about it. */
export async function sendDue(context: JobContext, send: SendScheduledMail): Promise<string> {
  const { database, clock, warn } = context;
  const nowMs = clock.nowMs();
  const next = (row: mails.ScheduledMailRow, timeZone: string) => new Date(nextDueMs(row, timeZone, nowMs));
  while (await mails.takeDue(database.db, new Date(nowMs), next)) goOn(context);
  await mails.endAbandoned(
    database.db,
    new Date(nowMs - ABANDONED_MS),
    'The gateway stopped while it sent this mail, which may have arrived. It is not sent again.',
  );
  const count = { sent: 0, refused: 0, failed: 0 };
  for (;;) {
    goOn(context);
    const delivery = await mails.takePending(database.db, new Date(clock.nowMs()), new Date(nowMs - RETRY_AFTER_MS));
    if (delivery === null) break;
    const outcome = await send(delivery.scheduleId, delivery.accountId).catch(
      (error: Error): MailOutcome => ({ is: 'failed', reason: error.message }),
    );
    count[outcome.is] += 1;
    if (outcome.is === 'failed') {
      warn({ scheduled_mail_id: delivery.scheduleId, reason: outcome.reason }, 'jobs: a scheduled mail could not be sent');
    }
    const isTriedAgain = outcome.is === 'failed' && delivery.attempts < ATTEMPTS_MAX;
    await mails.recordEnd(database.db, delivery, {
      status: isTriedAgain ? 'pending' : outcome.is,
      problem: outcome.is === 'sent' ? null : outcome.reason.slice(0, 500),
      triedAt: new Date(clock.nowMs()),
    });
  }
  await mails.forgetBefore(database.db, new Date(nowMs - KEPT_MS));
  return `${count.sent} sent, ${count.refused} refused, ${count.failed} failed`;
}
