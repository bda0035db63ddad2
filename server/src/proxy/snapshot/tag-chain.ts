import { isTagged, NO_WISHES, type TaggedChain, tagChain, tagPolicyOf } from '../../domain/access/tag-routing.ts';
import type { TagPolicy } from '../../domain/access/tags.ts';
import type { CallableTarget } from '../../domain/routing/catalogue.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { Gateway } from '../gateway.ts';

/** What tags make of a entitlement. */
export interface StandingTags {
  /** Default tags that stand in and required ones: kept with each request. */
  readonly added: readonly string[];
  readonly required: readonly string[];
  /** Names what tags made of the called name, in a row. */
  readonly shapeId: string;
  readonly shapeJson: string;
  /** Somebody is in service, and tags left nobody. */
  readonly leftNobody: boolean;
}

/** A chain as requests see it that name no tags. `tags` is null where nobody tags anything, which costs requests nothing. */
export function tagged(
  reachable: readonly CallableTarget[],
  caller: Caller,
): { readonly chain: readonly CallableTarget[]; readonly tags: StandingTags | null } {
  const policy = policyOf(caller);
  if (policy === null && !isTagged(reachable)) return { chain: reachable, tags: null };
  const routed = tagChain(reachable, { ...NO_WISHES, ...policy });
  return { chain: routed.targets, tags: tagsOf(reachable, routed) };
}

/** What a caller's organization, team and key add to every request; null where none adds anything. */
export function policyOf({ organization, team, key }: Caller): TagPolicy | null {
  return tagPolicyOf([organization.tags, team.tags, key.tags]);
}

/** So that a row needs only the shape's name. */
export function tellShape({ shapeId, shapeJson }: StandingTags, organizationId: string, gateway: Gateway): void {
  gateway.journal.shape(organizationId, shapeId, shapeJson);
}

/** What tags made of a chain, before and after. */
export function tagsOf(reachable: readonly CallableTarget[], { targets, shape, shapeId, shapeJson }: TaggedChain): StandingTags {
  const isAny = (chain: readonly CallableTarget[]) =>
    chain.some(({ members }) => members.some(({ deployment }) => deployment.enabled));
  const { defaults, required } = shape;
  return {
    added: [...new Set([...defaults, ...required])],
    required,
    shapeId,
    shapeJson,
    leftNobody: isAny(reachable) && !isAny(targets),
  };
}
