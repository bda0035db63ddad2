import { z } from 'zod';
import { type TagShape, tagShapeIdOf } from '../../domain/access/tag-routing.ts';
import { type AttemptBody, deploymentIdsOf } from '../../domain/decision/attempts-made.ts';
import type { DecisionShape, ShapeRule } from '../../domain/decision/decision.ts';
import {
  type DecisionFacts,
  decisionBody,
  shapeIdOfDecision,
  type TagsBody,
  tenantsDecision,
} from '../../domain/decision/decision-view.ts';
import { RATE_LIMITS } from '../../domain/limits/rate-limit.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { ROUTING_STRATEGIES } from '../../domain/routing/catalogue.ts';
import { PASSED_OVER_REASONS } from '../../domain/routing/compared.ts';
import { COPY_OUTCOMES } from '../../domain/routing/mirror.ts';
import { can } from '../../domain/tenancy/permission.ts';
import { SCOPES } from '../../domain/tenancy/tenancy.ts';
import { ATTEMPT_NEXTS, ATTEMPT_RESULTS, NOT_TRIED_REASONS } from '../../domain/usage/attempt.ts';
import { ownAmong } from '../../store/catalogue/owners.ts';
import { find as findCopy, type MirrorCopyRow } from '../../store/mirrors/mirror-copies.ts';
import { findShape } from '../../store/usage/request-log.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut } from '../http/fields.ts';

/** The API schema of a decision. domain/decision/decision-view.ts builds the decision for both planes. */

const level = z.enum(SCOPES);
const amountOut = z.union([z.number(), z.string()]);
const amount = amountOut.meta({ description: 'Whole requests or tokens; for a budget, a decimal string in USD.' });

const tagsOut = z
  .object({
    asked: z.array(z.string()).meta({ description: 'The tags that the request named.' }),
    defaults: z
      .array(z.string())
      .meta({ description: 'The default tags that were used, because none of the request’s own tags routes there.' }),
    required: z.array(z.string()),
    routed: z.array(z.string()).meta({
      description:
        'The tags that selected deployments at the called name. If empty, deployments without tags serve, if there are any.',
    }),
    deployments: z.array(z.string()).meta({
      description: 'Ids of the remaining deployments: those of the called name, then those of its fallbacks.',
    }),
    targets: z
      .array(z.object({ target: z.string(), routed: z.array(z.string()), deployments: z.array(z.string()) }))
      .meta({ description: 'The same for the called name and each of its fallbacks, which are evaluated separately.' }),
  })
  .nullable()
  .meta({
    description:
      'The deployments that remain after the tags are applied. Null if neither the request nor its key, team or organization named a tag.',
  });

const ownerOut = z
  .enum(['organization', 'platform'])
  .nullable()
  .meta({ description: 'Who brought the deployment: the organization itself or the platform. Null: unknown.' });

const attemptOut = z
  .object({
    attempt: z.int().min(1),
    deployment_id: z.string(),
    owner: ownerOut,
    provider: z.string(),
    upstream_model: z.string(),
    started_ms: z.int().meta({ description: 'Milliseconds from the admission until it was sent.' }),
    took_ms: z.int(),
    result: z.enum(ATTEMPT_RESULTS).meta({
      description:
        '`error`: the provider answered with an error. `failed`: there was no usable answer. `broken`: the answer began and broke off. `cancelled`: the client hung up or the gateway stopped.',
    }),
    status: z.int().nullable().meta({ description: 'The provider’s HTTP status. Null if none arrived.' }),
    code: z.string().nullable().meta({
      description:
        'A word for the failure: `rate_limited`, `quota`, `credential`, `unavailable`, `caller`, `context_length`, `refused`, `timeout`, `not_connected`, `reset`, `protocol`, `refused_address`, `unreadable`, `incomplete`, `error_in_stream`, `client_gone`, `gateway_stopped`, `gateway_error`. Null if it answered.',
    }),
    message: z.string().nullable().meta({
      description:
        'The provider’s words, without secrets, at most 300 characters. Null if there are none, and for callers without platform.read if they are about the account at the provider.',
    }),
    next: z.enum(ATTEMPT_NEXTS),
    next_reason: z.string().nullable().meta({
      description:
        'Why: `only_candidate`, `other_candidate`, `context_fallback` (the request is too long for it), `policy_fallback` (a content filter or the model refused it), `final` (no other deployment would answer differently), `no_candidate_left`, `attempts_max`, `hold_refused` (limits or budgets have no room for another attempt), `answer_begun`, `client_gone`, `gateway_stopped`, `answered_here` or `gateway_error`. Null if it answered.',
    }),
    wait_ms: z.int().nullable().meta({ description: 'The pause before the retry. Null if there was none.' }),
    not_tried: z.array(z.object({ deployment_id: z.string(), owner: ownerOut, reason: z.enum(NOT_TRIED_REASONS) })).meta({
      description:
        'The deployments that could have served and were not tried when the request failed here, at most 8. `not_reached`: the request ended before. `cooling_down`: calls to it failed recently. `unpriced`: a blocking budget needs a price. `untranslatable`: it cannot express the request. `unsupported`: its provider lacks the endpoint. `too_small`: the request is longer than its declared context window.',
    }),
    dropped: z.array(z.string()).meta({
      description:
        'The fields of the request that were left out when it was translated into this provider’s dialect, at most 20. Empty if nothing was.',
    }),
  })
  .meta({ id: 'Attempt' });

export const attemptsMadeOut = z.array(attemptOut).nullable().meta({
  description:
    'The attempts that were sent to providers, in order. Null for a request of an earlier version, of which only the number is known.',
});

const routingOut = z
  .object({
    strategy: z.enum(ROUTING_STRATEGIES),
    canary: z.boolean().meta({ description: 'True if the request is in the share of the called name’s canary.' }),
    by_session: z.boolean().meta({ description: 'True if the session of the request decided the order, and not scores.' }),
    candidates: z
      .array(
        z.object({
          deployment_id: z.string(),
          owner: ownerOut,
          score: z.number().nullable().meta({
            description:
              'The lowest goes first. `least_busy`: requests in flight for each weight. `latency`: milliseconds. `cheapest`: nano-dollars. `usage` and `headroom`: the share that is used. Null: unknown, not compared, or last; also for callers without platform.read.',
          }),
          passed_over: z.enum(PASSED_OVER_REASONS).nullable().meta({
            description:
              '`full`: at its capacity, so it went last. `cooling_down`: calls to it failed recently. `unpriced`: a blocking budget needs a price. `tags`: the tags chose other deployments. `too_small`: the request is longer than its declared context window. Null: it had its turn.',
          }),
        }),
      )
      .meta({ description: 'The deployments in the order of their turns, at most 8.' }),
  })
  .nullable()
  .meta({
    description:
      'The comparison that ordered the deployments. Null if none was made: by `weighted` and `priority` without a session, and if one deployment alone could serve.',
  });

const mirrorOut = z
  .object({
    outcome: z.enum(COPY_OUTCOMES).meta({
      description: '`skipped`: no copy was sent. `cut`: it was ended at a bound on time or size, or because the gateway stopped.',
    }),
    reason: z.string().nullable().meta({
      description:
        'Why it was skipped: `tags` (no deployment of the mirror has them), `busy`, `too_large`, `stored` (the answer is stored), `unavailable` (cooling down, full, or cannot serve it), `untranslatable`. Else a word for the failure, as of an attempt. Null if it was answered.',
    }),
    deployment_id: z.string().nullable(),
    provider: z.string().nullable(),
    upstream_model: z.string().nullable(),
    status: z.int().nullable().meta({ description: 'The provider’s HTTP status. Null if none arrived.' }),
    took_ms: z.int().nullable(),
    cost: z.string().nullable().meta({
      description: 'What the platform pays, in USD. Null without a price or a copy, and for callers without platform.read.',
    }),
  })
  .nullable()
  .meta({
    description:
      'The copy that a mirror got, about a second after it ended. Null if the request is in no mirror’s share, or its organization does not allow copies. Copies are kept for 90 days.',
  });

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
    tags: tagsOut,
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
        used: amountOut.meta({
          description: 'Settled and held use together. For an admitted request it includes its own hold.',
        }),
        settled: amountOut.meta({ description: 'The part of `used` without `held`.' }),
        held: amountOut.meta({ description: 'The part of `used` that requests in flight hold.' }),
        remaining: amountOut.meta({ description: 'The amount that is left after `used`, at least 0.' }),
        over: amountOut.meta({
          description: 'The part of `used` above the limit. `limit_value` + `over` = `settled` + `held` + `remaining`.',
        }),
        verdict: z.enum(['passed', 'alerted', 'refused']),
        retry_after_ms: z.int().nullable(),
        deciding: z.boolean(),
      }),
    ),
    routing: routingOut,
    mirror: mirrorOut,
    attempts_made: attemptsMadeOut,
  })
  .meta({ id: 'Decision' });

/** Returns a decision with its shapes resolved, from this process's memory or from the database. */
export async function viewDecision(call: AdminCall, facts: DecisionFacts): Promise<z.output<typeof decisionOut>> {
  const rules = await shapeOf<readonly ShapeRule[]>(call, facts, shapeIdOfDecision(facts.decision));
  const tagShape = await shapeOf<TagShape>(call, facts, tagShapeIdOf(facts.tagRoute));
  const shape: DecisionShape | null = rules === null ? null : { id: rules.id, rules: rules.is };
  const own = await ownAmong(call.deps.db, deploymentIdsOf(facts));
  const whole = decisionBody({ ...facts, own }, shape, tagShape?.is);
  const seesCatalogue = can(call.actor, 'platform.read', { organizationId: null });
  const { access, tags, rules: shown, routing, attempts_made, ...rest } = seesCatalogue ? whole : tenantsDecision(whole);
  // The compiler checks this against the schema above, so the two cannot differ.
  return {
    ...rest,
    tags: tags === null ? null : renderTags(tags),
    access: access === null ? null : { ...access, steps: [...access.steps] },
    rules: [...shown],
    routing: routing === null ? null : { ...routing, candidates: [...routing.candidates] },
    mirror: renderCopy(await findCopy(call.deps.db, facts), seesCatalogue),
    attempts_made: renderAttempts(attempts_made),
  };
}

function renderCopy(copy: MirrorCopyRow | null, seesCost: boolean): z.output<typeof mirrorOut> {
  if (copy === null) return null;
  const { outcome, reason, deploymentId, provider, upstreamModel, httpStatus, tookMs, nanoUsd } = copy;
  return {
    ...{ outcome, reason, deployment_id: deploymentId, provider, upstream_model: upstreamModel },
    ...{ status: httpStatus, took_ms: tookMs, cost: seesCost && nanoUsd !== null ? formatUsd(BigInt(nanoUsd)) : null },
  };
}

function renderAttempts(attempts: readonly AttemptBody[] | null): z.output<typeof attemptsMadeOut> {
  return attempts?.map((one) => ({ ...one, not_tried: [...one.not_tried], dropped: [...one.dropped] })) ?? null;
}

function renderTags({ asked, defaults, required, routed, deployments, targets }: TagsBody) {
  return {
    asked: [...asked],
    defaults: [...defaults],
    required: [...required],
    routed: [...routed],
    deployments: [...deployments],
    targets: targets.map((one) => ({ target: one.target, routed: [...one.routed], deployments: [...one.deployments] })),
  };
}

/** Returns the content of a shape, or null if there is no id or the shape was never stored. */
async function shapeOf<T>({ deps }: AdminCall, { organizationId }: DecisionFacts, id: string | null) {
  if (id === null) return null;
  const remembered = deps.recent?.findShape(organizationId, id) ?? null;
  const is = remembered === null ? await findShape(deps.db, { organizationId, shapeId: id }) : JSON.parse(remembered);
  return is === null ? null : { id, is: is as T };
}
