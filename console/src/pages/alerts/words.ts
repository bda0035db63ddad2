import type { Schema } from '../../api/client.ts';
import { moneyText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';

export type Alert = Schema<'Alert'>;
type AlertType = Schema<'Webhook'>['events'][number];

/** The label and the description of each kind of alert, for people who choose kinds. */
export const ALERT_KINDS: Readonly<Record<AlertType, { readonly label: string; readonly about: string }>> = {
  'budget.threshold': { label: 'Budget threshold', about: 'Settled spend passed a threshold of a budget.' },
  'credential.failing': { label: 'Credential refused', about: 'A provider refuses a credential.' },
  'credential.recovered': { label: 'Credential works again', about: 'A credential that was refused works again.' },
  'ledger.drift': { label: 'Ledger drift', about: 'Counters or reports differed from the ledger and were corrected.' },
  'prices.changed': { label: 'List prices changed', about: 'Published prices differ from those that deployments use.' },
};

/** The kinds that an organization's webhooks can receive. The platform's can receive all. */
export const ORGANIZATION_KINDS: readonly AlertType[] = ['budget.threshold'];
export const PLATFORM_KINDS = Object.keys(ALERT_KINDS) as AlertType[];

export function kindLabel(type: string): string {
  return type === 'webhook.test' ? 'Test' : (ALERT_KINDS[type as AlertType]?.label ?? type);
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

function placeOf(organizationId: string, scope: Data['scope']): string {
  if (scope?.kind === 'team') return PATHS.team.replace('$teamId', scope.id);
  if (scope?.kind === 'key') return PATHS.key.replace('$keyId', scope.id);
  return `${PATHS.organization.replace('$organizationId', organizationId)}?tab=limits`;
}

function count(of: number | undefined, thing: string): string {
  return `${of ?? 0} ${thing}${of === 1 ? '' : 's'}`;
}
