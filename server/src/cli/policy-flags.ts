import type { Json } from './api.ts';
import type { Flag, Given } from './command.ts';
import { clearableWhole } from './given-changes.ts';
import { BadUsage } from './outcome.ts';

/** The flags for limits and a budget when a key or an organization is created. */
export const POLICY_FLAGS: readonly Flag[] = [
  { name: 'rpm', value: 'n', about: 'limit of requests per minute' },
  { name: 'tpm', value: 'n', about: 'limit of tokens per minute' },
  { name: 'rpd', value: 'n', about: 'limit of requests per day' },
  { name: 'max-parallel', value: 'n', about: 'limit of requests in flight' },
  { name: 'budget', value: 'usd', about: 'budget per period in USD, such as 100.00; requests above it are refused' },
  { name: 'budget-period', value: 'period', about: 'period of the budget: day, week, month or total (default: month)' },
];

/** The flags about end users when a key or an organization is created. */
export const END_USER_FLAGS: readonly Flag[] = [
  { name: 'require-end-user', value: null, about: 'refuse requests that do not name their end user' },
  { name: 'end-user-rpm', value: 'n', about: 'limit of requests per minute of each end user; needs --require-end-user' },
  { name: 'end-user-budget', value: 'usd', about: 'budget per day in USD of each end user; needs --require-end-user' },
];

/** Returns the part of a request body that these flags set. A flag that was not given adds no field. */
export function policyBody(given: Given): object {
  return { ...limitsBody((name) => given.whole(name)), ...budgetBody(given) };
}

function limitsBody(limit: (name: string) => number | null | undefined): object {
  const limits = { rpm: limit('rpm'), tpm: limit('tpm'), rpd: limit('rpd'), max_parallel: limit('max-parallel') };
  return Object.values(limits).some((value) => value !== undefined) ? { rate_limits: limits } : {};
}

function budgetBody(given: Given): object {
  const budget = given.flag('budget');
  if (!budget && given.has('budget-period')) throw new BadUsage('--budget-period needs --budget.');
  return budget === undefined ? {} : { budgets: [{ amount: budget, period: given.flag('budget-period') ?? 'month' }] };
}

/** The same flags for a change of what has limits already. */
export const POLICY_CHANGE_FLAGS: readonly Flag[] = POLICY_FLAGS.map((flag) =>
  flag.name === 'budget' ? { ...flag, about: `${flag.about}; in place of every budget that there is` } : flag,
);

/** Returns the part of a request body that changes limits by these flags. An empty value removes a limit, and an empty budget all budgets. */
export function policyChangeBody(given: Given): object {
  const budgets = budgetBody(given);
  const limits = limitsBody((name) => clearableWhole(given, name));
  return { ...limits, ...(given.flag('budget') === '' ? { budgets: [] } : budgets) };
}

/** Returns the words for a budget. */
export function budgetText({ amount, period }: Json): string {
  return period === 'total' ? `${amount} USD in total` : `${amount} USD per ${period}`;
}

/** Returns the part of a request body that the flags about end users set. */
export function endUserBody(given: Given): object {
  const rpm = given.whole('end-user-rpm');
  const amount = given.flag('end-user-budget');
  const limit = {
    end_user: '*',
    ...(rpm === undefined ? {} : { rate_limits: { rpm } }),
    ...(amount === undefined ? {} : { budgets: [{ amount, period: 'day' }] }),
  };
  return {
    ...(given.has('require-end-user') ? { require_end_user: true } : {}),
    ...(rpm === undefined && amount === undefined ? {} : { label_limits: [limit] }),
  };
}
