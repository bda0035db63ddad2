import { z } from 'zod';
import * as accounts from '../../store/accounts/accounts.ts';
import type { Database } from '../../store/database.ts';
import type { MailDeliveryRow, ScheduledMailRow } from '../../store/mails/scheduled-mails.ts';
import * as mails from '../../store/mails/scheduled-mails.ts';
import { instantOut, isoOf } from '../http/fields.ts';

/** Scheduled mails as the API returns them. */

export const mailOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    name: z.string(),
    saved_view_id: z.string().nullable().meta({ description: 'The saved view. Null: the statement of the last month.' }),
    every: z.enum(['week', 'month']),
    day: z.int(),
    hour: z.int(),
    form: z.enum(['csv', 'table']),
    recipients: z.array(z.object({ account_id: z.string(), name: z.string().nullable() })),
    status: z.enum(['active', 'paused']),
    next_at: instantOut.nullable().meta({ description: 'The time of the next mail. Null while it is paused.' }),
    last_sent_at: instantOut.nullable(),
    last_problem: z
      .object({
        at: instantOut,
        account_name: z.string().nullable(),
        refused: z.boolean().meta({ description: 'True if the person may not read the content any more, so nothing was sent.' }),
        message: z.string(),
      })
      .nullable()
      .meta({ description: 'The last mail that was not sent. Null if there is none, or if a mail was sent since.' }),
    version: z.int(),
    created_by: z.string(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'ScheduledMail' });

export type MailView = z.output<typeof mailOut>;

/** Returns the fields that the audit log shows. */
export function mailFacts(row: ScheduledMailRow) {
  const { name, every, day, hour, form, recipients, status } = row;
  return { name, saved_view_id: row.savedViewId, every, day, hour, form, recipients: [...recipients], status };
}

/** Renders schedules with their recipients' names and their last deliveries. */
export async function viewMails(db: Database, rows: readonly ScheduledMailRow[]): Promise<readonly MailView[]> {
  const deliveries = await mails.newestOf(
    db,
    rows.map(({ id }) => id),
  );
  const people = new Set([...rows.flatMap((row) => row.recipients), ...deliveries.map(({ accountId }) => accountId)]);
  const names = await accounts.namesOf(db, [...people]);
  return rows.map((row) =>
    view(
      row,
      deliveries.filter(({ scheduleId }) => scheduleId === row.id),
      names,
    ),
  );
}

function view(row: ScheduledMailRow, deliveries: readonly MailDeliveryRow[], names: ReadonlyMap<string, string>): MailView {
  const newest = deliveries.toSorted((a, b) => b.triedAt.getTime() - a.triedAt.getTime());
  const sent = newest.find(({ status }) => status === 'sent');
  const unsent = newest.find(({ status, problem }) => status !== 'sent' && problem !== null);
  const isOpen = unsent !== undefined && (sent === undefined || unsent.triedAt >= sent.triedAt || unsent.dueAt >= sent.dueAt);
  return {
    id: row.id,
    organization_id: row.organizationId,
    ...mailFacts(row),
    recipients: row.recipients.map((id) => ({ account_id: id, name: names.get(id) ?? null })),
    next_at: row.status === 'active' ? isoOf(row.dueAt) : null,
    last_sent_at: sent === undefined ? null : isoOf(sent.triedAt),
    last_problem: !isOpen
      ? null
      : {
          at: isoOf(unsent.triedAt),
          account_name: names.get(unsent.accountId) ?? null,
          refused: unsent.status === 'refused',
          message: unsent.problem ?? '',
        },
    version: row.version,
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}
