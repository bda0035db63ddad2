import type { Schema } from '../../api/client.ts';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { namePart } from '../../components/dialogs/edit-parts.ts';
import { decimalOf } from '../../forms/decimal.ts';
import { countText, moneyText } from '../../numbers/numbers.ts';
import type { RuleKind } from './words.ts';

export type AlertRule = Schema<'AlertRule'>;

/** An alert rule as its form holds it. Numbers are '' while their field is empty. */
export interface RuleDraft {
  readonly name: string;
  readonly organization_id: string | null;
  readonly kind: RuleKind;
  readonly threshold: number | string;
  readonly window_minutes: string;
  readonly minimum_count: number | '';
  readonly minimum_usd: string;
  readonly quiet_minutes: number | '';
  readonly webhook_ids: string[];
  readonly mail: boolean;
}

interface KindWords {
  readonly label: string;
  readonly about: string;
  readonly threshold: string;
  /** The unit behind the threshold. */
  readonly unit: string;
  /** What the least number counts. Null: the kind has none. */
  readonly counts: string | null;
  readonly defaults: Pick<RuleDraft, 'threshold' | 'window_minutes' | 'minimum_count'>;
}

export const RULE_KINDS: Readonly<Record<RuleKind, KindWords>> = {
  error_rate: {
    label: 'Failed requests',
    about: 'The share of admitted requests that failed.',
    threshold: 'Failed requests, at least',
    unit: '%',
    counts: 'requests',
    defaults: { threshold: 10, window_minutes: '15', minimum_count: 20 },
  },
  refusals: {
    label: 'Refused requests',
    about: 'The share of all requests that a limit, a budget or missing access refused.',
    threshold: 'Refused requests, at least',
    unit: '%',
    counts: 'requests',
    defaults: { threshold: 20, window_minutes: '15', minimum_count: 20 },
  },
  deployment_failing: {
    label: 'A deployment fails',
    about: 'The share of failed attempts at each deployment, without errors that the request caused. As when a provider is down.',
    threshold: 'Failed attempts, at least',
    unit: '%',
    counts: 'attempts',
    defaults: { threshold: 50, window_minutes: '15', minimum_count: 5 },
  },
  credential: {
    label: 'A credential fails or ends',
    about: 'A provider refuses a credential, or its end is near.',
    threshold: 'Days before its end',
    unit: 'days',
    counts: null,
    defaults: { threshold: 14, window_minutes: '60', minimum_count: 1 },
  },
  spend: {
    label: 'Unusual spend',
    about:
      'The spend of the last full hours against the median of the same weekday and hours in the last eight weeks. Needs at least three weeks of use. Values above 3.5 are unusual (modified z-score after Iglewicz and Hoaglin).',
    threshold: 'Score, at least',
    unit: '',
    counts: 'requests',
    defaults: { threshold: 3.5, window_minutes: '60', minimum_count: 1 },
  },
};

/** The kinds that only the platform can watch. */
export const PLATFORM_ONLY: readonly RuleKind[] = ['deployment_failing', 'credential'];

export const WINDOWS = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: '30 minutes' },
  { value: '60', label: '1 hour' },
  { value: '180', label: '3 hours' },
  { value: '360', label: '6 hours' },
  { value: '720', label: '12 hours' },
  { value: '1440', label: '24 hours' },
];
/** The windows of unusual spend, which compares whole hours. */
export const HOUR_WINDOWS = WINDOWS.slice(2);

export function newRule(organizationId: string | null): RuleDraft {
  const rest = { minimum_usd: '1.00', quiet_minutes: 30 as const, webhook_ids: [], mail: false };
  return { name: '', organization_id: organizationId, kind: 'error_rate', ...RULE_KINDS.error_rate.defaults, ...rest };
}

export function draftOf(rule: AlertRule): RuleDraft {
  const { name, organization_id, kind, threshold, minimum_count, minimum_usd, quiet_minutes, webhook_ids, mail } = rule;
  const window_minutes = String(rule.window_minutes);
  return { name, organization_id, kind, threshold, window_minutes, minimum_count, minimum_usd, quiet_minutes, webhook_ids, mail };
}

/** Returns the settings of a rule as the API takes them. */
export function settingsOf(draft: RuleDraft) {
  return {
    name: draft.name.trim(),
    threshold: Number(draft.threshold),
    window_minutes: Number(draft.window_minutes) as AlertRule['window_minutes'] & 15,
    minimum_count: Number(draft.minimum_count),
    minimum_usd: decimalOf(draft.minimum_usd),
    quiet_minutes: Number(draft.quiet_minutes),
    webhook_ids: draft.webhook_ids,
    mail: draft.mail,
  };
}

export const RULE_CHECKS = {
  name: (name: string) => (name.trim() === '' ? 'Enter a name.' : null),
  threshold: (threshold: number | string, { kind }: RuleDraft) =>
    threshold === '' || (Number(threshold) <= 0 && kind !== 'credential') ? 'Enter a number above 0.' : null,
  minimum_count: (count: number | '') => (count === '' || count < 1 ? 'Enter a whole number of at least 1.' : null),
  quiet_minutes: (minutes: number | '') => (minutes === '' || minutes < 1 ? 'Enter at least 1 minute.' : null),
};

const part = (name: keyof RuleDraft & string, label: string, words: (draft: RuleDraft) => string): EditPart<RuleDraft> => ({
  name,
  label,
  body: (draft) => ({ [name]: settingsOf(draft)[name as keyof ReturnType<typeof settingsOf>] }),
  words,
});

export const RULE_PARTS: readonly EditPart<RuleDraft>[] = [
  namePart(),
  part('threshold', 'Threshold', ({ kind, threshold }) => `${threshold} ${RULE_KINDS[kind].unit}`),
  part('window_minutes', 'Window', ({ window_minutes }) => windowText(Number(window_minutes))),
  part('minimum_count', 'Least number', ({ minimum_count }) => String(minimum_count)),
  part('minimum_usd', 'Least spend', ({ minimum_usd }) => minimum_usd),
  part('quiet_minutes', 'Quiet time', ({ quiet_minutes }) => `${quiet_minutes} minutes`),
  part('webhook_ids', 'Webhooks', ({ webhook_ids }) => `${webhook_ids.length}`),
  part('mail', 'Mail', ({ mail }) => (mail ? 'yes' : 'no')),
];

export function windowText(minutes: number): string {
  return WINDOWS.find(({ value }) => value === String(minutes))?.label ?? `${minutes} minutes`;
}

/** Returns what a rule watches in one line: `At least 10% in 15 minutes, from 20 requests`. */
export function conditionText({
  kind,
  threshold,
  window_minutes: window,
  minimum_count: least,
  minimum_usd: usd,
}: AlertRule): string {
  if (kind === 'credential') return `Refused, or ${threshold} days before its end`;
  const from = `from ${countText(least)} ${RULE_KINDS[kind].counts ?? ''}`;
  if (kind === 'spend') return `Score ${threshold} in ${windowText(window)}, from ${moneyText(usd)}`;
  return `At least ${threshold}% in ${windowText(window)}, ${from}`;
}
