import type { RateLimitName } from '../../src/domain/rate-limit.ts';
import { SCOPE_CODES, type Scope } from '../../src/domain/tenancy.ts';
import { HOLD_TOKENS, type LimitAnswer } from './site.ts';

/** What the refusal of one limit has to say. */
export interface RefusedBy {
  readonly scope: Scope;
  readonly limit: RateLimitName;
  readonly scopeId: string;
  /** The limit's value. */
  readonly value: number;
}

const WINDOWS = {
  rpm: { window: 'minute', seconds: 60 },
  tpm: { window: 'minute', seconds: 60 },
  rph: { window: 'hour', seconds: 3_600 },
  tph: { window: 'hour', seconds: 3_600 },
  // A day may have 25 hours.
  rpd: { window: 'day', seconds: 90_000 },
  tpd: { window: 'day', seconds: 90_000 },
  max_parallel: { window: 'now', seconds: 1 },
} as const;

/** Every way in which a refusal says less, or something else, than the interface promises. */
export function refusalProblems(answer: LimitAnswer, by: RefusedBy): string[] {
  const name = `${SCOPE_CODES[by.scope]}_${by.limit}`;
  const said = [...errorSaid(answer, name), ...limitSaid(answer, by), ...retrySaid(answer, by.limit), ...headersSaid(answer, by)];
  return said.flatMap(([what, found, isRight]) =>
    isRight ? [] : [`the refusal by ${name} says ${what}: ${JSON.stringify(found)}`],
  );
}

/** What is looked at, what it is, whether it is as promised. */
type Said = readonly [string, unknown, boolean];

function errorSaid({ body }: LimitAnswer, name: string): Said[] {
  const { error } = body;
  return [
    ['error.code', error?.code, error?.code === 'rate_limit_exceeded'],
    ['error.type', error?.type, error?.type === 'rate_limit_error'],
    ['error.param', error?.param, error?.param === name],
    ['error.message', error?.message, typeof error?.message === 'string' && error.message.length > 20],
    ['error with these fields', Object.keys(error ?? {}), Object.keys(error ?? {}).length === 4],
  ];
}

function limitSaid({ body, headers }: LimitAnswer, { scope, scopeId, limit, value }: RefusedBy): Said[] {
  const said = body.headgate ?? {};
  const [used, held, requested] = [Number(said.used), Number(said.held), Number(said.requested)];
  const resets = said.resets_at;
  return [
    ['headgate.scope', said.scope, said.scope === scope],
    ['headgate.scope_id', said.scope_id, said.scope_id === scopeId],
    ['headgate.limit', said.limit, said.limit === limit],
    ['headgate.window', said.window, said.window === WINDOWS[limit].window],
    ['headgate.limit_value', said.limit_value, said.limit_value === value],
    ['headgate.requested', requested, requested > 0 && requested <= (limit.startsWith('t') ? HOLD_TOKENS : 1)],
    ['headgate.used', used, used <= value && used + requested > value],
    ['headgate.held', held, held >= 0 && held <= used],
    ['headgate.resets_at', resets, limit === 'max_parallel' ? resets === null : Date.parse(String(resets)) > 0],
    ['headgate.decision_url', said.decision_url, said.decision_url === `/v1/decisions/${headers['x-request-id']}`],
  ];
}

/** Soon: how long, in seconds and milliseconds. In hours or tomorrow: when, and that no SDK should try by itself. */
function retrySaid({ headers }: LimitAnswer, limit: RateLimitName): Said[] {
  const [after, afterMs, should] = [headers['retry-after'], headers['retry-after-ms'], headers['x-should-retry']];
  const { seconds, window } = WINDOWS[limit];
  const isSoon = window === 'minute' || window === 'now';
  return [
    ['retry-after', after, /^\d+$/.test(after ?? '') && Number(after) >= 1 && Number(after) <= seconds],
    ['retry-after-ms', afterMs, isSoon ? Math.ceil(Number(afterMs) / 1_000) === Number(after) : afterMs === undefined],
    ['x-should-retry', should, should === (isSoon ? undefined : 'false')],
  ];
}

function headersSaid({ headers, body }: LimitAnswer, { scope, limit, value }: RefusedBy): Said[] {
  const policy = `"${SCOPE_CODES[scope]};${limit}";q=${value}`;
  const left = value - Number(body.headgate?.used);
  const unit = { rpm: 'requests', tpm: 'tokens' }[limit as string];
  const [limited, remaining] = [headers[`x-ratelimit-limit-${unit}`], headers[`x-ratelimit-remaining-${unit}`]];
  const fullest = Number(body.headgate?.used) / value;
  const warning = fullest >= 0.95 ? 'near_limit' : fullest >= 0.8 ? 'approaching_limit' : undefined;
  return [
    ['x-request-id', headers['x-request-id'], headers['x-request-id'] === headers['request-id']],
    ['ratelimit-policy', headers['ratelimit-policy'], headers['ratelimit-policy']?.includes(policy) === true],
    ['ratelimit', headers.ratelimit, headers.ratelimit?.includes(`"${SCOPE_CODES[scope]};${limit}";r=${left};`) === true],
    ['x-ratelimit-limit', limited, unit === undefined || limited === String(value)],
    ['x-ratelimit-remaining', remaining, unit === undefined || remaining === String(left)],
    ['x-ratelimit-warning', headers['x-ratelimit-warning'], headers['x-ratelimit-warning'] === warning],
  ];
}
