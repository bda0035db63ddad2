import { z } from 'zod';
import { RULE_UNITS, ruleProblem } from '../../domain/alerts/alert-rule.ts';
import { TEST_RULE_ALERT } from '../../domain/tenancy/alert.ts';
import { newId } from '../../lib/id.ts';
import { raiseTest } from '../../store/alerts/alert-events.ts';
import type { AlertRuleRow } from '../../store/alerts/alert-rules.ts';
import * as rules from '../../store/alerts/alert-rules.ts';
import * as webhooks from '../../store/alerts/webhooks.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { onOff } from '../http/schemas.ts';
import {
  alertRuleFacts,
  alertRuleOut,
  changedSettings,
  createBody,
  type PatchBody,
  patchBody,
  viewAlertRule,
} from './alert-rule-fields.ts';
import { deliveriesOf, sentOut } from './sent.ts';

/** Alert rules: figures that are watched, and whom to tell when one passes its threshold. */

/** The most rules of one organization, or of the platform. Each is looked at once a minute. */
const RULES_MAX = 50;
const QUIET_MINUTES = 30;

export const list = route({
  summary: 'List alert rules',
  description: 'Returns the rules that the caller may manage, with their open incidents.',
  permission: 'webhooks.manage',
  query: z.strictObject({
    ...listQuery,
    organization_id: id.optional(),
    platform: onOff
      .optional()
      .meta({ description: 'If true, returns only rules of the platform. Cannot be combined with `organization_id`.' }),
  }),
  response: pageOut(alertRuleOut),
  load: load.anywhere,
  handle: async (call) => {
    const { organization_id, platform } = call.query;
    if (platform === true && organization_id !== undefined)
      throw invalid('?platform', 'cannot be combined with `organization_id`');
    const organizationId = platform === true ? null : organization_id;
    const place = organization_id === undefined ? 'platform' : { organizationId: organization_id };
    const filter = { reach: reachWithin(call.actor, 'webhooks.manage', place), organizationId, search: searchOf(call.query) };
    const listed = await rules.list(call.deps.db, filter, pageRequest(call.query));
    const open = await rules.openIncidents(
      call.deps.db,
      listed.rows.map((row) => row.id),
    );
    return renderPage(
      listed,
      listed.rows.map((row) => viewAlertRule(call, row, open.get(row.id) ?? [])),
    );
  },
});

export const read = route({
  summary: 'Get an alert rule',
  description: 'Returns the rule with its open incidents.',
  permission: 'webhooks.manage',
  params: idParams,
  response: alertRuleOut,
  load: loadRule,
  handle: (call, row) => view(call, row),
});

export const create = route({
  summary: 'Create an alert rule',
  description:
    'Absent settings take the defaults of the kind. The rule is looked at once a minute. One incident raises one `rule.firing` and one `rule.recovered`, which go to the named webhooks, to webhooks that subscribe to these events, to the list of alerts and, with `mail`, to people.',
  permission: 'webhooks.manage',
  body: createBody,
  status: 201,
  response: alertRuleOut,
  load: load.organizationInBody,
  handle: async (call) => {
    const { organization_id: given, name, kind, ...body } = call.body;
    const organizationId = given ?? null;
    const standard = {
      kind,
      ...RULE_UNITS[kind].defaults,
      quietMinutes: QUIET_MINUTES,
      webhookIds: [],
      mail: false,
      enabled: true,
    };
    const settings = changedSettings(standard, body);
    requireSound(settings, organizationId);
    const row = await change(call, async ({ tx, now, record }) => {
      if ((await rules.countOf(tx, organizationId)) >= RULES_MAX)
        throw conflict(`There are ${RULES_MAX} alert rules already, the most allowed here. Delete one first.`);
      await requireWebhooks(tx, organizationId, settings.webhookIds);
      const made = { id: newId('rule', now.getTime()), organizationId, name, ...settings, createdBy: call.actor.id };
      const row = await rules.insert(tx, { ...made, createdAt: now, updatedAt: now });
      await record({ ...eventOf(row), action: 'alert_rule.create', before: null, after: alertRuleFacts(row) });
      return row;
    });
    return viewAlertRule(call, row, []);
  },
});

export const update = route({
  summary: 'Change an alert rule',
  description: 'Turning a rule off ends its incidents without a message.',
  permission: 'webhooks.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: alertRuleOut,
  load: loadRule,
  handle: async (call, { id }) => view(call, await change(call, (made) => applyPatch(call, made, id))),
});

export const remove = route({
  summary: 'Delete an alert rule',
  description: 'The alerts that it raised stay in the list of alerts.',
  permission: 'webhooks.manage',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadRule,
  handle: async (call, { id }) => {
    await change(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      await rules.remove(tx, id);
      await record({ ...eventOf(row), action: 'alert_rule.delete', before: alertRuleFacts(row), after: null });
    });
    return undefined;
  },
});

export const test = route({
  summary: 'Send a test of an alert rule',
  description:
    'Sends one message to each receiver that the rule names, tried once. `GET /alerts/{id}/deliveries` with `alert_id` shows what was sent and what was answered.',
  permission: 'webhooks.manage',
  params: idParams,
  status: 201,
  response: z.object({ alert_id: z.string(), deliveries: z.array(sentOut) }),
  load: loadRule,
  handle: async (call, row) => {
    const alertId = await change(call, async ({ tx, now, record }) => {
      const { id, name, kind } = row;
      const data = { rule: { id, name, kind }, incidents: [], sent_by: call.actor.name };
      const event = { organizationId: row.organizationId, teamId: null, type: TEST_RULE_ALERT, data, at: now };
      const raised = await raiseTest(tx, event, { people: row.mail, webhookIds: row.webhookIds });
      if (raised.deliveries.length === 0)
        throw conflict('This rule names no active webhook and nobody to mail. Add a receiver first.');
      await call.deps.jobs.enqueueDeliveries(tx, raised.deliveries);
      await record({ ...eventOf(row), action: 'alert_rule.test', before: null, after: { alert_id: raised.id } });
      return raised.id;
    });
    return { alert_id: alertId, deliveries: await deliveriesOf(call, alertId) };
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record }: Change,
  id: string,
): Promise<AlertRuleRow> {
  const { body } = call;
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const columns = { name: body.name ?? row.name, ...changedSettings(row, body) };
  requireSound(columns, row.organizationId);
  if (body.webhook_ids !== undefined) await requireWebhooks(tx, row.organizationId, columns.webhookIds);
  if (isUnchanged(alertRuleFacts(row), alertRuleFacts({ ...row, ...columns }))) return row;
  const updated = await rules.update(tx, id, columns, now);
  if (!updated.enabled) await rules.closeAll(tx, id, now);
  const [before, after] = [alertRuleFacts(row), alertRuleFacts(updated)];
  await record({ ...eventOf(updated), action: 'alert_rule.update', before, after });
  return updated;
}

function requireSound(settings: Parameters<typeof ruleProblem>[0], organizationId: string | null): void {
  const problem = ruleProblem(settings, organizationId);
  if (problem !== null) throw invalid(...problem);
}

/** Throws 400 for a webhook that is not of the rule's own place. Another tenant's and an unknown one get the same answer. */
async function requireWebhooks(tx: Change['tx'], organizationId: string | null, ids: readonly string[]): Promise<void> {
  const found = new Map((await webhooks.findMany(tx, ids)).map((row) => [row.id, row]));
  const unknown = ids.findIndex((one) => found.get(one)?.organizationId !== organizationId);
  if (unknown >= 0) throw invalid(`/webhook_ids/${unknown}`, 'is not a webhook of the same organization, or of the platform');
}

async function loadRule(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AlertRuleRow>> {
  const row = await rules.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('alert rule');
  if (row.organizationId !== null) await load.findOrganization(call, row.organizationId);
  return { place: { organizationId: row.organizationId }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<AlertRuleRow> {
  const row = await rules.lock(tx, id);
  if (row === null) throw notFound('alert rule');
  return row;
}

async function view(call: AdminCall<unknown, unknown, unknown>, row: AlertRuleRow) {
  const open = await rules.openIncidents(call.deps.db, [row.id]);
  return viewAlertRule(call, row, open.get(row.id) ?? []);
}

function eventOf(row: AlertRuleRow) {
  return { organizationId: row.organizationId, objectType: 'alert_rule', objectId: row.id, objectName: row.name };
}
