/** Alert rules: the figure that each kind watches, its bounds and its defaults. */

export const ALERT_RULE_KINDS = ['error_rate', 'refusals', 'deployment_failing', 'credential', 'spend'] as const;
export type AlertRuleKind = (typeof ALERT_RULE_KINDS)[number];

/** The kinds that watch what all tenants share. They cannot be rules of one organization. */
const PLATFORM_RULE_KINDS: ReadonlySet<AlertRuleKind> = new Set(['deployment_failing', 'credential']);

/** The length of a window in minutes. Use is summed in quarters of an hour. */
export const RULE_WINDOWS = [15, 30, 60, 180, 360, 720, 1_440] as const;
/** Unusual spend compares whole hours. */
export const SPEND_WINDOW_MIN = 60;

export const QUIET_MINUTES_MAX = 1_440;
export const COUNT_MAX = 1_000_000_000;

/** The settings of a rule that decide when it fires. */
export interface RuleSettings {
  readonly kind: AlertRuleKind;
  /** In the unit of its kind: see `RULE_UNITS`. */
  readonly threshold: number;
  readonly windowMinutes: number;
  /** The least number of requests or attempts in the window. Fewer say nothing. */
  readonly minimumCount: number;
  /** The least spend in the window, of the kind `spend`. */
  readonly minimumNanoUsd: number;
}

interface KindRules {
  /** The meaning of the threshold, for people. */
  readonly threshold: string;
  readonly thresholdMax: number;
  readonly defaults: Omit<RuleSettings, 'kind'>;
}

/** The threshold of each kind. Every threshold is above 0, but the days before an end may be 0. */
export const RULE_UNITS: Readonly<Record<AlertRuleKind, KindRules>> = {
  error_rate: {
    threshold: 'percent of the admitted requests in the window that failed',
    thresholdMax: 100,
    defaults: { threshold: 10, windowMinutes: 15, minimumCount: 20, minimumNanoUsd: 0 },
  },
  refusals: {
    threshold: 'percent of all requests in the window that were refused',
    thresholdMax: 100,
    defaults: { threshold: 20, windowMinutes: 15, minimumCount: 20, minimumNanoUsd: 0 },
  },
  deployment_failing: {
    threshold: 'percent of the attempts at a deployment in the window that failed, without those that the request caused',
    thresholdMax: 100,
    defaults: { threshold: 50, windowMinutes: 15, minimumCount: 5, minimumNanoUsd: 0 },
  },
  credential: {
    threshold: 'days before the end of a credential; a refused credential fires at any threshold',
    thresholdMax: 365,
    defaults: { threshold: 14, windowMinutes: 60, minimumCount: 1, minimumNanoUsd: 0 },
  },
  spend: {
    threshold:
      'modified z-score of the spend of the last full hours against the same weekday and hours of the last eight weeks (0.6745 · (spend − median) / MAD, after Iglewicz and Hoaglin 1993, who call values above 3.5 outliers)',
    thresholdMax: 1_000,
    defaults: { threshold: 3.5, windowMinutes: 60, minimumCount: 1, minimumNanoUsd: 1_000_000_000 },
  },
};

/** Returns what is wrong with the settings, with the field; null if they can be stored. */
export function ruleProblem(settings: RuleSettings, organizationId: string | null): readonly [string, string] | null {
  const { kind, threshold, windowMinutes } = settings;
  if (organizationId !== null && PLATFORM_RULE_KINDS.has(kind))
    return ['/kind', `"${kind}" watches what all organizations share, so it is only for rules of the platform`];
  const { thresholdMax } = RULE_UNITS[kind];
  if (threshold > thresholdMax) return ['/threshold', `must be at most ${thresholdMax}`];
  if (threshold < 0 || (threshold === 0 && kind !== 'credential')) return ['/threshold', 'must be more than 0'];
  if (kind === 'spend' && windowMinutes < SPEND_WINDOW_MIN)
    return ['/window_minutes', `must be at least ${SPEND_WINDOW_MIN}: spend is compared by whole hours`];
  return null;
}

/** A share as percent with one digit. */
function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((1_000 * part) / whole) / 10;
}

/** A figure in the unit of its kind, and the number of requests or attempts behind it. */
export interface Figure {
  readonly value: number;
  readonly count: number;
}

/** Returns the share of failed or refused ones among all. */
export function shareFigure(part: number, whole: number): Figure {
  return { value: percentOf(part, whole), count: whole };
}

/** Reports whether a figure passes a rule's threshold, with enough behind it. */
export function isOver({ threshold, minimumCount }: RuleSettings, { value, count }: Figure): boolean {
  return count >= minimumCount && value >= threshold;
}
