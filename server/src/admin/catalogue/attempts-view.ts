import { z } from 'zod';
import { DEPLOYMENT_STATES, deploymentState, STATE_RULES } from '../../domain/routing/deployment-state.ts';
import { can } from '../../domain/tenancy/permission.ts';
import { ACCOUNT_CODES } from '../../domain/usage/attempt.ts';
import type { AttemptHealth, LastError } from '../../store/usage/attempt-health.ts';
import { HOUR_MS, QUARTER_MS } from '../../store/usage/usage-rows.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut } from '../http/fields.ts';

/** The API view of the attempts of a deployment or a provider, and of the state that they show. */

const millis = z.number().nullable();

export const attemptsOut = z
  .object({
    since: instantOut.meta({ description: 'The start of the counted span.' }),
    attempts: z.int(),
    errors: z.int().meta({ description: 'The attempts that failed. Errors of requests before this version are not known.' }),
    caller_errors: z.int().meta({
      description: 'The part of `errors` that the provider blamed on the request. They do not count for the state.',
    }),
    error_rate: z.number().nullable().meta({ description: '`errors` divided by `attempts`. Null without attempts.' }),
    p50_ms: millis.meta({
      description: 'From sending an attempt to its whole answer or the first bytes of its stream, over the newest answers.',
    }),
    p95_ms: millis,
    last_error: z
      .object({
        time: instantOut,
        code: z.string().nullable(),
        status: z.int().nullable(),
        message: z.string().nullable().meta({ description: 'Null for callers who may not read the request.' }),
        request_id: z.string(),
        organization_id: z.string(),
      })
      .nullable()
      .meta({ description: 'The last error. Its code and words are null if its request has expired.' }),
    failing_since: instantOut.nullable().meta({
      description: 'The time since which no attempt has succeeded. Null if the last one did.',
    }),
  })
  .meta({ id: 'Attempts' });

export const stateOut = {
  state: z.enum(DEPLOYMENT_STATES).meta({
    description: Object.entries(STATE_RULES)
      .map(([name, rule]) => `\`${name}\`: ${rule}`)
      .join(' '),
  }),
  state_rule: z.string().meta({ description: 'The rule of this state, for people.' }),
};

/** Returns the time from which attempts count: about an hour ago, at the start of a quarter of an hour. */
export function attemptsSinceMs({ deps: { clock } }: AdminCall): number {
  return Math.floor((clock.nowMs() - HOUR_MS) / QUARTER_MS) * QUARTER_MS;
}

/** Renders the attempts since an instant, and their state. */
export function renderAttempts(call: AdminCall, health: AttemptHealth, sinceMs: number) {
  const { attempts, errors, callerErrors, failingSinceMs } = health;
  const state = deploymentState(health);
  return {
    attempts: {
      since: new Date(sinceMs).toISOString(),
      attempts,
      errors,
      caller_errors: callerErrors,
      error_rate: attempts > 0 ? errors / attempts : null,
      p50_ms: health.p50Ms,
      p95_ms: health.p95Ms,
      last_error: health.lastError === null ? null : renderLastError(call, health.lastError),
      failing_since: failingSinceMs === null ? null : new Date(failingSinceMs).toISOString(),
    },
    state,
    state_rule: STATE_RULES[state],
  };
}

function renderLastError(call: AdminCall, { timeMs, requestId, organizationId, attempt }: LastError) {
  return {
    time: new Date(timeMs).toISOString(),
    code: attempt?.code ?? null,
    status: attempt?.status ?? null,
    message: attempt === null || !mayRead(call, organizationId, attempt.code) ? null : attempt.message,
    request_id: requestId,
    organization_id: organizationId,
  };
}

/** Reports whether the caller may read the words. Those about the account at the provider are for the platform. */
function mayRead({ actor }: AdminCall, organizationId: string, code: string | null): boolean {
  const isPlatforms = can(actor, 'platform.read', { organizationId: null });
  if (isPlatforms) return can(actor, 'usage.read', { organizationId });
  return !ACCOUNT_CODES.some((one) => one === code);
}
