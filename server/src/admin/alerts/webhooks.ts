import { z } from 'zod';
import { ALERT_TYPES, ORGANIZATION_ALERT_TYPES } from '../../domain/tenancy/alert.ts';
import { newId } from '../../lib/id.ts';
import { seal } from '../../lib/secrets.ts';
import { newWebhookSecret } from '../../lib/webhook-signature.ts';
import * as deliveries from '../../store/alerts/alert-deliveries.ts';
import type { WebhookRow } from '../../store/alerts/webhooks.ts';
import * as webhooks from '../../store/alerts/webhooks.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { onOff, text, URL_PATTERN } from '../http/schemas.ts';
import { auditedWebhook, newWebhookOut, viewWebhook, webhookFacts, webhookFormat, webhookOut } from './webhook-view.ts';

/** Webhooks: the addresses that alerts of an organization or of the platform are sent to. */

const url = text(2_048).meta({ pattern: URL_PATTERN });
const events = z.array(z.enum(ALERT_TYPES)).max(ALERT_TYPES.length);
const createBody = z.strictObject({
  organization_id: id.nullish().meta({ description: 'The organization. Null for the platform.' }),
  name,
  url: url.meta({ description: 'Must begin with `https://`. The host must be public.' }),
  format: webhookFormat.optional(),
  events: events.meta({
    description:
      'The events to send. A webhook of an organization gets that organization’s events; one of the platform may also get those of every organization. Empty: only the alerts of rules that name the webhook.',
  }),
});
const patchBody = z.strictObject({
  name: name.optional(),
  url: url.optional(),
  format: webhookFormat.optional(),
  events: events.optional(),
  status: z.enum(['active', 'disabled']).optional(),
});
type PatchBody = z.output<typeof patchBody>;

/** The most webhooks of one organization, or of the platform. Every event is sent to each webhook that takes it. */
const WEBHOOKS_MAX = 100;
const OVERLAP_SECONDS_MAX = 7 * 86_400;

export const list = route({
  summary: 'List webhooks',
  description: 'Returns the webhooks that the caller may manage, without their secrets.',
  permission: 'webhooks.manage',
  query: z.strictObject({
    ...listQuery,
    organization_id: id.optional(),
    platform: onOff
      .optional()
      .meta({ description: 'If true, returns only webhooks of the platform. Cannot be combined with `organization_id`.' }),
  }),
  response: pageOut(webhookOut),
  load: load.anywhere,
  handle: async (call) => {
    const { organization_id, platform } = call.query;
    if (platform === true && organization_id !== undefined)
      throw invalid('?platform', 'cannot be combined with `organization_id`');
    const organizationId = platform === true ? null : organization_id;
    const place = organization_id === undefined ? 'platform' : { organizationId: organization_id };
    const filter = { reach: reachWithin(call.actor, 'webhooks.manage', place), organizationId, search: searchOf(call.query) };
    const listed = await webhooks.list(call.deps.db, filter, pageRequest(call.query));
    const newest = await deliveries.newestOf(
      call.deps.db,
      listed.rows.map((row) => row.id),
    );
    return renderPage(
      listed,
      listed.rows.map((row) => viewWebhook(call, row, newest.get(row.id))),
    );
  },
});

export const read = route({
  summary: 'Get a webhook',
  description: 'Returns the webhook with the result of its last delivery. The secret is never shown again.',
  permission: 'webhooks.manage',
  params: idParams,
  response: webhookOut,
  load: loadWebhook,
  handle: async (call, row) => view(call, row),
});

export const create = route({
  summary: 'Create a webhook',
  description: 'The signing secret is only in this answer.',
  permission: 'webhooks.manage',
  body: createBody,
  status: 201,
  response: newWebhookOut,
  load: load.organizationInBody,
  handle: async (call) => {
    const { body } = call;
    const organizationId = body.organization_id ?? null;
    requireUsable(call, organizationId, body);
    const secret = newWebhookSecret(call.deps.random);
    const row = await change(call, async ({ tx, now, record }) => {
      if ((await webhooks.countOf(tx, organizationId)) >= WEBHOOKS_MAX)
        throw conflict(`There are ${WEBHOOKS_MAX} webhooks already, the most allowed here. Delete one first.`);
      const hookId = newId('hook', now.getTime());
      const row = await webhooks.insert(tx, {
        id: hookId,
        organizationId,
        name: body.name,
        url: body.url,
        format: body.format ?? 'standard',
        events: [...new Set(body.events)],
        sealed: seal(call.deps.keys.credentials, secret, hookId),
        createdBy: call.actor.id,
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...eventOf(row), action: 'webhook.create', before: null, after: auditedWebhook(row) });
      return row;
    });
    return { ...viewWebhook(call, row, undefined), secret };
  },
});

export const update = route({
  summary: 'Change a webhook',
  description: 'Absent fields keep their value.',
  permission: 'webhooks.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: webhookOut,
  load: loadWebhook,
  handle: async (call, { id }) => view(call, await change(call, (made) => applyPatch(call, made, id))),
});

export const remove = route({
  summary: 'Delete a webhook',
  description: 'Also deletes its deliveries, including pending ones.',
  permission: 'webhooks.manage',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadWebhook,
  handle: async (call, { id }) => {
    await change(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      await webhooks.remove(tx, id);
      await record({ ...eventOf(row), action: 'webhook.delete', before: auditedWebhook(row), after: null });
    });
    return undefined;
  },
});

export const rotate = route({
  summary: 'Rotate the signing secret of a webhook',
  description: 'Both secrets sign until the overlap ends, so that a receiver can switch without missing an event.',
  permission: 'webhooks.manage',
  takesIfMatch: true,
  params: idParams,
  body: z.strictObject({ overlap_seconds: z.int().min(0).max(OVERLAP_SECONDS_MAX).optional() }),
  response: newWebhookOut,
  load: loadWebhook,
  handle: async (call, { id }) => {
    const secret = newWebhookSecret(call.deps.random);
    const row = await change(call, async ({ tx, now, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      const overlapMs = (call.body.overlap_seconds ?? OVERLAP_SECONDS) * 1_000;
      const until = overlapMs === 0 ? null : new Date(now.getTime() + overlapMs);
      const sealed = seal(call.deps.keys.credentials, secret, id);
      const rotated = await webhooks.update(tx, id, { sealed, oldSealed: until && row.sealed, oldUntil: until }, now);
      await record({
        ...eventOf(row),
        action: 'webhook.rotate',
        before: { secret: 'the one before' },
        after: { secret: 'replaced', old_secret_until: until?.toISOString() ?? null },
      });
      return rotated;
    });
    return { ...(await view(call, row)), secret };
  },
});

const OVERLAP_SECONDS = 86_400;

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record }: Change,
  id: string,
): Promise<WebhookRow> {
  const { body } = call;
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  requireUsable(call, row.organizationId, body);
  const columns = {
    name: body.name ?? row.name,
    url: body.url ?? row.url,
    format: body.format ?? row.format,
    events: body.events === undefined ? row.events : [...new Set(body.events)],
    status: body.status ?? row.status,
  };
  if (isUnchanged(webhookFacts(row), webhookFacts({ ...row, ...columns }))) return row;
  const updated = await webhooks.update(tx, id, columns, now);
  await record({
    ...eventOf(updated),
    action: 'webhook.update',
    before: auditedWebhook(row),
    after: auditedWebhook(updated),
  });
  return updated;
}

/** Throws 400 for a URL that must not be called, and for events of the platform in an organization's webhook. */
function requireUsable(
  { deps }: AdminCall<unknown, unknown, unknown>,
  organizationId: string | null,
  { url, events }: Pick<PatchBody, 'url' | 'events'>,
): void {
  const problem = url === undefined ? null : deps.jobs.checkWebhookUrl(url);
  if (problem !== null) throw invalid('/url', problem);
  const own: readonly string[] = ORGANIZATION_ALERT_TYPES;
  const foreign = organizationId === null ? undefined : events?.find((type) => !own.includes(type));
  if (foreign !== undefined) throw invalid('/events', `"${foreign}" is only for webhooks of the platform`);
}

export async function loadWebhook(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<WebhookRow>> {
  const row = await webhooks.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('webhook');
  if (row.organizationId !== null) await load.findOrganization(call, row.organizationId);
  return { place: { organizationId: row.organizationId }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<WebhookRow> {
  const row = await webhooks.lock(tx, id);
  if (row === null) throw notFound('webhook');
  return row;
}

async function view(call: AdminCall<unknown, unknown, unknown>, row: WebhookRow) {
  const newest = await deliveries.newestOf(call.deps.db, [row.id]);
  return viewWebhook(call, row, newest.get(row.id));
}

export function eventOf(row: WebhookRow) {
  return { organizationId: row.organizationId, objectType: 'webhook', objectId: row.id, objectName: row.name };
}
