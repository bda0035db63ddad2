import { isTagged, NO_WISHES, type TaggedChain, tagChain, tagPolicyOf } from '../../domain/access/tag-routing.ts';
import type { TagPolicy } from '../../domain/access/tags.ts';
import type { CallableTarget, Catalogue } from '../../domain/routing/catalogue.ts';
import { type MirrorPlace, mirrorPlace } from '../../domain/routing/mirror-place.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { Gateway } from '../gateway.ts';

/** The effect of tags on an entitlement. */
export interface EntitlementTags {
  /** The default tags that apply and the required ones. They are recorded with each request. */
  readonly added: readonly string[];
  readonly required: readonly string[];
  /** The id that a row stores for this effect of tags on the called name. */
  readonly shapeId: string;
  readonly shapeJson: string;
  /** True if deployments are in service, but tags exclude all of them. */
  readonly leftNobody: boolean;
}

/**
 * Returns the targets for requests that name no tags. `tags` is null if nothing is tagged; then tags cost a request no time.
 * `chained`: the number of targets in the chain, from the first.
 */
export function tagged(
  reachable: readonly CallableTarget[],
  chained: number,
  caller: Caller,
): { readonly targets: readonly CallableTarget[]; readonly tags: EntitlementTags | null } {
  const policy = policyOf(caller);
  if (policy === null && !isTagged(reachable)) return { targets: reachable, tags: null };
  const routed = tagChain(reachable, { ...NO_WISHES, ...policy });
  return { targets: routed.targets, tags: tagsOf(reachable, chained, routed) };
}

/** Returns the place that gets copies of this caller's requests that name these tags; null if there is none. */
export function mirrorFor(
  called: CallableTarget | undefined,
  caller: Caller,
  catalogue: Catalogue,
  asked: readonly string[],
): MirrorPlace | null {
  if (!called?.mirror) return null;
  return mirrorPlace(called, catalogue, caller.organization, { ...NO_WISHES, ...policyOf(caller), asked });
}

/** Returns the tags that a caller's organization, team and key add to every request; null if none adds any. */
export function policyOf({ organization, team, key }: Caller): TagPolicy | null {
  return tagPolicyOf([organization.tags, team.tags, key.tags]);
}

/** Writes the shape to the journal, so that a row needs only the shape's id. */
export function tellShape({ shapeId, shapeJson }: EntitlementTags, organizationId: string, gateway: Gateway): void {
  gateway.journal.shape(organizationId, shapeId, shapeJson);
}

/** Returns the effect of tags, from the targets before and after they were applied. Only those of the chain must have a deployment. */
export function tagsOf(
  reachable: readonly CallableTarget[],
  chained: number,
  { targets, shape, shapeId, shapeJson }: TaggedChain,
): EntitlementTags {
  const isAny = (chain: readonly CallableTarget[]) =>
    chain.slice(0, chained).some(({ members }) => members.some(({ deployment }) => deployment.enabled));
  const { defaults, required } = shape;
  return {
    added: [...new Set([...defaults, ...required])],
    required,
    shapeId,
    shapeJson,
    leftNobody: isAny(reachable) && !isAny(targets),
  };
}
