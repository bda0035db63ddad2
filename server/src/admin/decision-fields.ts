import { z } from 'zod';
import type { DecisionBody } from '../domain/decision-view.ts';
import { RATE_LIMITS } from '../domain/rate-limit.ts';
import { SCOPES } from '../domain/tenancy.ts';
import { instantOut } from './fields.ts';

/** A decision as the reference describes it. What it says is made in domain/decision-view.ts, for both planes. */

const level = z.enum(SCOPES);
const amount = z.union([z.number(), z.string()]).meta({ description: 'Whole requests or tokens; decimal USD of a budget.' });

export const decisionOut = z
  .object({
    request_id: z.string(),
    time: instantOut,
    organization_id: z.string(),
    team_id: z.string(),
    key_id: z.string(),
    member_id: z.string().nullable(),
    model: z.string(),
    verdict: z.enum(['admitted', 'refused']),
    status: z.int(),
    code: z.string().nullable(),
    param: z.string().nullable(),
    sentence: z.string(),
    requested: z.object({ tokens: z.int(), spend: z.string() }).nullable(),
    access: z
      .object({
        verdict: z.enum(['allowed', 'not_found', 'removed']),
        removed_by: level.nullable(),
        steps: z.array(
          z.object({
            level,
            through: z.enum(['all', 'inherited', 'target', 'access_group']).nullable(),
            access_group: z.string().nullable(),
          }),
        ),
      })
      .nullable(),
    rules: z.array(
      z.object({
        rule: z.string(),
        scope: level,
        scope_id: z.string(),
        limit: z.enum([...RATE_LIMITS, 'budget']),
        target: z.string().nullable(),
        unit: z.enum(['requests', 'tokens', 'usd']),
        limit_value: amount,
        used: amount,
        held: amount,
        remaining: amount,
        verdict: z.enum(['passed', 'alerted', 'refused']),
        retry_after_ms: z.int().nullable(),
        deciding: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'Decision' });

/** The compiler holds the description against what is said: the two cannot come apart. */
export function describedDecision(body: DecisionBody): z.output<typeof decisionOut> {
  const { access, rules } = body;
  return {
    ...body,
    access: access === null ? null : { ...access, steps: [...access.steps] },
    rules: [...rules],
  };
}
