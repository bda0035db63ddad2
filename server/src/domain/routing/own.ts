/**
 * The deployments that an organization brought itself. Only its own calls see them. They serve model names of the catalogue, and
 * never as members of a route group. Access, limits and budgets do not change: own deployments are further candidates, nothing else.
 */
import type { CallableTarget, DeploymentConfig } from './catalogue.ts';

/** `own_first`: the platform's deployments follow the own ones. `own_only`: the platform's are never tried. */
export const OWN_DEPLOYMENTS = ['own_first', 'own_only'] as const;
export type OwnDeploymentsMode = (typeof OWN_DEPLOYMENTS)[number];

/** The own deployments of one organization, by the model that they serve. */
export interface OwnProviders {
  readonly mode: OwnDeploymentsMode;
  readonly byModel: ReadonlyMap<string, readonly DeploymentConfig[]>;
}

type Members = CallableTarget['members'];

/**
 * Returns a target as the calls of one organization see it: with its own deployments, and without the platform's if it uses only
 * its own. The same target if nothing differs. Tags then choose among all of them.
 */
export function withOwn(target: CallableTarget, own: OwnProviders | null | undefined): CallableTarget {
  if (own === null || own === undefined) return target;
  const members = target.kind === 'model' ? ownMembers(target, own) : NOBODY;
  if (own.mode === 'own_only') return Object.freeze({ ...target, members });
  return members.length === 0 ? target : Object.freeze({ ...target, members: [...members, ...target.members] });
}

/** A name that was deleted and made again may have another mode than an old deployment. */
function ownMembers({ name, mode }: CallableTarget, { byModel }: OwnProviders): Members {
  const serving = byModel.get(name)?.filter((deployment) => deployment.mode === mode) ?? NOBODY_OWN;
  return serving.map((deployment) => ({ deployment, weight: deployment.weight, priority: deployment.priority }));
}

/**
 * Returns a chain in which each target's own deployments come before its others: as two targets of the same name, each of which is
 * ordered by itself. The same chain if no target has both.
 */
export function ownFirst(chain: readonly CallableTarget[]): readonly CallableTarget[] {
  if (!chain.some(hasBoth)) return chain;
  return chain.flatMap((target) => {
    if (!hasBoth(target)) return [target];
    const [own, others] = [target.members.filter(isOwn), target.members.filter((member) => !isOwn(member))];
    return [Object.freeze({ ...target, members: own }), Object.freeze({ ...target, members: others })];
  });
}

function hasBoth({ members }: CallableTarget): boolean {
  return members.some(isOwn) && !members.every(isOwn);
}

function isOwn({ deployment }: Members[number]): boolean {
  return ownerOf(deployment) !== null;
}

/** Returns the organization that brought a deployment; null for the platform's. */
export function ownerOf({ organizationId = null }: Pick<DeploymentConfig, 'organizationId'>): string | null {
  return organizationId;
}

const NOBODY: Members = [];
const NOBODY_OWN: readonly DeploymentConfig[] = [];
