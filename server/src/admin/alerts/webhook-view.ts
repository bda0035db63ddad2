import { z } from 'zod';
import { WEBHOOK_FORMATS } from '../../domain/alerts/alert-message.ts';
import { ALERT_TYPES } from '../../domain/tenancy/alert.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import type { DeliveryRow } from '../../store/alerts/alert-deliveries.ts';
import type { WebhookRow } from '../../store/alerts/webhooks.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { capabilities } from '../organizations/organization-view.ts';

/** The API views of webhooks and deliveries. Only the answers that create or rotate a webhook hold its secret. */

export const deliveryStatus = z.enum(['pending', 'delivered', 'lost']);

export const webhookFormat = z.enum(WEBHOOK_FORMATS).meta({
  description:
    'The form of the body. `standard`: the event as JSON, after Standard Webhooks. `slack`: `{"text": …}`, as incoming webhooks of Slack and of chats that are compatible with it take it.',
});

const webhookFields = {
  id: z.string(),
  organization_id: z.string().nullable().meta({ description: 'The organization. Null for a webhook of the platform.' }),
  name: z.string(),
  url: z.string(),
  format: webhookFormat,
  events: z.array(z.enum(ALERT_TYPES)),
  status: z.enum(['active', 'disabled']),
  old_secret_until: instantOut
    .nullable()
    .meta({ description: 'The time until which the secret before the last rotation also signs.' }),
  last_delivery: z
    .object({ status: deliveryStatus, at: instantOut, problem: z.string().nullable() })
    .nullable()
    .meta({ description: 'The newest delivery and its status.' }),
  capabilities,
  version: z.int(),
  created_by: z.string(),
  created_at: instantOut,
  updated_at: instantOut,
};
export const webhookOut = z.object(webhookFields).meta({ id: 'Webhook' });
export const newWebhookOut = z
  .object({
    ...webhookFields,
    secret: z
      .string()
      .meta({ description: 'The signing secret in the Standard Webhooks format: `whsec_` and 32 bytes in base64. Shown once.' }),
  })
  .meta({ id: 'NewWebhook' });

export function viewWebhook(
  call: AdminCall<unknown, unknown, unknown>,
  row: WebhookRow,
  newest: DeliveryRow | undefined,
): z.output<typeof webhookOut> {
  const nowMs = call.deps.clock.nowMs();
  const overlaps = row.oldUntil !== null && row.oldUntil.getTime() > nowMs;
  return {
    id: row.id,
    ...webhookFacts(row),
    old_secret_until: overlaps ? isoOrNull(row.oldUntil) : null,
    last_delivery:
      newest === undefined
        ? null
        : { status: newest.status, at: isoOf(newest.lastAttemptAt ?? newest.createdAt), problem: newest.problem },
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.organizationId })],
    version: row.version,
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}

/** Returns the fields of a webhook that people set. */
export function webhookFacts(row: WebhookRow) {
  return {
    organization_id: row.organizationId,
    name: row.name,
    url: row.url,
    format: row.format,
    events: ALERT_TYPES.filter((type) => row.events.includes(type)),
    status: row.status,
  };
}

/**
 * Returns the fields for the audit log. The path of a URL can be a secret, so a path and query longer than 8 characters are cut
 * to the last 4.
 */
export function auditedWebhook(row: WebhookRow) {
  const { origin, pathname, search } = new URL(row.url);
  const rest = pathname + search;
  return { ...webhookFacts(row), url: origin + (rest.length > SHOWN_CHARS * 2 ? `/…${rest.slice(-SHOWN_CHARS)}` : rest) };
}

const SHOWN_CHARS = 4;

export const deliveryOut = z
  .object({
    id: z.string(),
    event_id: z.string().meta({ description: 'The id of the event, which receivers get as `webhook-id`.' }),
    type: z.string(),
    status: deliveryStatus,
    attempts: z.int(),
    http_status: z.int().nullable(),
    problem: z.string().nullable(),
    last_attempt_at: instantOut.nullable(),
    give_up_at: instantOut.meta({ description: 'The time at which retries of a failing delivery end.' }),
    occurred_at: instantOut,
    created_at: instantOut,
  })
  .meta({ id: 'Delivery' });

export function viewDelivery(
  row: DeliveryRow,
  event: { readonly type: string; readonly occurredAt: Date },
): z.output<typeof deliveryOut> {
  return {
    id: row.id,
    event_id: row.eventId,
    type: event.type,
    status: row.status,
    attempts: row.attempts,
    http_status: row.httpStatus,
    problem: row.problem,
    last_attempt_at: isoOrNull(row.lastAttemptAt),
    give_up_at: isoOf(row.giveUpAt),
    occurred_at: isoOf(event.occurredAt),
    created_at: isoOf(row.createdAt),
  };
}
