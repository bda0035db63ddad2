import { SCOPE_CODES } from '../../src/domain/tenancy/tenancy.ts';
import { HOLD_TOKENS, type LimitAnswer, type Rule } from './site.ts';

/** How a rule is called where it refuses, and how long its window can be. */
interface Form {
  readonly param: string;
  readonly window: string;
  /** The longest wait a refusal may name; null where waiting is not offered. */
  readonly waitSecondsMax: number | null;
  /** Waiting is a matter of seconds: SDKs may do it by themselves. */
  readonly isSoon: boolean;
}

const WINDOWS = {
  rpm: { window: 'minute', waitSecondsMax: 60, isSoon: true },
  tpm: { window: 'minute', waitSecondsMax: 60, isSoon: true },
  rph: { window: 'hour', waitSecondsMax: 3_600, isSoon: false },
  tph: { window: 'hour', waitSecondsMax: 3_600, isSoon: false },
  // A day may have 25 hours.
  rpd: { window: 'day', waitSecondsMax: 90_000, isSoon: false },
  tpd: { window: 'day', waitSecondsMax: 90_000, isSoon: false },
  max_parallel: { window: 'now', waitSecondsMax: 1, isSoon: true },
  budget: { window: 'month', waitSecondsMax: null, isSoon: false },
} as const;

/** Every way in which a refusal says less, or something else, than the interface promises. */
export function refusalProblems(answer: LimitAnswer, rule: Rule, scopeId: string): string[] {
  const name = rule.limit === 'budget' ? 'budget_month' : rule.limit;
  const form: Form = { param: `${SCOPE_CODES[rule.scope]}_${name}`, ...WINDOWS[rule.limit] };
  const said = [
    ...errorSaid(answer, rule, form),
    ...limitSaid(answer, rule, form, scopeId),
    ...retrySaid(answer, form),
    ...headersSaid(answer, rule),
  ];
  return said.flatMap(([what, found, isRight]) =>
    isRight ? [] : [`the refusal by ${form.param} says ${what}: ${JSON.stringify(found)}`],
  );
}

/** What is looked at, what it is, whether it is as promised. */
type Said = readonly [string, unknown, boolean];

function errorSaid({ body }: LimitAnswer, { limit }: Rule, { param }: Form): Said[] {
  const { error } = body;
  const [code, type] =
    limit === 'budget' ? ['insufficient_quota', 'insufficient_quota'] : ['rate_limit_exceeded', 'rate_limit_error'];
  return [
    ['error.code', error?.code, error?.code === code],
    ['error.type', error?.type, error?.type === type],
    ['error.param', error?.param, error?.param === param],
    ['error.message', error?.message, typeof error?.message === 'string' && error.message.length > 20],
    ['error with these fields', Object.keys(error ?? {}), Object.keys(error ?? {}).length === 4],
  ];
}

function limitSaid({ body, headers }: LimitAnswer, { scope, limit, value }: Rule, form: Form, scopeId: string): Said[] {
  const said = body.headgate ?? {};
  const isText = limit === 'budget';
  const [limitValue, used, held, requested] = [said.limit_value, said.used, said.held, said.requested].map((amount) =>
    isText ? nanoUsd(amount) : Number(amount),
  ) as [number, number, number, number];
  const most = isText ? value : limit.startsWith('t') ? HOLD_TOKENS : 1;
  return [
    ['headgate.scope', said.scope, said.scope === scope],
    ['headgate.scope_id', said.scope_id, said.scope_id === scopeId],
    ['headgate.limit', said.limit, said.limit === limit],
    ['headgate.window', said.window, said.window === form.window],
    [
      'headgate.limit_value',
      said.limit_value,
      limitValue === value && typeof said.limit_value === (isText ? 'string' : 'number'),
    ],
    ['headgate.requested', said.requested, requested > 0 && requested <= most],
    ['headgate.used', said.used, used <= value && used + requested > value],
    ['headgate.held', said.held, held >= 0 && held <= used],
    [
      'headgate.resets_at',
      said.resets_at,
      limit === 'max_parallel' ? said.resets_at === null : Date.parse(String(said.resets_at)) > 0,
    ],
    ['headgate.decision_url', said.decision_url, said.decision_url === `/v1/decisions/${headers['x-request-id']}`],
  ];
}

/** Soon: how long, in seconds and milliseconds. In hours or tomorrow: when, and that no SDK should try by itself. Money: only that. */
function retrySaid({ headers }: LimitAnswer, { waitSecondsMax, isSoon }: Form): Said[] {
  const [after, afterMs, should] = [headers['retry-after'], headers['retry-after-ms'], headers['x-should-retry']];
  const isWait = /^\d+$/.test(after ?? '') && Number(after) >= 1 && Number(after) <= (waitSecondsMax ?? 0);
  return [
    ['retry-after', after, waitSecondsMax === null ? after === undefined : isWait],
    ['retry-after-ms', afterMs, isSoon ? Math.ceil(Number(afterMs) / 1_000) === Number(after) : afterMs === undefined],
    ['x-should-retry', should, should === (isSoon ? undefined : 'false')],
  ];
}

function headersSaid({ headers, body }: LimitAnswer, { scope, limit, value }: Rule): Said[] {
  const isSame: Said = ['x-request-id', headers['x-request-id'], headers['x-request-id'] === headers['request-id']];
  const used = limit === 'budget' ? nanoUsd(body.headgate?.used) : Number(body.headgate?.used);
  const warning = used / value >= 0.95 ? 'near_limit' : used / value >= 0.8 ? 'approaching_limit' : undefined;
  const warned: Said = ['x-ratelimit-warning', headers['x-ratelimit-warning'], headers['x-ratelimit-warning'] === warning];
  if (limit === 'budget') return [isSame, warned];
  const [policy, left] = [`"${SCOPE_CODES[scope]};${limit}"`, value - used];
  const unit = { rpm: 'requests', tpm: 'tokens' }[limit as string];
  const [limited, remaining] = [headers[`x-ratelimit-limit-${unit}`], headers[`x-ratelimit-remaining-${unit}`]];
  return [
    isSame,
    warned,
    ['ratelimit-policy', headers['ratelimit-policy'], headers['ratelimit-policy']?.includes(`${policy};q=${value}`) === true],
    ['ratelimit', headers.ratelimit, headers.ratelimit?.includes(`${policy};r=${left};`) === true],
    ['x-ratelimit-limit', limited, unit === undefined || limited === String(value)],
    ['x-ratelimit-remaining', remaining, unit === undefined || remaining === String(left)],
  ];
}

function nanoUsd(text: unknown): number {
  const [whole = '0', fraction = ''] = String(text).split('.');
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, '0'));
}
