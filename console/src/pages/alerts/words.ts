import type { Schema } from '../../api/client.ts';
import { moneyText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';

export type Alert = Schema<'Alert'>;
type AlertType = Schema<'Webhook'>['events'][number];
export type RuleKind = Schema<'AlertRule'>['kind'];

/** The label and the description of each kind of alert, for people who choose kinds. */
export const ALERT_KINDS: Readonly<Record<AlertType, { readonly label: string; readonly about: string }>> = {
  'budget.threshold': { label: 'Budget threshold', about: 'Settled spend passed a threshold of a budget.' },
  'credential.failing': { label: 'Credential refused', about: 'A provider refuses a credential.' },
  'credential.recovered': { label: 'Credential works again', about: 'A credential that was refused works again.' },
  'ledger.drift': { label: 'Ledger drift', about: 'Counters or reports differed from the ledger and were corrected.' },
  'prices.changed': { label: 'List prices changed', about: 'Published prices differ from those that deployments use.' },
  'rule.firing': { label: 'Alert rule', about: 'The figure of an alert rule passed its threshold.' },
  'rule.recovered': { label: 'Recovered', about: 'The figure of an alert rule is below its threshold again.' },
};

/** The kinds that an organization's webhooks can receive. The platform's can receive all. */
export const ORGANIZATION_KINDS: readonly AlertType[] = ['budget.threshold', 'rule.firing', 'rule.recovered'];
export const PLATFORM_KINDS = Object.keys(ALERT_KINDS) as AlertType[];

export function kindLabel(type: string): string {
  return type === 'webhook.test' || type === 'rule.test' ? 'Test' : (ALERT_KINDS[type as AlertType]?.label ?? type);
}

interface Sentence {
  readonly text: string;
  /** The address of the page with more about it. */
  readonly to: string;
  readonly isGrave: boolean;
}

/** The data of an event, as the server stores it. */
interface Data {
  readonly organization?: { readonly id: string; readonly name: string };
  readonly scope?: { readonly kind: string; readonly id: string; readonly name: string };
  readonly budget?: { readonly amount: string; readonly period: string; readonly target: string | null };
  readonly threshold_percent?: number;
  readonly spent?: string;
  readonly credential?: { readonly name: string; readonly provider: string };
  readonly message?: string | null;
  readonly counters?: number;
  readonly rollup_days?: number;
  readonly deployments?: readonly unknown[];
  readonly rule?: { readonly name: string; readonly kind: RuleKind };
  readonly incidents?: readonly RuleIncident[];
}

/** One incident of an alert rule, as the server stores it. */
interface RuleIncident {
  readonly subject: { readonly kind: string; readonly id: string; readonly name: string } | null;
  readonly value: number;
  readonly spent?: string;
  readonly usual?: string;
}

/** Describes an alert in one sentence. */
export function sentenceOf({ type, data: raw }: Alert): Sentence {
  const data = raw as Data;
  switch (type) {
    case 'budget.threshold':
      return budgetSentence(data);
    case 'credential.failing':
      return {
        text: `${data.credential?.provider ?? ''} refuses the credential ${data.credential?.name ?? ''}: ${data.message ?? 'no reason given'}`,
        to: PATHS.credentials,
        isGrave: true,
      };
    case 'credential.recovered':
      return { text: `The credential ${data.credential?.name ?? ''} works again`, to: PATHS.credentials, isGrave: false };
    case 'ledger.drift':
      return {
        text: `${count(data.counters, 'counter')} and ${count(data.rollup_days, 'day')} of reports did not agree with the ledger`,
        to: `${PATHS.settings}?tab=jobs`,
        isGrave: true,
      };
    case 'prices.changed':
      return {
        text: `${count(data.deployments?.length, 'published price')} changed`,
        to: `${PATHS.settings}?tab=prices`,
        isGrave: false,
      };
    case 'rule.firing':
    case 'rule.recovered':
      return ruleSentence(type, data);
    default:
      return { text: type, to: PATHS.alerts, isGrave: false };
  }
}

function budgetSentence({ organization, scope, budget, threshold_percent: percent = 0, spent }: Data): Sentence {
  const whose = scope?.kind === 'organization' ? organization?.name : `${scope?.kind ?? ''} ${scope?.name ?? ''}`;
  const target = budget?.target == null ? '' : ` for ${budget.target}`;
  const amount = moneyText(budget?.amount ?? '0');
  return {
    text: `${whose ?? ''}: ${percent} % of the ${budget?.period ?? ''} budget${target} is spent, ${moneyText(spent ?? '0')} of ${amount}`,
    to: placeOf(organization?.id ?? '', scope),
    isGrave: percent >= 100,
  };
}

function ruleSentence(type: 'rule.firing' | 'rule.recovered', { rule, organization, incidents = [] }: Data): Sentence {
  const subjects = incidents.flatMap(({ subject }) => (subject === null ? [] : [subject.name]));
  const what = subjects.length > 0 ? subjects.join(', ') : (organization?.name ?? 'the platform');
  const to = ruleAddress(organization?.id, incidents[0]?.subject ?? null);
  if (type === 'rule.recovered')
    return { text: `${rule?.name ?? 'Alert rule'}: ${what} is below the threshold again`, to, isGrave: false };
  const figure = incidents.length === 1 && rule !== undefined ? figureText(rule.kind, incidents[0] as RuleIncident) : '';
  return { text: `${rule?.name ?? 'Alert rule'}: ${what}${figure === '' ? '' : `, ${figure}`}`, to, isGrave: true };
}

function ruleAddress(organizationId: string | undefined, subject: RuleIncident['subject']): string {
  if (subject?.kind === 'deployment') return PATHS.deployment.replace('$deploymentId', subject.id);
  if (subject?.kind === 'credential') return PATHS.credentials;
  if (organizationId === undefined) return PATHS.requests;
  return `${PATHS.requests}?organization_id=${organizationId}`;
}

/** Returns the figure of an incident in words: `12.5% of the requests failed`. */
function figureText(kind: RuleKind, { value, spent, usual }: RuleIncident): string {
  switch (kind) {
    case 'error_rate':
      return `${value}% of the requests failed`;
    case 'refusals':
      return `${value}% of the requests were refused`;
    case 'deployment_failing':
      return `${value}% of the attempts failed`;
    case 'credential':
      if (value <= REFUSED) return 'refused by its provider';
      return value < 0 ? 'has ended' : `ends in ${value} ${value === 1 ? 'day' : 'days'}`;
    case 'spend':
      return `${moneyText(spent ?? '0')} spent, usual are ${moneyText(usual ?? '0')}`;
  }
}

/** The figure of a credential that its provider refuses. */
export const REFUSED = -1_000_000;

function placeOf(organizationId: string, scope: Data['scope']): string {
  if (scope?.kind === 'team') return PATHS.team.replace('$teamId', scope.id);
  if (scope?.kind === 'key') return PATHS.key.replace('$keyId', scope.id);
  return `${PATHS.organization.replace('$organizationId', organizationId)}?tab=limits`;
}

function count(of: number | undefined, thing: string): string {
  return `${of ?? 0} ${thing}${of === 1 ? '' : 's'}`;
}
