import { checkAccess, explainTarget, levelsOf, reaches } from '../domain/access/access.ts';
import { encodeAccess, shapeOf } from '../domain/decision/decision.ts';
import { planOfHead } from '../domain/limits/head-plan.ts';
import { type HoldCandidate, OutputHistory } from '../domain/limits/hold.ts';
import type { Labels } from '../domain/limits/label-limit.ts';
import { type LimitPlan, planLimits, planWithLabels } from '../domain/limits/limit-plan.ts';
import type { CallableTarget, Catalogue, DeploymentConfig } from '../domain/routing/catalogue.ts';
import { smallestWindow } from '../domain/routing/context-window.ts';
import { type Detours, detoursOf, targetsBeside } from '../domain/routing/detours.ts';
import type { MirrorPlace } from '../domain/routing/mirror-place.ts';
import { ownFirst, withOwn } from '../domain/routing/own.ts';
import { fallbackChain } from '../domain/routing/routing.ts';
import { NAME_LENGTH_MAX } from '../domain/tenancy/names.ts';
import type { Caller, OrganizationConfig, TeamConfig } from '../domain/tenancy/tenancy.ts';
import type { Dimensions } from '../ledger/records.ts';
import { headerText } from '../lib/header-text.ts';
import { callerOf } from './authenticate.ts';
import { type Caching, cachingOf } from './cache/caching.ts';
import { type Candidate, candidatesIn, candidatesOf, holdCandidateOf } from './deployments/candidate.ts';
import type { Gateway } from './gateway.ts';
import { type LimitWords, limitWordsOf } from './limit-headers.ts';
import { Refusal } from './refusal.ts';
import { chargedFor, memberIdOf } from './settlement/charged.ts';
import type { CachedKey } from './snapshot/cached-key.ts';
import { type Labelled, labelledOf } from './snapshot/labelled.ts';
import { planFacts } from './snapshot/plan-facts.ts';
import { type EntitlementTags, mirrorFor, tagged, tellShape } from './snapshot/tag-chain.ts';

/**
 * The standing of one key for one called name: the access verdict, the candidates, and every limit that applies. It is computed
 * once, and used until the catalogue, the organization, the key or a price changes.
 */
export interface Entitlement {
  readonly caller: Caller;
  readonly name: string;
  /** The dimensions that are charged for a call admitted by this entitlement, even if the key changes before settlement. */
  readonly charged: Dimensions;
  /** The value of `x-headgate-model`; null if the called name is too long to be a name, so that an invented one is not echoed. */
  readonly headerName: string | null;
  /** The refusal by access; null if the name may be called. */
  readonly refusal: Refusal | null;
  /**
   * The called target and its fallbacks within the caller's access, in order, then the targets beside them (detours.ts); empty if
   * refused.
   */
  readonly reachable: readonly CallableTarget[];
  /** The number of reachable targets that are the called one and its fallbacks. */
  readonly chained: number;
  /**
   * The called target and its fallbacks, with only the members that tags allow. One with own deployments and others is there twice,
   * own ones first.
   */
  readonly chain: readonly CallableTarget[];
  /** The targets beside the chain, with only the members that tags allow; null if there are none. */
  readonly detours: Detours | null;
  /** The place that gets copies of a share of the requests; null if there is none. */
  readonly mirror: MirrorPlace | null;
  /** The effect of tags; null if nothing is tagged. */
  readonly tags: EntitlementTags | null;
  /** Entitlements for requests that name tags, by those tags; null until the first such request. */
  byTags: Map<string, Entitlement> | null;
  /** The deployments of all reachable targets. Those beside the chain are not for ordinary requests. */
  readonly candidates: ReadonlyMap<DeploymentConfig, Candidate>;
  /** The candidates of the chain, for ordinary requests. */
  readonly ordinary: readonly Candidate[];
  /** The smallest context window that a candidate declares; Infinity if none does. */
  readonly windowMin: number;
  readonly holdCandidates: readonly HoldCandidate[];
  readonly plan: LimitPlan;
  /** The plan's tightest token limit, in tokens. */
  readonly tokensMax: number;
  /** The plan's rules as limit headers name them. */
  readonly limitWords: LimitWords;
  /** Each level's part in the access verdict, as encoded in the decision. */
  readonly accessText: string;
  /** True if a `block` budget covers the call, so that a deployment without a price may not serve it. */
  readonly needsPrice: boolean;
  /** True if a covering `block` budget clamps the output to what is affordable. */
  readonly clamps: boolean;
  /** The labels that matter, by which requests are limited or that they must name; null if none do. */
  readonly labelled: Labelled | null;
  /** The use of the exact cache; null unless both the target and the organization turn it on. */
  readonly caching: Caching | null;
  readonly catalogue: Catalogue;
  readonly organization: OrganizationConfig;
  readonly validUntilMs: number;
}

/** The most entitlements kept for one key. */
const ENTITLEMENTS_MAX = 1_000;

/** Returns the entitlement of a key for a name. It is cached while nothing it was computed from has changed. */
export function entitlementOf(key: CachedKey, name: string, gateway: Gateway): Entitlement {
  const entitlements = key.entitlements as Map<string, Entitlement>;
  const catalogue = gateway.snapshot.catalogue();
  const known = entitlements.get(name);
  if (known !== undefined && isCurrent(known, key, catalogue) && gateway.clock.nowMs() < known.validUntilMs) return known;
  const entitlement = workOut(callerOf(key), name, catalogue, gateway.clock.nowMs());
  if (entitlements.size >= ENTITLEMENTS_MAX) entitlements.clear();
  if (catalogue.targets.has(name)) entitlements.set(name, entitlement);
  const { plan, tags } = entitlement;
  if (tags !== null && tags.added.length > 0) tellShape(tags, plan.organizationId, gateway);
  if (plan.rules.length > 0) gateway.journal.shape(plan.organizationId, plan.shapeId, JSON.stringify(shapeOf(plan).rules));
  return entitlement;
}

function isCurrent({ caller, catalogue }: Pick<Entitlement, 'caller' | 'catalogue'>, key: CachedKey, now: Catalogue): boolean {
  return catalogue === now && caller.organization === key.holder.config && caller.key === key.config;
}

/**
 * Returns the entitlement of a request whose head alone is known. It has no name, and only the limits that apply to every
 * request; null if there are none. It is cached while nothing it was computed from has changed.
 */
export function entitlementOnHead(key: CachedKey, gateway: Gateway): Entitlement | null {
  const catalogue = gateway.snapshot.catalogue();
  const nowMs = gateway.clock.nowMs();
  const known = ON_HEAD.get(key);
  if (known !== undefined && isCurrent(known, key, known.catalogue) && nowMs < known.validUntilMs) return known.entitlement;
  const caller = callerOf(key);
  const plan = planOfHead(caller, nowMs);
  if (plan !== null) gateway.journal.shape(plan.organizationId, plan.shapeId, JSON.stringify(shapeOf(plan).rules));
  const entitlement = plan === null ? null : onHead(caller, plan, catalogue);
  const validUntilMs = plan === null ? Number.POSITIVE_INFINITY : plan.validUntilMs;
  ON_HEAD.set(key, { caller, catalogue, entitlement, validUntilMs });
  return entitlement;
}

type OnHead = Pick<Entitlement, 'caller' | 'catalogue' | 'validUntilMs'> & { readonly entitlement: Entitlement | null };
const ON_HEAD = new WeakMap<CachedKey, OnHead>();

function onHead(caller: Caller, plan: LimitPlan, catalogue: Catalogue): Entitlement {
  return {
    caller,
    name: '',
    charged: chargedFor(caller.key, ''),
    headerName: null,
    refusal: null,
    reachable: [],
    chained: 0,
    chain: [],
    detours: null,
    mirror: null,
    tags: null,
    byTags: null,
    candidates: new Map(),
    ordinary: [],
    windowMin: Number.POSITIVE_INFINITY,
    holdCandidates: [],
    plan,
    tokensMax: Number.POSITIVE_INFINITY,
    limitWords: limitWordsOf(plan),
    accessText: '',
    needsPrice: false,
    clamps: false,
    labelled: null,
    caching: null,
    catalogue,
    organization: caller.organization,
    validUntilMs: plan.validUntilMs,
  };
}

/**
 * Returns the plan under which a request of this entitlement would be admitted now, for settlement. It has the scopes that
 * admitted the request, with their current limits and the name's current access groups. Returns the same plan object if nothing
 * has changed and it is still valid.
 */
export function planNow(
  key: CachedKey,
  admittedBy: Entitlement,
  gateway: Gateway,
  labelsOf: (present: Entitlement) => Labels,
): LimitPlan {
  const organization = key.holder.config;
  const { caller, charged, name } = admittedBy;
  const catalogue = gateway.snapshot.catalogue();
  if (organization === null) return admittedBy.plan;
  const isSame = organization === caller.organization && key.config === caller.key && catalogue === admittedBy.catalogue;
  // A plan knows the periods of a few days. A request that outlives them still counts in the period in which it was admitted.
  if (isSame && gateway.clock.nowMs() < admittedBy.validUntilMs) return admittedBy.plan;
  if (isChargedTo(key, charged)) {
    const present = entitlementOf(key, name, gateway);
    return planWithLabels(present.plan, present.caller, labelsOf(present), gateway.clock.nowMs());
  }
  const team = organization.teams.get(charged.teamId) ?? unlimitedTeam(charged.teamId);
  const member = charged.memberId === null ? null : (organization.members.get(charged.memberId) ?? null);
  const groups = catalogue.targets.get(name)?.accessGroups ?? NO_GROUPS;
  return planLimits({ key: key.config, organization, team, member }, name, groups, gateway.clock.nowMs());
}

/** Reports whether the key still belongs to the charged team and member, and both still exist. */
function isChargedTo({ config, team, member }: CachedKey, { teamId, memberId }: Dimensions): boolean {
  return team !== null && config.teamId === teamId && memberIdOf(config) === memberId && (memberId === null || member !== null);
}

/** Stands in for a deleted team: it has no limits, and its use still counts for its organization. */
export function unlimitedTeam(id: string): TeamConfig {
  const nothing = { rateLimits: {}, modelLimits: [], budgets: [] };
  return { id, name: '', status: 'suspended', access: { mode: 'inherit' }, ...nothing };
}

const HISTORIES_MAX = 256;

/** Returns the output history of a key for a name, which records the output of recent answers. */
export function outputHistoryOf(key: CachedKey, name: string): OutputHistory {
  const known = key.histories.get(name);
  if (known !== undefined) return known;
  if (key.histories.size >= HISTORIES_MAX) key.histories.clear();
  const history = new OutputHistory();
  key.histories.set(name, history);
  return history;
}

const NO_GROUPS: ReadonlySet<string> = new Set();

function workOut(caller: Caller, name: string, catalogue: Catalogue, nowMs: number): Entitlement {
  const target = catalogue.targets.get(name);
  const plan = planLimits(caller, name, target?.accessGroups ?? NO_GROUPS, nowMs);
  const refusal = accessRefusal(caller, name, catalogue);
  const levels = levelsOf(caller);
  const allowed = (next: CallableTarget) => reaches(levels, next);
  const fallbacks = refusal !== null || target === undefined ? [] : fallbackChain(target, catalogue, allowed);
  const { own } = caller.organization;
  const reachable = [...fallbacks, ...targetsBeside(fallbacks, catalogue, allowed)].map((next) => withOwn(next, own));
  // Field by field: requests read entitlements, and a literal without a spread keeps its fields together.
  const { tokensMax, limitWords, needsPrice, clamps } = planFacts(plan);
  const chained = fallbacks.length;
  const { targets, tags } = tagged(reachable, chained, caller);
  const candidates = candidatesOf(targets, catalogue, nowMs);
  const chain = ownFirst(targets.slice(0, chained));
  return {
    caller,
    name,
    charged: chargedFor(caller.key, name),
    headerName: name.length > NAME_LENGTH_MAX ? null : headerText(name),
    refusal,
    reachable,
    chained,
    chain,
    detours: detoursOf(targets),
    mirror: mirrorFor(reachable[0], caller, catalogue, []),
    tags,
    byTags: null,
    candidates,
    ordinary: candidatesIn(chain, candidates),
    windowMin: smallestWindow(candidates.keys()),
    holdCandidates: [...candidates.values()].map(holdCandidateOf),
    plan,
    tokensMax,
    limitWords,
    // Control characters separate the fields of a row, so they are replaced here, once for many rows.
    accessText: encodeAccess(explainTarget(levels, name, catalogue)).replace(/\p{Cc}/gu, '\ufffd'),
    needsPrice,
    clamps,
    labelled: labelledOf(caller),
    caching: cachingOf(caller, target, reachable),
    catalogue,
    organization: caller.organization,
    validUntilMs: Math.min(plan.validUntilMs, nextPriceMs(reachable, nowMs)),
  };
}

/** Returns why this caller may not call this name; null if they may. Names a level below the organization that removed it. */
export function accessRefusal(caller: Caller, name: string, catalogue: Catalogue): Refusal | null {
  const verdict = checkAccess(caller, name, catalogue);
  switch (verdict.is) {
    case 'allowed':
      return null;
    case 'not_found':
      return new Refusal(
        'model_not_found',
        `The model \`${shown(name)}\` does not exist or is not granted to your organization. GET /v1/models lists the models that this key may call.`,
        { param: 'model' },
      );
    case 'removed':
      return new Refusal(
        'model_not_allowed',
        `The model \`${shown(name)}\` is granted to your organization, but not to ${verdict.level === 'key' ? 'this API key' : `the ${verdict.level} of this API key`}. Ask an admin for access.`,
        {
          param: `${verdict.level}_access`,
        },
      );
  }
}

function shown(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}…` : name;
}

/** Returns the time at which the next effective-dated price begins to apply; Infinity if there is none. */
function nextPriceMs(chain: readonly CallableTarget[], nowMs: number): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const target of chain) {
    for (const { deployment } of target.members) {
      for (const { effectiveFromMs } of deployment.prices)
        if (effectiveFromMs > nowMs) nextMs = Math.min(nextMs, effectiveFromMs);
    }
  }
  return nextMs;
}
