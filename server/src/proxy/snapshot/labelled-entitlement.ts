/** Limits and budgets by tag and end user: the part of an entitlement that depends on what one request says about itself. */
import { shapeOf } from '../../domain/decision/decision.ts';
import { type Labels, NO_LABELS } from '../../domain/limits/label-limit.ts';
import { planWithLabels } from '../../domain/limits/limit-plan.ts';
import { SCOPE_CODES } from '../../domain/tenancy/tenancy.ts';
import { NAMES_MAX, OTHER_NAME } from '../../domain/usage/attribution.ts';
import { attributionOf, namesEndUser } from '../attribution.ts';
import type { Entitlement } from '../entitlement.ts';
import type { Gateway } from '../gateway.ts';
import { Refusal } from '../refusal.ts';
import type { Asked, Walk } from '../walk.ts';
import type { OrganizationHolder } from './cached-key.ts';
import type { Labelled } from './labelled.ts';
import { planFacts } from './plan-facts.ts';
import { recordedTags } from './tagged-entitlement.ts';

/** Throws if a request must name its end user and does not. Checked before anything is held. */
export function checkEndUser(walk: Walk, { requiredBy }: Labelled): void {
  if (requiredBy === null || namesEndUser(walk)) return;
  const who = requiredBy === 'key' ? 'This API key' : `The ${requiredBy} of this API key`;
  throw new Refusal(
    'invalid_request',
    `${who} requires that each request names its end user (\`require_end_user\`). Name it in the header \`x-headgate-end-user\`, or in \`safety_identifier\`, \`user\` or \`metadata.user_id\` of the body.`,
    { param: `${SCOPE_CODES[requiredBy]}_require_end_user` },
  );
}

/** The most entitlements with labels that a process keeps: callers invent end users, and each needs one for each model it calls. */
const KEPT_MAX = 10_000;
/** A cache of entitlements by labels. It only saves work. Entries go with the entitlement that they were made from. */
let byLabels = new WeakMap<Entitlement, Map<string, Entitlement>>();
let kept = 0;

/** Returns the entitlement with the limits for the labels of one request. */
export function entitlementForLabels(walk: Walk, entitlement: Entitlement, asked: Asked, gateway: Gateway): Entitlement {
  const labels = labelsOf(walk, entitlement, asked, gateway);
  const nowMs = gateway.clock.nowMs();
  const name = `${labels.tags.join(',')}\n${labels.endUser ?? ''}`;
  const known = byLabels.get(entitlement)?.get(name);
  if (known !== undefined && nowMs < known.validUntilMs) return known;
  const made = withLabels(entitlement, labels, nowMs, gateway);
  if (kept >= KEPT_MAX) {
    byLabels = new WeakMap();
    kept = 0;
  }
  kept += 1;
  const cache = byLabels.get(entitlement) ?? new Map<string, Entitlement>();
  byLabels.set(entitlement, cache.set(name, made));
  return made;
}

function withLabels(entitlement: Entitlement, labels: Labels, nowMs: number, gateway: Gateway): Entitlement {
  const plan = planWithLabels(entitlement.plan, entitlement.caller, labels, nowMs);
  if (plan === entitlement.plan) return entitlement;
  gateway.journal.shape(plan.organizationId, plan.shapeId, JSON.stringify(shapeOf(plan).rules));
  return {
    ...entitlement,
    plan,
    ...planFacts(plan),
    validUntilMs: Math.min(entitlement.validUntilMs, plan.validUntilMs),
  };
}

/** Returns the labels of a request by which a caller's limits count. */
export function labelsOf(walk: Walk, entitlement: Entitlement, asked: Asked, gateway: Gateway): Labels {
  const { labelled } = entitlement;
  if (labelled === null) return NO_LABELS;
  const tags = labelled.byTag ? recordedTags(asked.tags, entitlement).tags : NO_LABELS.tags;
  const endUser = labelled.byEndUser ? attributionOf(walk, gateway).endUser : null;
  return { tags, endUser: endUser === null ? null : toCount(walk, endUser, gateway) };
}

const DAY_MS = 86_400_000;

interface Day {
  readonly day: number;
  readonly names: Set<string>;
}

/** The end users of an organization that have counters of their own today (UTC). */
const TOLD_APART = new WeakMap<OrganizationHolder, Day>();

/**
 * Returns the end user whose counters count a request: itself, or OTHER_NAME once the day has as many as usage tells apart. The others
 * share one counter, so that invented names neither fill the memory nor add up to more than one further limit. Who was told apart stays
 * so for the day.
 */
function toCount({ key }: Walk, endUser: string, gateway: Gateway): string {
  if (key === null) return endUser;
  const day = Math.floor(gateway.clock.nowMs() / DAY_MS);
  let today = TOLD_APART.get(key.holder);
  if (today === undefined || today.day !== day) {
    today = { day, names: new Set() };
    TOLD_APART.set(key.holder, today);
  }
  if (today.names.has(endUser)) return endUser;
  if (today.names.size >= NAMES_MAX.end_user.names) return OTHER_NAME;
  today.names.add(endUser);
  return endUser;
}
