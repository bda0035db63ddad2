/**
 * Converts policies between their columns and the program's types, in both directions. Stored objects hold only configured
 * values: an absent name is no limit, and 0 blocks. Converted objects are frozen.
 */
import type { AccessChoice, OrganizationAccess } from '../../domain/access/access.ts';
import type { TagPolicy } from '../../domain/access/tags.ts';
import type { Budget, BudgetPeriod } from '../../domain/limits/budget.ts';
import type { LabelLimit } from '../../domain/limits/label-limit.ts';
import {
  type ModelLimit,
  type NameMatch,
  RATE_LIMITS,
  type RateLimitName,
  type RateLimits,
  type TargetMatch,
} from '../../domain/limits/rate-limit.ts';

export type StoredRateLimits = Readonly<Partial<Record<RateLimitName, number>>>;

/** A model limit, with exactly one of `target` (exact or `prefix*`) and `access_group`. */
export interface StoredModelLimit {
  readonly target?: string;
  readonly access_group?: string;
  readonly rate_limits: StoredRateLimits;
}

/** A limit by label: of one tag, or of each end user. */
export interface StoredLabelLimit {
  readonly tag?: string;
  readonly end_user?: '*';
  readonly rate_limits: StoredRateLimits;
  readonly budgets: readonly StoredLabelBudget[];
}

interface StoredLabelBudget {
  readonly id: string;
  readonly amount_nano_usd: number;
  readonly period: StoredPeriod;
  readonly action: 'block' | 'alert';
}

export interface StoredPeriod {
  readonly is: BudgetPeriod['is'];
  readonly anchor_day?: number;
  readonly anchor_month?: number;
  readonly hours?: number;
}

/** The policy columns of an organization, team, membership or key row. */
export interface PolicyColumns {
  readonly rateLimits: StoredRateLimits;
  readonly modelLimits: readonly StoredModelLimit[];
  /** Rows of users have none. */
  readonly labelLimits?: readonly StoredLabelLimit[];
}

/** The access columns of an organization row. */
export interface OrganizationAccessColumns {
  readonly accessMode: 'all' | 'selected';
  readonly accessTargets: readonly string[];
  readonly accessGroups: readonly string[];
}

/** The access columns of a team, membership or key row. */
export interface AccessChoiceColumns {
  readonly accessMode: 'inherit' | 'restrict';
  readonly accessTargets: readonly string[];
  readonly accessGroups: readonly string[];
}

/** The tag columns of an organization, team or key row. */
export interface TagColumns {
  readonly defaultTags: readonly string[];
  readonly requiredTags: readonly string[];
  readonly requireEndUser: boolean;
  readonly labelLimits: readonly StoredLabelLimit[];
}

/** The columns of a budgets row without those of its scope. */
export interface BudgetColumns {
  readonly id: string;
  readonly amountNanoUsd: number;
  readonly period: StoredPeriod;
  readonly matchTarget: string | null;
  readonly matchAccessGroup: string | null;
  readonly thresholds: readonly number[];
  readonly action: 'block' | 'alert';
  readonly clampOutput: boolean;
}

/** Returns the rate limits. Drops unknown names, so that rows of a newer version can be read. */
export function rateLimitsFrom(stored: StoredRateLimits): RateLimits {
  const limits: Partial<Record<RateLimitName, number>> = {};
  for (const name of RATE_LIMITS) {
    const value = stored[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return Object.freeze(limits);
}

/** Returns the limits by label. Leaves out those that name nothing known, which a newer version may have written. */
export function labelLimitsFrom(stored: readonly StoredLabelLimit[]): readonly LabelLimit[] {
  if (stored.length === 0) return NO_LABEL_LIMITS;
  return Object.freeze(stored.filter(({ tag, end_user }) => tag !== undefined || end_user === '*').map(labelLimitFrom));
}

const NO_LABEL_LIMITS: readonly LabelLimit[] = Object.freeze([]);

function labelLimitFrom({ tag, rate_limits, budgets }: StoredLabelLimit): LabelLimit {
  const match = Object.freeze(tag === undefined ? { is: 'end_user', name: null } : { is: 'tag', tag }) as LabelLimit['match'];
  return Object.freeze({
    match,
    rateLimits: rateLimitsFrom(rate_limits),
    budgets: Object.freeze(
      budgets.map(({ id, amount_nano_usd: amountNanoUsd, period, action }) =>
        Object.freeze({
          id,
          amountNanoUsd,
          period: periodFrom(period),
          match,
          thresholdsPercent: [],
          action,
          clampOutput: false,
        }),
      ),
    ),
  });
}

export function labelLimitsToColumn(limits: readonly LabelLimit[]): StoredLabelLimit[] {
  return limits.map(({ match, rateLimits, budgets }) => ({
    ...(match.is === 'tag' ? { tag: match.tag } : { end_user: '*' as const }),
    rate_limits: rateLimits,
    budgets: budgets.map(({ id, amountNanoUsd, period, action }) => ({
      ...{ id, amount_nano_usd: amountNanoUsd, period: periodToColumn(period), action },
    })),
  }));
}

export function modelLimitsFrom(stored: readonly StoredModelLimit[]): readonly ModelLimit[] {
  return Object.freeze(stored.map(modelLimitFrom));
}

export function budgetFrom(row: BudgetColumns): Budget {
  return Object.freeze({
    id: row.id,
    amountNanoUsd: row.amountNanoUsd,
    period: periodFrom(row.period),
    match: matchFrom(row.matchTarget, row.matchAccessGroup),
    thresholdsPercent: Object.freeze([...row.thresholds]),
    action: row.action,
    clampOutput: row.clampOutput,
  });
}

export function organizationAccessFrom(row: OrganizationAccessColumns): OrganizationAccess {
  return row.accessMode === 'all' ? ALL : Object.freeze({ mode: 'selected', ...selectionFrom(row) });
}

export function accessChoiceFrom(row: AccessChoiceColumns): AccessChoice {
  return row.accessMode === 'inherit' ? INHERIT : Object.freeze({ mode: 'restrict', ...selectionFrom(row) });
}

/** Returns the tag policy, or null if it adds no tags, which is the usual case. */
export function tagPolicyFrom({ defaultTags, requiredTags }: Pick<TagColumns, 'defaultTags' | 'requiredTags'>): TagPolicy | null {
  if (defaultTags.length + requiredTags.length === 0) return null;
  return Object.freeze({ defaults: Object.freeze([...defaultTags]), required: Object.freeze([...requiredTags]) });
}

export function policyToColumns(policy: {
  readonly rateLimits: RateLimits;
  readonly modelLimits: readonly ModelLimit[];
}): PolicyColumns {
  return { rateLimits: policy.rateLimits, modelLimits: policy.modelLimits.map(modelLimitToColumn) };
}

export function budgetToColumns(budget: Budget): BudgetColumns {
  return {
    id: budget.id,
    amountNanoUsd: budget.amountNanoUsd,
    period: periodToColumn(budget.period),
    ...matchToColumns(budget.match),
    thresholds: [...budget.thresholdsPercent],
    action: budget.action,
    clampOutput: budget.clampOutput,
  };
}

export function organizationAccessToColumns(access: OrganizationAccess) {
  return access.mode === 'all'
    ? { accessMode: 'all' as const, accessTargets: [], accessGroups: [] }
    : { accessMode: 'selected' as const, accessTargets: [...access.targets], accessGroups: [...access.accessGroups] };
}

export function accessChoiceToColumns(access: AccessChoice) {
  return access.mode === 'inherit'
    ? { accessMode: 'inherit' as const, accessTargets: [], accessGroups: [] }
    : { accessMode: 'restrict' as const, accessTargets: [...access.targets], accessGroups: [...access.accessGroups] };
}

/** Returns the match of two columns. `gpt-5*` is a prefix, any other target an exact name. Both null means everything. */
export function matchFrom(target: string | null, accessGroup: string | null): NameMatch {
  if (accessGroup !== null) return Object.freeze({ is: 'access_group', key: accessGroup });
  if (target === null) return ANY;
  return target.endsWith('*')
    ? Object.freeze({ is: 'prefix', prefix: target.slice(0, -1) })
    : Object.freeze({ is: 'exact', name: target });
}

/** Returns the columns of a match, the reverse of matchFrom. */
export function matchToColumns(match: TargetMatch): {
  readonly matchTarget: string | null;
  readonly matchAccessGroup: string | null;
} {
  switch (match.is) {
    // Those by label have columns of their own.
    case 'tag':
    case 'end_user':
    case 'any':
      return { matchTarget: null, matchAccessGroup: null };
    case 'exact':
      return { matchTarget: match.name, matchAccessGroup: null };
    case 'prefix':
      return { matchTarget: `${match.prefix}*`, matchAccessGroup: null };
    case 'access_group':
      return { matchTarget: null, matchAccessGroup: match.key };
  }
}

const ANY: NameMatch = Object.freeze({ is: 'any' });
const ALL: OrganizationAccess = Object.freeze({ mode: 'all' });
const INHERIT: AccessChoice = Object.freeze({ mode: 'inherit' });

function modelLimitFrom(stored: StoredModelLimit): ModelLimit {
  const match = matchFrom(stored.target ?? null, stored.access_group ?? null);
  if (match.is === 'any') throw new Error('a stored model limit names neither a target nor an access group');
  return Object.freeze({ match, rateLimits: rateLimitsFrom(stored.rate_limits) });
}

function modelLimitToColumn(limit: ModelLimit): StoredModelLimit {
  const { matchTarget, matchAccessGroup } = matchToColumns(limit.match);
  const rate_limits = limit.rateLimits;
  return matchAccessGroup === null ? { target: matchTarget ?? '', rate_limits } : { access_group: matchAccessGroup, rate_limits };
}

function periodFrom(stored: StoredPeriod): BudgetPeriod {
  const { anchor_day: anchorDay = 1, anchor_month: anchorMonth = 1 } = stored;
  switch (stored.is) {
    case 'day':
    case 'total':
      return Object.freeze({ is: stored.is });
    case 'week':
    case 'month':
      return Object.freeze({ is: stored.is, anchorDay });
    case 'quarter':
    case 'year':
      return Object.freeze({ is: stored.is, anchorMonth, anchorDay });
    case 'rolling':
      return Object.freeze({ is: 'rolling', hours: stored.hours ?? 24 });
  }
}

function periodToColumn(period: BudgetPeriod): StoredPeriod {
  switch (period.is) {
    case 'day':
    case 'total':
      return { is: period.is };
    case 'week':
    case 'month':
      return { is: period.is, anchor_day: period.anchorDay };
    case 'quarter':
    case 'year':
      return { is: period.is, anchor_month: period.anchorMonth, anchor_day: period.anchorDay };
    case 'rolling':
      return { is: 'rolling', hours: period.hours };
  }
}

function selectionFrom(row: OrganizationAccessColumns | AccessChoiceColumns) {
  return { targets: Object.freeze([...row.accessTargets]), accessGroups: Object.freeze([...row.accessGroups]) };
}
