import { z } from 'zod';
import { mailText, webhookBody } from '../../domain/alerts/alert-message.ts';
import * as deliveries from '../../store/alerts/alert-deliveries.ts';
import type { AlertEventRow } from '../../store/alerts/alert-events.ts';
import * as events from '../../store/alerts/alert-events.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams, instantOut, isoOrNull } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { deliveryStatus } from './webhook-view.ts';

/** What was sent of an alert, to whom, and what was answered. */

export const sentOut = z
  .object({
    id: z.string(),
    channel: z.enum(['webhook', 'slack', 'mail']),
    webhook_id: z.string().nullable(),
    receiver: z.string().meta({ description: 'The name of the webhook, or the address of the mail.' }),
    status: deliveryStatus,
    attempts: z.int(),
    http_status: z.int().nullable().meta({ description: 'The status of the last answer. Null for mail, and without an answer.' }),
    problem: z.string().nullable().meta({ description: 'The reason why the last attempt failed.' }),
    last_attempt_at: instantOut.nullable(),
    sent: z.string().meta({ description: 'The body of the webhook, or the text of the mail.' }),
  })
  .meta({ id: 'SentAlert' });

export const list = route({
  summary: 'List what was sent of an alert',
  description: 'At most 200 deliveries, in the order in which they were made. Only the status of an answer is stored.',
  permission: 'webhooks.manage',
  params: idParams,
  response: z.object({ data: z.array(sentOut) }),
  load: loadAlert,
  handle: async (call, { id }) => ({ data: await deliveriesOf(call, id) }),
});

export async function deliveriesOf(
  call: AdminCall<unknown, unknown, unknown>,
  eventId: string,
): Promise<z.output<typeof sentOut>[]> {
  const found = await deliveries.ofEvent(call.deps.db, eventId);
  return found.map(({ delivery, event, webhook }) => ({
    id: delivery.id,
    channel: webhook === null ? ('mail' as const) : webhook.format === 'slack' ? ('slack' as const) : ('webhook' as const),
    webhook_id: delivery.webhookId,
    receiver: webhook?.name ?? delivery.email ?? '',
    status: delivery.status,
    attempts: delivery.attempts,
    http_status: delivery.httpStatus,
    problem: delivery.problem,
    last_attempt_at: isoOrNull(delivery.lastAttemptAt),
    sent: webhook === null ? mailText(event, call.deps.publicUrl) : webhookBody(webhook.format, event, call.deps.publicUrl),
  }));
}

async function loadAlert(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AlertEventRow>> {
  const row = await events.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('alert');
  if (row.organizationId !== null) await load.findOrganization(call, row.organizationId);
  return { place: { organizationId: row.organizationId }, object: row };
}
