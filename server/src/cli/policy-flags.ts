import type { Flag, Given } from './command.ts';
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

/** Returns the part of a request body that these flags set. A flag that was not given adds no field. */
export function policyBody(given: Given): object {
  const limits = {
    rpm: given.whole('rpm'),
    tpm: given.whole('tpm'),
    rpd: given.whole('rpd'),
    max_parallel: given.whole('max-parallel'),
  };
  const budget = given.flag('budget');
  if (budget === undefined && given.has('budget-period')) throw new BadUsage('--budget-period needs --budget.');
  const budgets = budget === undefined ? undefined : [{ amount: budget, period: given.flag('budget-period') ?? 'month' }];
  const hasLimits = Object.values(limits).some((value) => value !== undefined);
  return { ...(hasLimits ? { rate_limits: limits } : {}), ...(budgets === undefined ? {} : { budgets }) };
}
