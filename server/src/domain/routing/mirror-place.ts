/** The place that gets copies of a key's requests: what a mirror names, as far as the organization and the tags allow it. */
import { leftByTags, type TagWishes } from '../access/tag-routing.ts';
import type { OrganizationConfig } from '../tenancy/tenancy.ts';
import type { CallableTarget, Catalogue, DeploymentConfig } from './catalogue.ts';
import type { Mirror } from './mirror.ts';
import { ownerOf } from './own.ts';

/** The deployments that may get the copies of one key's requests for a name. */
export interface MirrorPlace {
  readonly permille: number;
  /** Empty if tags leave none. */
  readonly members: CallableTarget['members'];
}

/**
 * Returns the place that gets copies; null if there is none. The organization must allow it. What its own deployments may serve is
 * not copied: that content was meant for its own account. The tags that chose the deployments of the original, and all required
 * ones, bind the copy, which never falls back from them. The key needs no access to the mirror, because it gets nothing from it.
 */
export function mirrorPlace(
  called: CallableTarget | undefined,
  catalogue: Catalogue,
  { mirroring, own }: Pick<OrganizationConfig, 'mirroring' | 'own'>,
  wishes: TagWishes,
): MirrorPlace | null {
  const mirror = called?.mirror ?? null;
  if (called === undefined || mirror === null || mirroring !== 'allow' || own?.mode === 'own_only') return null;
  if (called.members.some(({ deployment }) => ownerOf(deployment) !== null)) return null;
  const named = membersOf(mirror, called, catalogue);
  if (named.length === 0) return null;
  const bound = new Set([...leftByTags(called.members, wishes).routed, ...wishes.required]);
  const members = named.filter(({ deployment }) => [...bound].every((tag) => deployment.tags.includes(tag)));
  return { permille: mirror.permille, members };
}

function membersOf(mirror: Mirror, { mode, name }: CallableTarget, { targets }: Catalogue): CallableTarget['members'] {
  const isAble = (one: DeploymentConfig) => one.enabled && one.mode === mode && ownerOf(one) === null;
  if ('target' in mirror) {
    const target = mirror.target === name ? undefined : targets.get(mirror.target);
    return target?.members.filter(({ deployment }) => isAble(deployment)) ?? [];
  }
  for (const { kind, members } of targets.values()) {
    if (kind !== 'model') continue;
    const found = members.filter(({ deployment }) => deployment.id === mirror.deploymentId && isAble(deployment));
    if (found.length > 0) return found;
  }
  return [];
}
