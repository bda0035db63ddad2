import type { Schema } from '../../api/client.ts';
import { type EditPart, namePart, policyParts, tagParts } from '../../components/dialogs/edit-parts.ts';
import { NO_POLICY, type PolicyDraft, policyBody, policyDraft } from '../../components/fields/policy-draft.ts';
import { decimalOf } from '../../forms/decimal.ts';
import { NO_TAGS, type TagsDraft, tagsBody, tagsDraft } from '../../forms/tags-draft.ts';
import { words } from './words.ts';

export type OwnKeysPeriod = Schema<'SelfServiceBudget'>['period'];

/** The period in words that follow an amount. */
export const PER: Readonly<Record<OwnKeysPeriod, string>> = words.per;

/** A team's self-service in a form: what its members may do with keys and logins of their own. */
export interface SelfServiceDraft {
  /** The things that members may make: nothing, logins alone, or keys and logins. */
  readonly allows: keyof typeof words.allows;
  readonly max_keys_per_member: number | '';
  readonly max_budget: string;
  readonly budget_period: OwnKeysPeriod;
  readonly requires_expiry: boolean;
  readonly max_expiry_days: number | '';
}

export interface TeamDraft extends PolicyDraft, TagsDraft {
  readonly name: string;
  readonly self_service: SelfServiceDraft;
}

const NO_SELF_SERVICE: SelfServiceDraft = {
  allows: 'nothing',
  max_keys_per_member: 3,
  max_budget: '',
  budget_period: 'month',
  requires_expiry: false,
  max_expiry_days: 90,
};

export const NEW_TEAM: TeamDraft = { name: '', self_service: NO_SELF_SERVICE, ...NO_POLICY, ...NO_TAGS };

export function teamDraft(team: Schema<'Team'>): TeamDraft {
  const { enabled, logins_only, max_keys_per_member, max_budget, max_expiry_days } = team.self_service;
  return {
    name: team.name,
    self_service: {
      allows: enabled ? 'keys' : logins_only ? 'logins' : 'nothing',
      max_keys_per_member: max_keys_per_member ?? '',
      max_budget: max_budget?.amount ?? '',
      budget_period: max_budget?.period ?? 'month',
      requires_expiry: max_expiry_days !== null,
      max_expiry_days: max_expiry_days ?? 90,
    },
    ...policyDraft(team),
    ...tagsDraft(team),
  };
}

export function teamBody(draft: TeamDraft) {
  return { name: draft.name.trim(), self_service: selfServiceBody(draft.self_service), ...policyBody(draft), ...tagsBody(draft) };
}

function selfServiceBody(draft: SelfServiceDraft) {
  const { allows, max_keys_per_member: keys, requires_expiry, max_expiry_days: days } = draft;
  const amount = decimalOf(draft.max_budget);
  return {
    enabled: allows === 'keys',
    logins_only: allows === 'logins',
    max_keys_per_member: keys === '' ? null : keys,
    max_budget: amount === '' ? null : { amount, period: draft.budget_period },
    max_expiry_days: requires_expiry && days !== '' ? days : null,
  };
}

export const TEAM_PARTS: readonly EditPart<TeamDraft>[] = [
  namePart(),
  {
    name: 'self_service',
    label: words.selfService,
    body: ({ self_service }) => ({ self_service: selfServiceBody(self_service) }),
    words: ({ self_service }) => selfServiceWords(selfServiceBody(self_service)),
  },
  ...policyParts<TeamDraft>(),
  ...tagParts<TeamDraft>(),
];

/** Says in a sentence what members may do with keys and logins of their own. */
export function selfServiceWords(policy: Schema<'SelfService'>): string {
  if (!policy.enabled && !policy.logins_only) return words.noSelfService;
  const most = policy.max_keys_per_member;
  const [any, atMost, rulesOf] = policy.logins_only
    ? [words.anyNumberOfLogins, words.atMostLogins, words.loginsOnlyRules]
    : [words.anyNumberOfKeys, words.atMostKeys, words.selfServiceRules];
  const rules = [
    most === null ? any : atMost(most),
    policy.max_budget === null ? '' : words.spendAtMost(policy.max_budget.amount, PER[policy.max_budget.period]),
    policy.max_expiry_days === null ? '' : words.expireWithin(policy.max_expiry_days),
  ].filter((rule) => rule !== '');
  return rulesOf(rules.join(', '));
}
