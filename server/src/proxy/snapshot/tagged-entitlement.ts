import { isCarried, NO_WISHES, tagChain } from '../../domain/access/tag-routing.ts';
import { smallestWindow } from '../../domain/routing/context-window.ts';
import { detoursOf } from '../../domain/routing/detours.ts';
import { ownFirst } from '../../domain/routing/own.ts';
import type { RecordedTags } from '../../ledger/records.ts';
import { candidatesIn, candidatesOf, holdCandidateOf } from '../deployments/candidate.ts';
import type { Entitlement } from '../entitlement.ts';
import type { Gateway } from '../gateway.ts';
import { invalidRequest, Refusal } from '../refusal.ts';
import { mirrorFor, policyOf, tagsOf, tellShape } from './tag-chain.ts';

/** The most sets of routing tags cached for one entitlement. */
const BY_TAGS_MAX = 100;

/** Returns the entitlement of a request that names tags. They route only if its key lets them. */
export function entitlementForTags(entitlement: Entitlement, asked: readonly string[], gateway: Gateway): Entitlement {
  return routesBy(entitlement) ? entitlementWithTags(entitlement, asked, gateway) : entitlement;
}

/** Refuses a request that names tags, if its key forbids that. */
export function checkCallerTags({ caller }: Entitlement, asked: readonly string[]): void {
  if (caller.key.callerTags !== 'refuse' || asked.length === 0) return;
  throw invalidRequest('This API key does not let requests name tags. Send none, or ask an admin to change the key.', 'tags');
}

function routesBy({ caller }: Entitlement): boolean {
  return (caller.key.callerTags ?? 'route') === 'route';
}

/** Returns the entitlement of a request with tags: its candidates are those that access and tags allow. Cached by tags. */
function entitlementWithTags(entitlement: Entitlement, asked: readonly string[], gateway: Gateway): Entitlement {
  if (entitlement.refusal !== null) return entitlement;
  const routing = asked.filter((tag) => isCarried(entitlement.reachable, tag)).sort();
  const name = routing.join(',');
  entitlement.byTags ??= new Map();
  const known = entitlement.byTags.get(name);
  if (known !== undefined) return known;
  if (entitlement.byTags.size >= BY_TAGS_MAX) entitlement.byTags.clear();
  const narrowed = narrow(entitlement, routing, gateway);
  entitlement.byTags.set(name, narrowed);
  return narrowed;
}

function narrow(entitlement: Entitlement, asked: readonly string[], gateway: Gateway): Entitlement {
  const routed = tagChain(entitlement.reachable, { ...NO_WISHES, ...policyOf(entitlement.caller), asked });
  const candidates = candidatesOf(routed.targets, entitlement.catalogue, gateway.clock.nowMs());
  const { chained } = entitlement;
  const chain = ownFirst(routed.targets.slice(0, chained));
  const tags = tagsOf(entitlement.reachable, chained, routed);
  tellShape(tags, entitlement.caller.organization.id, gateway);
  return {
    ...entitlement,
    chain,
    detours: detoursOf(routed.targets),
    mirror: mirrorFor(entitlement.reachable[0], entitlement.caller, entitlement.catalogue, asked),
    candidates,
    ordinary: candidatesIn(chain, candidates),
    windowMin: smallestWindow(candidates.keys()),
    holdCandidates: [...candidates.values()].map(holdCandidateOf),
    tags,
    byTags: null,
  };
}

const NO_TAGS: RecordedTags = Object.freeze({ tags: Object.freeze([]), tagRoute: '' });

/** Returns the tags that a row records; one shared empty object for requests without tags. */
export function recordedTags(asked: readonly string[] | null, entitlement: Entitlement | null): RecordedTags {
  const tags = entitlement?.tags ?? null;
  if (asked === null && (tags === null || tags.added.length === 0)) return NO_TAGS;
  const all = [...new Set([...(asked ?? []), ...(tags?.added ?? [])])];
  return { tags: all, tagRoute: `${asked?.length ?? 0}.${tags?.shapeId ?? ''}` };
}

/** Returns the refusal for a request whose requested or required tags no deployment carries. */
export function noDeploymentForTags(entitlement: Entitlement, asked: readonly string[] | null): Refusal {
  const { name, tags } = entitlement;
  const routing = routesBy(entitlement) ? asked : null;
  const required = tags?.required ?? [];
  const why =
    required.length > 0
      ? `has all tags that the key, the team and the organization require (${required.join(', ')})`
      : `has all of the request's tags (${(routing ?? tags?.added ?? []).join(', ')}), and none is without tags`;
  return new Refusal(
    'no_deployment_for_tags',
    `No deployment of \`${name}\` can serve this request: none ${why}. Send other tags, or ask an admin to tag a deployment.`,
    {
      param: 'tags',
    },
  );
}
