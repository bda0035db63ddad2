import { isCarried, NO_WISHES, tagChain } from '../../domain/access/tag-routing.ts';
import { ownFirst } from '../../domain/routing/own.ts';
import type { RecordedTags } from '../../ledger/records.ts';
import { candidatesOf, holdCandidateOf } from '../deployments/candidate.ts';
import type { Entitlement } from '../entitlement.ts';
import type { Gateway } from '../gateway.ts';
import { Refusal } from '../refusal.ts';
import { policyOf, tagsOf, tellShape } from './tag-chain.ts';

/** The most sets of routing tags cached for one entitlement. */
const BY_TAGS_MAX = 100;

/** Returns the entitlement of a request with tags: its candidates are those that access and tags allow. Cached by tags. */
export function entitlementWithTags(entitlement: Entitlement, asked: readonly string[], gateway: Gateway): Entitlement {
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
  const chain = ownFirst(routed.targets);
  const candidates = candidatesOf(chain, entitlement.catalogue, gateway.clock.nowMs());
  const tags = tagsOf(entitlement.reachable, routed);
  tellShape(tags, entitlement.caller.organization.id, gateway);
  return {
    ...entitlement,
    chain,
    candidates,
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
export function noDeploymentForTags({ name, tags }: Entitlement, asked: readonly string[] | null): Refusal {
  const required = tags?.required ?? [];
  const why =
    required.length > 0
      ? `has all tags that the key, the team and the organization require (${required.join(', ')})`
      : `has all of the request's tags (${(asked ?? tags?.added ?? []).join(', ')}), and none is without tags`;
  return new Refusal(
    'no_deployment_for_tags',
    `No deployment of \`${name}\` can serve this request: none ${why}. Send other tags, or ask an admin to tag a deployment.`,
    {
      param: 'tags',
    },
  );
}
