import { limitName } from '../../../components/limits/LimitBar.tsx';
import { moneyText } from '../../../components/money/Money.tsx';
import { periodWords } from '../../../forms/budget-draft.ts';
import { RATE_LIMIT_NAMES, type RateLimitsDraft } from '../../../forms/limit-draft.ts';
import { tagListWords } from '../../../forms/tags-draft.ts';
import type { OrganizationDraft, Section } from './organization-draft.ts';

/** Describes one section of an organization in words, for both versions of a conflict. */
export function sectionWords(section: Section, draft: OrganizationDraft): string {
  switch (section) {
    case 'name':
    case 'slug':
    case 'time_zone':
      return draft[section];
    case 'rate_limits':
      return limitsWords(draft.rate_limits);
    case 'model_limits':
      return linesOf(draft.model_limits.map((one) => `${one.name}: ${limitsWords(one.rate_limits)}`));
    case 'budgets':
      return linesOf(draft.budgets.map(budgetWords));
    case 'asset_access':
      return accessWords(draft.asset_access);
    case 'default_tags':
    case 'required_tags':
      return tagListWords(draft[section]);
    case 'audit':
      return `${draft.audit.content}, content ${daysWords(draft.audit.content_retention_days)}, events ${daysWords(draft.audit.event_retention_days)}`;
  }
}

function limitsWords(limits: RateLimitsDraft): string {
  const set = RATE_LIMIT_NAMES.filter((name) => limits[name] !== '');
  return set.length === 0 ? 'No limit' : set.map((name) => `${limits[name].toLocaleString()} ${limitName(name)}`).join(', ');
}

function budgetWords(budget: OrganizationDraft['budgets'][number]): string {
  const hours = budget.rolling_unit === 'days' ? Number(budget.rolling_length) * 24 : Number(budget.rolling_length);
  const of = budget.kind === 'everything' ? '' : ` for ${budget.name}`;
  return `${moneyText(budget.amount)} ${periodWords({ period: budget.period, hours })}${of}, ${budget.action === 'block' ? 'blocks' : 'alerts'}`;
}

function accessWords({ mode, targets, access_groups }: OrganizationDraft['asset_access']): string {
  if (mode === 'all') return 'Everything';
  const lines = [
    ...(targets.length === 0 ? [] : [`Targets: ${targets.join(', ')}`]),
    ...(access_groups.length === 0 ? [] : [`Access groups: ${access_groups.join(', ')}`]),
  ];
  return lines.length === 0 || mode === 'nothing' ? 'Nothing' : lines.join('\n');
}

function daysWords(days: number | ''): string {
  return days === '' ? 'kept for good' : `kept ${days} days`;
}

function linesOf(lines: readonly string[]): string {
  return lines.length === 0 ? 'None' : lines.join('\n');
}
