import { wordOf } from '../../components/StatusBadge.tsx';
import { moneyText, shareText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';
import type { Alert, RuleKind } from './alert-kinds.ts';
import { words } from './words.ts';

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
        text: words.credentialRefused(
          data.credential?.provider ?? '',
          data.credential?.name ?? '',
          data.message ?? words.noReason,
        ),
        to: PATHS.credentials,
        isGrave: true,
      };
    case 'credential.recovered':
      return { text: words.credentialWorks(data.credential?.name ?? ''), to: PATHS.credentials, isGrave: false };
    case 'ledger.drift':
      return {
        text: words.ledgerDrift(data.counters ?? 0, data.rollup_days ?? 0),
        to: `${PATHS.settings}?tab=jobs`,
        isGrave: true,
      };
    case 'prices.changed':
      return {
        text: words.pricesChanged(data.deployments?.length ?? 0),
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

const PERIODS: Readonly<Record<string, string>> = words.periods;

function budgetSentence({ organization, scope, budget, threshold_percent: percent = 0, spent }: Data): Sentence {
  const whose = scope?.kind === 'organization' ? organization?.name : `${wordOf(scope?.kind ?? '')} ${scope?.name ?? ''}`;
  const kind = words.budgetOf(PERIODS[budget?.period ?? ''] ?? budget?.period ?? '', budget?.target ?? null);
  return {
    text: words.budgetSpent(whose ?? '', percent, kind, moneyText(spent ?? '0'), moneyText(budget?.amount ?? '0')),
    to: placeOf(organization?.id ?? '', scope),
    isGrave: percent >= 100,
  };
}

function ruleSentence(type: 'rule.firing' | 'rule.recovered', { rule, organization, incidents = [] }: Data): Sentence {
  const subjects = incidents.flatMap(({ subject }) => (subject === null ? [] : [subject.name]));
  const what = subjects.length > 0 ? subjects.join(', ') : (organization?.name ?? words.platformInSentence);
  const name = rule?.name ?? words.alertRule;
  const to = ruleAddress(organization?.id, incidents[0]?.subject ?? null);
  if (type === 'rule.recovered') return { text: words.recovered(name, what), to, isGrave: false };
  const figure = incidents.length === 1 && rule !== undefined ? figureText(rule.kind, incidents[0] as RuleIncident) : null;
  return { text: words.fired(name, what, figure), to, isGrave: true };
}

function ruleAddress(organizationId: string | undefined, subject: RuleIncident['subject']): string {
  if (subject?.kind === 'deployment') return PATHS.deployment.replace('$deploymentId', subject.id);
  if (subject?.kind === 'credential') return PATHS.credentials;
  if (organizationId === undefined) return PATHS.requests;
  return `${PATHS.requests}?organization_id=${organizationId}`;
}

/** Returns the figure of an incident in words: `12.5% of the requests failed`. */
function figureText(kind: RuleKind, { value, spent, usual }: RuleIncident): string {
  const percent = shareText(value, 100) ?? '';
  switch (kind) {
    case 'error_rate':
      return words.requestsFailed(percent);
    case 'refusals':
      return words.requestsRefused(percent);
    case 'deployment_failing':
      return words.attemptsFailed(percent);
    case 'credential':
      if (value <= REFUSED) return words.refusedByProvider;
      return value < 0 ? words.hasExpired : words.expiresIn(value);
    case 'spend':
      return words.spentUnusually(moneyText(spent ?? '0'), moneyText(usual ?? '0'));
  }
}

/** The figure of a credential that its provider refuses. */
const REFUSED = -1_000_000;

function placeOf(organizationId: string, scope: Data['scope']): string {
  if (scope?.kind === 'team') return PATHS.team.replace('$teamId', scope.id);
  if (scope?.kind === 'key') return PATHS.key.replace('$keyId', scope.id);
  return `${PATHS.organization.replace('$organizationId', organizationId)}?tab=limits`;
}
