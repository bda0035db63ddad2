import { z } from 'zod';
import { DELIVERY_MS_MAX, TEST_ALERT } from '../../domain/tenancy/alert.ts';
import * as deliveries from '../../store/alerts/alert-deliveries.ts';
import { raiseFor } from '../../store/alerts/alert-events.ts';
import type { WebhookRow } from '../../store/alerts/webhooks.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { id, idParams } from '../http/fields.ts';
import { listQuery } from '../http/lists.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { deliveryOut, deliveryStatus, viewDelivery } from './webhook-view.ts';
import { eventOf, loadWebhook } from './webhooks.ts';

/** Deliveries of a webhook: lists them, sends a test event, and sends one again. */

export const list = route({
  summary: 'List the deliveries of a webhook',
  description: 'Newest first.',
  permission: 'webhooks.manage',
  params: idParams,
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor, status: deliveryStatus.optional() }),
  response: z.object({ data: z.array(deliveryOut), next_cursor: z.string().nullable() }),
  load: loadWebhook,
  handle: async (call, { id: webhookId }) => {
    const { limit, cursor, status } = call.query;
    const page = await deliveries.listOfWebhook(call.deps.db, { webhookId, status }, { limit, cursor });
    return { data: page.rows.map(({ delivery, event }) => viewDelivery(delivery, event)), next_cursor: page.nextCursor };
  },
});

export const test = route({
  summary: 'Send a test event to a webhook',
  description: 'The event is signed and retried like any other. The deliveries of the webhook show the result.',
  permission: 'webhooks.manage',
  params: idParams,
  status: 201,
  response: deliveryOut,
  load: loadWebhook,
  handle: async (call, webhook) => {
    if (webhook.status !== 'active') throw conflict('This webhook is disabled. Enable it first.');
    const deliveryId = await change(call, async ({ tx, now, record }) => {
      const deliveryId = await raiseFor(tx, webhook.id, {
        organizationId: webhook.organizationId,
        teamId: null,
        type: TEST_ALERT,
        data: { webhook: { id: webhook.id, name: webhook.name }, sent_by: call.actor.name },
        at: now,
      });
      await call.deps.jobs.enqueueDeliveries(tx, [deliveryId]);
      await record({ ...eventOf(webhook), action: 'webhook.test', before: null, after: { delivery_id: deliveryId } });
      return deliveryId;
    });
    return shown(call, deliveryId);
  },
});

export const redeliver = route({
  summary: 'Redeliver an event to a webhook',
  description:
    'Keeps the event’s id, so that a receiver can recognize it, and retries for one day. If the delivery is still pending, this only extends its deadline.',
  permission: 'webhooks.manage',
  params: idParams.extend({ delivery_id: id }),
  response: deliveryOut,
  load: loadDelivery,
  handle: async (call, { webhook, delivery }) => {
    if (webhook.status !== 'active') throw conflict('This webhook is disabled. Enable it first.');
    await change(call, async ({ tx, now, record }) => {
      await deliveries.revive(tx, delivery.id, new Date(now.getTime() + DELIVERY_MS_MAX));
      await call.deps.jobs.enqueueDeliveries(tx, [delivery.id]);
      await record({ ...eventOf(webhook), action: 'webhook.redeliver', before: null, after: { delivery_id: delivery.id } });
    });
    return shown(call, delivery.id);
  },
});

async function shown(call: AdminCall<unknown, unknown, unknown>, deliveryId: string) {
  const found = await deliveries.find(call.deps.db, deliveryId);
  if (found === null) throw notFound('delivery');
  return viewDelivery(found.delivery, found.event);
}

interface LoadedDelivery {
  readonly webhook: WebhookRow;
  readonly delivery: deliveries.DeliveryRow;
}

async function loadDelivery(
  call: AdminCall<{ readonly id: string; readonly delivery_id: string }, unknown, unknown>,
): Promise<Loaded<LoadedDelivery>> {
  const { place, object: webhook } = await loadWebhook(call);
  const found = await deliveries.find(call.deps.db, call.params.delivery_id);
  if (found === null || found.delivery.webhookId !== webhook.id) throw notFound('delivery');
  return { place, object: { webhook, delivery: found.delivery } };
}
