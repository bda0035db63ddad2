import type { AlertRuleKind } from './alert-rule.ts';

/** The data of an event of an alert rule, as receivers get it. */
export interface RuleEventData {
  readonly rule: { readonly id: string; readonly name: string; readonly kind: AlertRuleKind };
  /** Null for a rule of the platform. */
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string } | null;
  readonly window_minutes: number;
  readonly threshold: number;
  readonly minimum_count: number;
  readonly incidents: readonly RuleIncident[];
}

export interface RuleIncident {
  /** The deployment or the credential. Null for a sum over all requests. */
  readonly subject: { readonly kind: 'deployment' | 'credential'; readonly id: string; readonly name: string } | null;
  /** The figure in the unit of the rule's kind. */
  readonly value: number;
  /** The requests or attempts behind the figure. */
  readonly count: number;
  readonly started_at: string;
  /** Null while it lasts. */
  readonly ended_at: string | null;
  /** Of unusual spend: the spend, and the median of past weeks, in USD. */
  readonly spent?: string;
  readonly usual?: string;
}

/** Returns a sentence about one incident: what happened, with its figures. */
export function incidentSentence(data: RuleEventData, incident: RuleIncident): string {
  const { rule, window_minutes: window } = data;
  const { value, count, subject } = incident;
  const where = data.organization === null ? 'on the platform' : `in ${data.organization.name}`;
  switch (rule.kind) {
    case 'error_rate':
      return `${value} % of ${count} requests ${where} failed in the last ${spanText(window)} (the threshold is ${data.threshold} %).`;
    case 'refusals':
      return `${value} % of ${count} requests ${where} were refused in the last ${spanText(window)} (the threshold is ${data.threshold} %).`;
    case 'deployment_failing':
      return `${value} % of ${count} attempts at the deployment ${subject?.name ?? ''} failed in the last ${spanText(window)} (the threshold is ${data.threshold} %).`;
    case 'credential':
      return credentialSentence(incident);
    case 'spend':
      return `${incident.spent ?? '0'} USD were spent ${where} in the last ${spanText(window)}; usual at this time of the week are ${incident.usual ?? '0'} USD (score ${value}, the threshold is ${data.threshold}).`;
  }
}

function credentialSentence({ subject, value }: RuleIncident): string {
  const name = `The credential ${subject?.name ?? ''}`;
  if (value === CREDENTIAL_REFUSED) return `${name} is refused by its provider. Requests that need it fail.`;
  if (value < 0) return `${name} has ended. Requests that need it may fail.`;
  return `${name} ends in ${value} ${value === 1 ? 'day' : 'days'}. Enter a new key before then.`;
}

/** The figure of a credential that its provider refuses. Other credentials have the days until their end. */
export const CREDENTIAL_REFUSED = -1_000_000;

/** Returns a length of time in words: `15 minutes`, `6 hours`. */
export function spanText(minutes: number): string {
  if (minutes % 60 !== 0) return `${minutes} minutes`;
  return minutes === 60 ? 'hour' : `${minutes / 60} hours`;
}

/** Returns how long an incident lasted: `25 minutes`, `3 hours`. */
export function lastedText({ started_at: start, ended_at: end }: RuleIncident): string {
  const minutes = Math.max(1, Math.round((Date.parse(end ?? start) - Date.parse(start)) / 60_000));
  if (minutes < 120) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  return `${Math.round(minutes / 60)} hours`;
}
