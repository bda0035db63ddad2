import { formatUsd } from '../money/money.ts';
import type { CounterUnit } from './counter-spec.ts';
import type { RateLimitName } from './rate-limit.ts';

/** The facts that describe a limit or budget in words. */
export interface WordedRule {
  readonly id: string;
  readonly limit: RateLimitName | 'budget';
  /** `gpt-5*`, `@beta`, or empty for every model. */
  readonly target: string;
  readonly unit: CounterUnit;
  readonly value: number;
}

/** Describes a limit or budget: `600 requests per minute`, `100.00 USD per month for gpt-5*`. */
export function ruleWords(rule: WordedRule): string {
  return `${amountWords(rule.value, rule.unit)} ${windowWords(rule)}${rule.target === '' ? '' : ` for ${rule.target}`}`;
}

/** Formats an amount with its unit: `1 request`, `5000 tokens`, `0.02 USD`. */
export function amountWords(value: number, unit: CounterUnit): string {
  if (unit === 'nano_usd') return `${formatUsd(value)} USD`;
  const word = unit === 'tokens' ? 'token' : 'request';
  return `${value} ${value === 1 ? word : `${word}s`}`;
}

const WINDOW_WORDS: Readonly<Record<RateLimitName, string>> = {
  rpm: 'per minute',
  tpm: 'per minute',
  rph: 'per hour',
  tph: 'per hour',
  rpd: 'per day',
  tpd: 'per day',
  max_parallel: 'at once',
};

function windowWords({ limit, id }: WordedRule): string {
  if (limit !== 'budget') return WINDOW_WORDS[limit];
  const period = /_budget_([a-z]+)/.exec(id)?.[1] ?? 'period';
  if (period === 'total') return 'in total';
  return period === 'rolling' ? 'per rolling period' : `per ${period}`;
}
