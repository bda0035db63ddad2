import type { MailOutcome } from '../../domain/tenancy/mail-schedule.ts';
import { renderLetter } from '../../identity/mail/letter.ts';
import type { ScheduledMailRow } from '../../store/mails/scheduled-mails.ts';
import * as mails from '../../store/mails/scheduled-mails.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminDeps } from '../http/deps.ts';
import { isRefusal, type Reader, readerOf } from './as-reader.ts';
import { type MailContent, statementContent, usageContent } from './mail-content.ts';

const GONE: MailOutcome = { is: 'refused', reason: 'This person has no active account any more.' };

/** Sends the mail of a schedule to one person, as far as the person may read its content now. */
export async function sendScheduledMail(deps: AdminDeps, scheduleId: string, accountId: string): Promise<MailOutcome> {
  const row = await mails.find(deps.db, scheduleId);
  if (row === null) return { is: 'refused', reason: 'The schedule was deleted.' };
  const reader = await readerOf(deps, accountId);
  if (reader === null) return GONE;
  try {
    return await send(deps, row, reader);
  } catch (error) {
    if (isRefusal(error)) return { is: 'refused', reason: error.message };
    throw error;
  }
}

async function send(deps: AdminDeps, row: ScheduledMailRow, reader: Reader): Promise<MailOutcome> {
  const { about, table, address, csv } = await contentOf(deps, row, reader);
  const file = row.form === 'csv' ? await csv() : null;
  const letter = renderLetter({
    to: reader.account.email,
    subject: row.name,
    paragraphs: [about, ...(file === null ? [] : ['The figures are in the attached file.'])],
    table: file === null ? table : undefined,
    link: deps.publicUrl === null ? null : { label: 'Open it in the console', url: `${deps.publicUrl}${address}` },
    closing: ['You get this mail because someone scheduled it for you. Anyone who manages the schedule can remove you from it.'],
  });
  const attachment = file === null ? {} : { attachment: { ...file, type: 'text/csv' } };
  const sent = await deps.mailer.send({ ...letter, ...attachment });
  return sent.is === 'sent' ? { is: 'sent' } : { is: 'failed', reason: sent.reason };
}

async function contentOf(deps: AdminDeps, row: ScheduledMailRow, reader: Reader): Promise<MailContent> {
  const organization = await organizations.find(deps.db, row.organizationId);
  if (organization === null) throw new Error('the organization of a scheduled mail is missing');
  const address = await mails.viewOf(deps.db, row);
  if (address === null) return statementContent(deps, reader, organization);
  return usageContent(deps, reader, { address, organization });
}
