import type { Schema } from '../../api/client.ts';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { namePart } from '../../components/dialogs/edit-parts.ts';
import { decimalOf } from '../../forms/decimal.ts';
import { countText, moneyText } from '../../numbers/numbers.ts';
import type { RuleKind } from './alert-kinds.ts';
import { words } from './words.ts';

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
  /** The things that the least number counts. Null: the kind has none. */
  readonly counts: string | null;
  readonly defaults: Pick<RuleDraft, 'threshold' | 'window_minutes' | 'minimum_count'>;
}

export const RULE_KINDS: Readonly<Record<RuleKind, KindWords>> = {
  error_rate: {
    ...words.ruleKinds.error_rate,
    unit: '%',
    counts: words.requests,
    defaults: { threshold: 10, window_minutes: '15', minimum_count: 20 },
  },
  refusals: {
    ...words.ruleKinds.refusals,
    unit: '%',
    counts: words.requests,
    defaults: { threshold: 20, window_minutes: '15', minimum_count: 20 },
  },
  deployment_failing: {
    ...words.ruleKinds.deployment_failing,
    unit: '%',
    counts: words.attempts,
    defaults: { threshold: 50, window_minutes: '15', minimum_count: 5 },
  },
  credential: {
    ...words.ruleKinds.credential,
    unit: words.days,
    counts: null,
    defaults: { threshold: 14, window_minutes: '60', minimum_count: 1 },
  },
  spend: {
    ...words.ruleKinds.spend,
    unit: '',
    counts: words.requests,
    defaults: { threshold: 3.5, window_minutes: '60', minimum_count: 1 },
  },
};

/** The kinds that only the platform can watch. */
export const PLATFORM_ONLY: readonly RuleKind[] = ['deployment_failing', 'credential'];

export const WINDOWS = [15, 30, 60, 180, 360, 720, 1_440].map((minutes) => ({
  value: String(minutes),
  label: words.windowOf(minutes),
}));
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
  name: (name: string) => (name.trim() === '' ? words.enterName : null),
  threshold: (threshold: number | string, { kind }: RuleDraft) =>
    threshold === '' || (Number(threshold) <= 0 && kind !== 'credential') ? words.enterAboveZero : null,
  minimum_count: (count: number | '') => (count === '' || count < 1 ? words.enterWholeNumber : null),
  quiet_minutes: (minutes: number | '') => (minutes === '' || minutes < 1 ? words.enterAMinute : null),
};

const part = (name: keyof RuleDraft & string, label: string, words: (draft: RuleDraft) => string): EditPart<RuleDraft> => ({
  name,
  label,
  body: (draft) => ({ [name]: settingsOf(draft)[name as keyof ReturnType<typeof settingsOf>] }),
  words,
});

export const RULE_PARTS: readonly EditPart<RuleDraft>[] = [
  namePart(),
  part('threshold', words.threshold, ({ kind, threshold }) => `${threshold} ${RULE_KINDS[kind].unit}`),
  part('window_minutes', words.timeWindow, ({ window_minutes }) => words.windowOf(Number(window_minutes))),
  part('minimum_count', words.minimumCount, ({ minimum_count }) => String(minimum_count)),
  part('minimum_usd', words.minimumSpend, ({ minimum_usd }) => minimum_usd),
  part('quiet_minutes', words.quietTime, ({ quiet_minutes }) => words.minutes(Number(quiet_minutes))),
  part('webhook_ids', words.webhooks, ({ webhook_ids }) => `${webhook_ids.length}`),
  part('mail', words.eMail, ({ mail }) => (mail ? words.yes : words.no)),
];

/** Returns what a rule watches in one line: `At least 10% in 15 minutes, of at least 20 requests`. */
export function conditionText({
  kind,
  threshold,
  window_minutes: window,
  minimum_count: least,
  minimum_usd: usd,
}: AlertRule): string {
  if (kind === 'credential') return words.credentialCondition(threshold);
  if (kind === 'spend') return words.spendCondition(threshold, words.windowOf(window), moneyText(usd));
  return words.shareCondition(threshold, words.windowOf(window), `${countText(least)} ${RULE_KINDS[kind].counts ?? ''}`);
}
