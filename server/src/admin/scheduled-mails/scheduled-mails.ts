import { z } from 'zod';
import { nextDueMs } from '../../domain/tenancy/mail-schedule.ts';
import { newId } from '../../lib/id.ts';
import type { ScheduledMailRow } from '../../store/mails/scheduled-mails.ts';
import * as mails from '../../store/mails/scheduled-mails.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { isPermitted } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, shortName } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict, forbidden, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { never } from '../http/schemas.ts';
import { findVisible } from '../saved-views/saved-views.ts';
import { readerOf } from './as-reader.ts';
import { type MailView, mailFacts, mailOut, viewMails } from './mail-view.ts';
import { sendScheduledMail } from './send-mail.ts';

/** Scheduled mails of saved views and statements of an organization. */

const MAILS_MAX = 20;
const RECIPIENTS_MAX = 20;
const DAYS_MAX = { week: 7, month: 28 } as const;

const fields = {
  name: shortName(80).meta({ description: 'The subject of the mail.' }),
  every: z.enum(['week', 'month']),
  day: z.int().min(1).max(28).meta({ description: 'Of a week 1 (Monday) to 7, of a month 1 to 28.' }),
  hour: z.int().min(0).max(23).meta({ description: 'The hour in the organization’s time zone.' }),
  form: z.enum(['csv', 'table']).meta({ description: 'A CSV file, or a table of at most 50 rows in the mail.' }),
  recipients: z.array(id).max(RECIPIENTS_MAX).meta({
    description:
      'Account ids of people who may read this usage. Checked again when a mail is sent: whoever may not read it any more gets none.',
  }),
};
/** A day that no week has. */
const LATE_DAY = never({
  required: ['every', 'day'],
  properties: { every: { const: 'week' }, day: { type: 'integer', minimum: 8 } },
});
const createBody = z
  .strictObject({
    ...fields,
    saved_view_id: id.nullish().meta({ description: 'A saved view of Usage & spend. Null: the statement of the last month.' }),
  })
  .meta(LATE_DAY);
const patchBody = z
  .strictObject({ ...fields, status: z.enum(['active', 'paused']) })
  .partial()
  .meta(LATE_DAY);
type PatchBody = z.output<typeof patchBody>;

export const list = route({
  summary: 'List scheduled mails',
  description: 'Returns the organization’s scheduled mails, and whether a mail server is set.',
  permission: 'usage.read',
  params: idParams,
  response: z.object({
    data: z.array(mailOut),
    mail_configured: z.boolean().meta({ description: 'False if no mail server is set, so that nothing is sent.' }),
  }),
  load: load.organization,
  handle: async ({ deps }, { id }) => ({
    data: [...(await viewMails(deps.db, await mails.list(deps.db, id)))],
    mail_configured: deps.mailer.configured,
  }),
});

export const create = route({
  summary: 'Schedule a mail',
  description: 'Sends a saved view or the statement of the last month every week or month. An organization has at most 20.',
  permission: 'usage.read',
  params: idParams,
  body: createBody,
  status: 201,
  response: mailOut,
  load: load.organization,
  handle: async (call, organization) => {
    const { saved_view_id, ...body } = call.body;
    requireDay(body);
    const savedViewId = saved_view_id ?? null;
    if (savedViewId !== null) await requireView(call, organization, savedViewId);
    await requireReaders(call, { organizationId: organization.id, savedViewId }, body.recipients);
    const row = await change(call, async ({ tx, now, record }) => {
      if ((await mails.countOf(tx, organization.id)) >= MAILS_MAX)
        throw conflict(`There are ${MAILS_MAX} scheduled mails already, the most allowed here. Delete one first.`);
      const made = { id: newId('mail', now.getTime()), organizationId: organization.id, createdBy: call.actor.id, savedViewId };
      const dueAt = new Date(nextDueMs(body, organization.timeZone, now.getTime()));
      const row = await mails.insert(tx, { ...body, ...made, dueAt, createdAt: now, updatedAt: now });
      await record({ ...eventOf(row), action: 'scheduled_mail.create', before: null, after: mailFacts(row) });
      return row;
    });
    return viewOne(call, row);
  },
});

export const update = route({
  summary: 'Change a scheduled mail',
  description: 'Absent fields keep their value. The next mail uses the new settings.',
  permission: 'usage.read',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: mailOut,
  load: loadMail,
  handle: async (call, row) => {
    if (call.body.recipients !== undefined) await requireReaders(call, row, call.body.recipients);
    return viewOne(call, await change(call, (made) => applyPatch(call, made, row.id)));
  },
});

export const remove = route({
  summary: 'Delete a scheduled mail',
  description: 'No further mail is sent.',
  permission: 'usage.read',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadMail,
  handle: async (call, { id }) => {
    await change(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      await mails.remove(tx, id);
      await record({ ...eventOf(row), action: 'scheduled_mail.delete', before: mailFacts(row), after: null });
    });
    return undefined;
  },
});

export const test = route({
  summary: 'Send a scheduled mail to yourself now',
  description: 'Waits for the mail server. Does not change when the next mail is due.',
  permission: 'usage.read',
  params: idParams,
  response: z.object({
    sent: z.boolean(),
    message: z.string().nullable().meta({ description: 'The reason why it was not sent.' }),
  }),
  load: loadMail,
  handle: async ({ deps, actor }, { id }) => {
    if (actor.accountId === null) throw forbidden('Only a person who is signed in has a mail address. An admin token has none.');
    const outcome = await sendScheduledMail(deps, id, actor.accountId);
    return { sent: outcome.is === 'sent', message: outcome.is === 'sent' ? null : outcome.reason };
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record }: Change,
  id: string,
): Promise<ScheduledMailRow> {
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const given = Object.fromEntries(Object.entries(call.body).filter(([, value]) => value !== undefined));
  const wanted: ScheduledMailRow = { ...row, ...given };
  requireDay(wanted);
  if (isUnchanged(mailFacts(row), mailFacts(wanted))) return row;
  const zone = (await organizations.timeZones(tx, [row.organizationId])).get(row.organizationId) ?? 'UTC';
  const dueAt = new Date(nextDueMs(wanted, zone, now.getTime()));
  const updated = await mails.update(tx, id, { ...given, dueAt }, now);
  await record({ ...eventOf(row), action: 'scheduled_mail.update', before: mailFacts(row), after: mailFacts(updated) });
  return updated;
}

function requireDay({ every, day }: Pick<ScheduledMailRow, 'every' | 'day'>): void {
  if (day > DAYS_MAX[every]) throw invalid('/day', `must be 1 to ${DAYS_MAX[every]} for a ${every}`);
}

/** Throws 400 for a view that is not one of usage, or one of another organization. */
async function requireView(call: AdminCall<unknown, unknown, unknown>, { id }: OrganizationRow, viewId: string): Promise<void> {
  const view = await findVisible(call, viewId);
  if (view.path !== '/usage') throw invalid('/saved_view_id', 'must be a saved view of Usage & spend: only those can be mailed');
  const of = new URLSearchParams(view.query).get('organization_id');
  if (of !== null && of !== id) throw invalid('/saved_view_id', 'is a view of another organization');
}

/** Throws 400 for a recipient who may not read the content now. */
async function requireReaders(
  { deps }: AdminCall<unknown, unknown, unknown>,
  { organizationId, savedViewId }: Pick<ScheduledMailRow, 'organizationId' | 'savedViewId'>,
  recipients: readonly string[],
): Promise<void> {
  const place = savedViewId === null ? { organizationId } : { anywhereIn: { organizationId } };
  for (const [index, accountId] of recipients.entries()) {
    const reader = await readerOf(deps, accountId);
    if (reader === null || !isPermitted(reader.actor, 'usage.read', place))
      throw invalid(`/recipients/${index}`, 'must be the account of someone who may read this usage');
  }
}

async function loadMail(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<ScheduledMailRow>> {
  const row = await mails.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('scheduled mail');
  await load.findOrganization(call, row.organizationId);
  return { place: { organizationId: row.organizationId }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<ScheduledMailRow> {
  const row = await mails.lock(tx, id);
  if (row === null) throw notFound('scheduled mail');
  return row;
}

async function viewOne({ deps }: AdminCall<unknown, unknown, unknown>, row: ScheduledMailRow): Promise<MailView> {
  const [view] = await viewMails(deps.db, [row]);
  return view as MailView;
}

function eventOf(row: ScheduledMailRow) {
  return { organizationId: row.organizationId, objectType: 'scheduled_mail', objectId: row.id, objectName: row.name };
}
