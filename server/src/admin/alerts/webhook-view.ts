import { z } from 'zod';
import { ALERT_TYPES } from '../../domain/tenancy/alert.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import type { DeliveryRow } from '../../store/alerts/alert-deliveries.ts';
import type { WebhookRow } from '../../store/alerts/webhooks.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { capabilities } from '../organizations/organization-view.ts';

/** Webhooks and their deliveries as the API shows them. The secret is never among it. */

export const deliveryStatus = z.enum(['pending', 'delivered', 'lost']);

const webhookFields = {
  id: z.string(),
  organization_id: z.string().nullable().meta({ description: 'Null: the platform’s.' }),
  name: z.string(),
  url: z.string(),
  events: z.array(z.enum(ALERT_TYPES)),
  status: z.enum(['active', 'disabled']),
  old_secret_until: instantOut.nullable().meta({ description: 'Until when the secret before the last rotation signs as well.' }),
  last_delivery: z
    .object({ status: deliveryStatus, at: instantOut, problem: z.string().nullable() })
    .nullable()
    .meta({ description: 'The newest delivery, and how it stands.' }),
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
    secret: z.string().meta({ description: '`whsec_` and 32 bytes in base64, as Standard Webhooks has it. Shown once.' }),
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

/** What people set of one. */
export function webhookFacts(row: WebhookRow) {
  return {
    organization_id: row.organizationId,
    name: row.name,
    url: row.url,
    events: ALERT_TYPES.filter((type) => row.events.includes(type)),
    status: row.status,
  };
}

/** For the audit log. Some receivers know a sender by its address alone, so of what follows the host it keeps only the end. */
export function auditedWebhook(row: WebhookRow) {
  const { origin, pathname, search } = new URL(row.url);
  const rest = pathname + search;
  return { ...webhookFacts(row), url: origin + (rest.length > SHOWN_CHARS * 2 ? `/…${rest.slice(-SHOWN_CHARS)}` : rest) };
}

const SHOWN_CHARS = 4;

export const deliveryOut = z
  .object({
    id: z.string(),
    event_id: z.string().meta({ description: 'What receivers see as `webhook-id`.' }),
    type: z.string(),
    status: deliveryStatus,
    attempts: z.int(),
    http_status: z.int().nullable(),
    problem: z.string().nullable(),
    last_attempt_at: instantOut.nullable(),
    give_up_at: instantOut.meta({ description: 'Until when a failing delivery is tried.' }),
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
