import { z } from 'zod';
import type { DecisionShape, ShapeRule } from '../domain/decision.ts';
import { type DecisionFacts, decisionBody, shapeIdOfDecision } from '../domain/decision-view.ts';
import { RATE_LIMITS } from '../domain/rate-limit.ts';
import { SCOPES } from '../domain/tenancy.ts';
import { findShape } from '../store/request-log.ts';
import type { AdminCall } from './call.ts';
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
    model: z.string().nullable(),
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

/** A decision with the rules its shape stands for, from this process's memory or the database. */
export async function viewDecision(call: AdminCall, facts: DecisionFacts): Promise<z.output<typeof decisionOut>> {
  const { access, rules, ...rest } = decisionBody(facts, await shapeOf(call, facts));
  // The compiler holds the description above against what is said: the two cannot come apart.
  return { ...rest, access: access === null ? null : { ...access, steps: [...access.steps] }, rules: [...rules] };
}

async function shapeOf({ deps }: AdminCall, { organizationId, decision }: DecisionFacts): Promise<DecisionShape | null> {
  const id = shapeIdOfDecision(decision);
  if (id === null) return null;
  const remembered = deps.recent?.findShape(organizationId, id) ?? null;
  const rules =
    remembered === null ? await findShape(deps.db, { organizationId, shapeId: id }) : (JSON.parse(remembered) as ShapeRule[]);
  return rules === null ? null : { id, rules };
}
