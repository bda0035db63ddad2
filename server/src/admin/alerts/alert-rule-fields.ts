import { z } from 'zod';
import {
  ALERT_RULE_KINDS,
  type AlertRuleKind,
  COUNT_MAX,
  QUIET_MINUTES_MAX,
  RULE_UNITS,
  RULE_WINDOWS,
  type RuleSettings,
  SPEND_WINDOW_MIN,
} from '../../domain/alerts/alert-rule.ts';
import { formatUsd, parseBudgetUsd } from '../../domain/money/money.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import type { AlertRuleRow, IncidentRow } from '../../store/alerts/alert-rules.ts';
import type { AdminCall } from '../http/call.ts';
import { id, instantOut, isoOf, name } from '../http/fields.ts';
import { never } from '../http/schemas.ts';
import { usd } from '../limits/budget-fields.ts';
import { capabilities } from '../organizations/organization-view.ts';

/** The fields of alert rules, as the API takes and shows them. */

const WEBHOOKS_MAX = 20;
const THRESHOLD_MAX = 1_000;

const KIND_WORDS = ALERT_RULE_KINDS.map((kind) => `\`${kind}\`: ${RULE_UNITS[kind].threshold}.`).join(' ');

const window = z.literal(RULE_WINDOWS).meta({
  description:
    'The length of the window in minutes, counted from the start of a quarter of an hour. For `spend`, the last full hours, at least 60. Not used for `credential`.',
});
const settings = {
  threshold: z
    .number()
    .min(0)
    .max(THRESHOLD_MAX)
    .meta({ description: `The figure from which the rule fires. ${KIND_WORDS}` }),
  window_minutes: window,
  minimum_count: z
    .int()
    .min(1)
    .max(COUNT_MAX)
    .meta({ description: 'The least number of requests or attempts in the window. With fewer the rule does not fire.' }),
  minimum_usd: usd.meta({ description: 'For `spend`: the least spend in the window from which the rule fires.' }),
  quiet_minutes: z
    .int()
    .min(1)
    .max(QUIET_MINUTES_MAX)
    .meta({ description: 'An incident ends, with a recovery message, when the figure was below the threshold for this long.' }),
  webhook_ids: z
    .array(id)
    .max(WEBHOOKS_MAX)
    .meta({ description: 'Webhooks of the same organization, or of the platform, that receive the alerts of this rule.' }),
  mail: z.boolean().meta({
    description: 'If true, alerts of this rule are mailed to the owners of the organization or, of the platform, to its admins.',
  }),
  enabled: z.boolean(),
};

/** The shape of a rule of these kinds whose threshold fits `bad`. */
function thresholdOf(kinds: readonly AlertRuleKind[], bad: object) {
  return { required: ['threshold'], properties: { kind: { enum: kinds }, threshold: bad } };
}

export const createBody = z
  .strictObject({
    organization_id: id.nullish().meta({ description: 'The organization. Null for a rule over the whole platform.' }),
    name,
    kind: z.enum(ALERT_RULE_KINDS).meta({
      description:
        'The watched figure. `deployment_failing` has one incident for each deployment, `credential` one for each credential; both are only for the platform.',
    }),
    ...z.object(settings).partial().shape,
  })
  .meta(
    never(
      {
        required: ['organization_id'],
        properties: { organization_id: { type: 'string' }, kind: { enum: ['deployment_failing', 'credential'] } },
      },
      ...ALERT_RULE_KINDS.filter((kind) => RULE_UNITS[kind].thresholdMax < THRESHOLD_MAX).map((kind) =>
        thresholdOf([kind], { exclusiveMinimum: RULE_UNITS[kind].thresholdMax }),
      ),
      thresholdOf(
        ALERT_RULE_KINDS.filter((kind) => kind !== 'credential'),
        { maximum: 0 },
      ),
      {
        required: ['window_minutes'],
        properties: { kind: { const: 'spend' }, window_minutes: { exclusiveMaximum: SPEND_WINDOW_MIN } },
      },
    ),
  );
export const patchBody = z.strictObject({ name: name.optional(), ...z.object(settings).partial().shape });
export type PatchBody = z.output<typeof patchBody>;

export const alertRuleOut = z
  .object({
    id: z.string(),
    organization_id: z.string().nullable(),
    name: z.string(),
    kind: z.enum(ALERT_RULE_KINDS),
    threshold: z.number(),
    threshold_is: z.string().meta({ description: 'The meaning of the threshold, for people.' }),
    window_minutes: z.int(),
    minimum_count: z.int(),
    minimum_usd: z.string(),
    quiet_minutes: z.int(),
    webhook_ids: z.array(z.string()),
    mail: z.boolean(),
    enabled: z.boolean(),
    firing: z
      .array(
        z.object({
          subject_id: z.string().nullable().meta({ description: 'The deployment or credential. Null for a sum.' }),
          subject_name: z.string().nullable(),
          value: z.number().meta({ description: 'The figure at the last look.' }),
          since: instantOut,
        }),
      )
      .meta({ description: 'The open incidents.' }),
    capabilities,
    version: z.int(),
    created_by: z.string(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'AlertRule' });

export function viewAlertRule(
  { actor }: AdminCall<unknown, unknown, unknown>,
  row: AlertRuleRow,
  open: readonly IncidentRow[],
): z.output<typeof alertRuleOut> {
  return {
    id: row.id,
    ...alertRuleFacts(row),
    threshold_is: RULE_UNITS[row.kind].threshold,
    firing: open.map(({ subject, subjectName, lastValue, openedAt }) => ({
      subject_id: subject === '' ? null : subject,
      subject_name: subject === '' ? null : subjectName,
      value: lastValue,
      since: isoOf(openedAt),
    })),
    capabilities: [...capabilitiesOf(actor, { organizationId: row.organizationId })],
    version: row.version,
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}

/** Returns the fields of a rule that people set. */
export function alertRuleFacts(row: AlertRuleRow) {
  return {
    organization_id: row.organizationId,
    name: row.name,
    kind: row.kind,
    threshold: row.threshold,
    window_minutes: row.windowMinutes,
    minimum_count: row.minimumCount,
    minimum_usd: formatUsd(row.minimumNanoUsd),
    quiet_minutes: row.quietMinutes,
    webhook_ids: row.webhookIds,
    mail: row.mail,
    enabled: row.enabled,
  };
}

/** The settings before a change. */
type Before = RuleSettings & Pick<AlertRuleRow, 'quietMinutes' | 'webhookIds' | 'mail' | 'enabled'>;

/** Returns the settings of a rule after a change. Absent fields keep their value. */
export function changedSettings(before: Before, body: PatchBody): Before {
  const usdAmount = body.minimum_usd === undefined ? null : parseBudgetUsd(body.minimum_usd);
  return {
    kind: before.kind,
    threshold: body.threshold ?? before.threshold,
    windowMinutes: body.window_minutes ?? before.windowMinutes,
    minimumCount: body.minimum_count ?? before.minimumCount,
    minimumNanoUsd: usdAmount === null || usdAmount.is === 'invalid' ? before.minimumNanoUsd : Number(usdAmount.value),
    quietMinutes: body.quiet_minutes ?? before.quietMinutes,
    webhookIds: body.webhook_ids === undefined ? before.webhookIds : [...new Set(body.webhook_ids)],
    mail: body.mail ?? before.mail,
    enabled: body.enabled ?? before.enabled,
  };
}
