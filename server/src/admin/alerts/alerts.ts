import { z } from 'zod';
import { ALERT_TYPES } from '../../domain/tenancy/alert.ts';
import * as alerts from '../../store/alerts/alert-events.ts';
import { reachWithin } from '../http/authorize.ts';
import { id, instantOut, isoOf } from '../http/fields.ts';
import { listQuery } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** Alerts of organizations and of the platform. */

const alertOut = z
  .object({
    id: z.string(),
    type: z.string(),
    organization_id: z
      .string()
      .nullable()
      .meta({ description: 'The organization of the alert. Null for the platform’s own alerts.' }),
    occurred_at: instantOut,
    data: z.record(z.string(), z.unknown()).meta({ description: 'The `data` object that webhooks receive.' }),
  })
  .meta({ id: 'Alert' });

export const list = route({
  summary: 'List alerts',
  description:
    'Newest first. Includes budget thresholds and, for platform callers, platform alerts. A caller who reads one team’s usage sees only that team’s alerts.',
  permission: 'usage.read',
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    organization_id: id.optional(),
    type: z.enum(ALERT_TYPES).optional(),
  }),
  response: z.object({ data: z.array(alertOut), next_cursor: z.string().nullable() }),
  load: load.anywhere,
  handle: async (call) => {
    const { organization_id: organizationId, type, limit, cursor } = call.query;
    const place = organizationId === undefined ? 'platform' : { organizationId };
    const reach = reachWithin(call.actor, 'usage.read', place);
    const types = type === undefined ? ALERT_TYPES : [type];
    const page = await alerts.list(call.deps.db, { reach, organizationId, types }, { limit, cursor });
    return {
      data: page.rows.map((row) => ({
        id: row.id,
        type: row.type,
        organization_id: row.organizationId,
        occurred_at: isoOf(row.occurredAt),
        data: row.data,
      })),
      next_cursor: page.nextCursor,
    };
  },
});
