/**
 * Targets beside a called name's fallback chain: those for a request that is too long for it,
 * for one that was refused, and for a canary. Ordinary requests never go there.
 * The called name's own lists count, and not those of its fallbacks.
 */
import type { CallableTarget, Catalogue, DeploymentConfig } from './catalogue.ts';
import { ownerOf, ownFirst } from './own.ts';

export const DETOURS = ['context', 'policy'] as const;
/** `context`: the request is too long. `policy`: a content filter or the model refused it. */
export type Detour = (typeof DETOURS)[number];

export interface Detours extends Readonly<Record<Detour, readonly CallableTarget[]>> {
  readonly canary: CanaryPlace | null;
}

/** The place to which a canary's share goes: a deployment of the called name, or another target. */
export type CanaryPlace = { readonly permille: number } & (
  | { readonly deployment: DeploymentConfig }
  | { readonly target: CallableTarget }
);

/** Returns the names that a target lists beside its fallbacks. */
function namesBeside({ contextFallbacks = NONE, policyFallbacks = NONE, canary = null }: CallableTarget): readonly string[] {
  return [...contextFallbacks, ...policyFallbacks, ...(canary !== null && 'target' in canary ? [canary.target] : NONE)];
}

/**
 * Returns the targets beside a chain that are not in it, each once. Like a fallback, another target needs the caller's access:
 * those that `allowed` refuses are left out.
 */
export function targetsBeside(
  chain: readonly CallableTarget[],
  catalogue: Catalogue,
  allowed: (target: CallableTarget) => boolean,
): readonly CallableTarget[] {
  const [called] = chain;
  if (called === undefined) return chain;
  const names = namesBeside(called);
  if (names.length === 0) return [];
  const inChain = new Set(chain.map(({ name }) => name));
  return [...new Set(names)].flatMap((name) => {
    const target = catalogue.targets.get(name);
    return target === undefined || inChain.has(name) || !allowed(target) ? [] : [target];
  });
}

/**
 * Returns the detours of a called name; null if it has none. `targets`: its chain, then the targets beside it, each as tags left
 * it.
 */
export function detoursOf(targets: readonly CallableTarget[]): Detours | null {
  const [called] = targets;
  if (called === undefined || (namesBeside(called).length === 0 && !called.canary)) return null;
  const byName = new Map(targets.map((target) => [target.name, target]));
  const named = (names: readonly string[] = NONE) =>
    names.flatMap((name) => (name === called.name ? [] : (byName.get(name) ?? [])));
  const [context, policy] = [ownFirst(named(called.contextFallbacks)), ownFirst(named(called.policyFallbacks))];
  return { context, policy, canary: canaryPlace(called, byName) };
}

/**
 * Returns the place of a name's canary; null if it has none, or if access, tags or a deletion leave nothing of it. The name's own
 * deployments of an organization go before all others, so that nothing is left for a canary.
 */
function canaryPlace(
  { name, canary = null, members }: CallableTarget,
  byName: ReadonlyMap<string, CallableTarget>,
): CanaryPlace | null {
  if (canary === null || members.some(({ deployment }) => ownerOf(deployment) !== null)) return null;
  const { permille } = canary;
  if ('deploymentId' in canary) {
    const member = members.find(({ deployment }) => deployment.id === canary.deploymentId && deployment.enabled);
    return member === undefined ? null : { permille, deployment: member.deployment };
  }
  const target = canary.target === name ? undefined : byName.get(canary.target);
  return target?.members.some(({ deployment }) => deployment.enabled) ? { permille, target } : null;
}

const NONE: readonly string[] = [];
