import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

export type Alert = Schema<'Alert'>;
type AlertType = Schema<'Webhook'>['events'][number];
export type RuleKind = Schema<'AlertRule'>['kind'];

/** The label and the description of each kind of alert, for people who choose kinds. */
export const ALERT_KINDS: Readonly<Record<AlertType, { readonly label: string; readonly about: string }>> = words.alertKinds;

/** The kinds that an organization's webhooks can receive. The platform's can receive all. */
export const ORGANIZATION_KINDS: readonly AlertType[] = ['budget.threshold', 'rule.firing', 'rule.recovered'];
export const PLATFORM_KINDS = Object.keys(ALERT_KINDS) as AlertType[];

export function kindLabel(type: string): string {
  return type === 'webhook.test' || type === 'rule.test' ? words.test : (ALERT_KINDS[type as AlertType]?.label ?? type);
}
