import type { DeploymentMode } from '../../domain/routing/catalogue.ts';
import { fallbackCycle } from '../../domain/routing/routing.ts';
import * as holders from '../../store/access/access-holders.ts';
import * as targets from '../../store/catalogue/callable-targets.ts';
import type { Change } from '../http/change.ts';
import { conflict, invalid, invalidFields } from '../http/problem.ts';
import { holderText } from '../keys/holder-view.ts';

/** Checks names and fallback chains of callable targets. Call inside a change that locked the catalogue. */

export const FALLBACKS_MAX = 15;
const REGAINING_SHOWN_MAX = 50;

/**
 * Claims a name that no target has. Grants and restrictions from before a deletion may still name it, and their holders would
 * regain access. Then it throws 409 with the list, unless `confirmed`. Returns who regains access, for the audit log.
 */
export async function takeName(
  { tx, now }: Change,
  target: { readonly name: string; readonly kind: targets.TargetKind },
  confirmed: boolean,
): Promise<readonly string[]> {
  const regaining = await holders.regainingName(tx, target.name, REGAINING_SHOWN_MAX);
  const names = regaining.rows.map(holderText);
  if (regaining.rows.length > 0 && !confirmed) {
    const count = `${regaining.rows.length}${regaining.more ? ' or more' : ''}`;
    throw conflict(
      `"${target.name}" existed before, and ${count} grants or restrictions still name it. Their holders would regain access. If you want that, send confirm_regained_access: true.`,
      names.map((message) => ({ pointer: '/confirm_regained_access', message })),
    );
  }
  await targets.claim(tx, target, now);
  return names;
}

/**
 * Throws 409 if the name is taken. Models and route groups share one namespace. A further deployment may name an existing model.
 */
export function refuseTaken(kind: targets.TargetKind | null, wanted: targets.TargetKind, pointer: string): void {
  if (kind === null || (kind === 'model' && wanted === 'model')) return;
  const what = kind === 'model' ? 'model' : 'route group';
  throw conflict(`A ${what} already has this name. Choose another one: models and route groups share one namespace.`, [
    { pointer, message: `is already the name of a ${what}` },
  ]);
}

/**
 * Throws 400 naming each fallback that does not exist, is listed twice or has another mode, and the cycle that the list would
 * close. `mode` is null for a route group that has no members yet.
 */
export async function requireFallbacks(
  made: Change,
  target: { readonly name: string; readonly mode: DeploymentMode | null },
  fallbacks: readonly string[],
): Promise<void> {
  await requireTargets(made, target, fallbacks, 'fallbacks');
  const all = await targets.fallbacksOfAll(made.tx);
  const cycle = fallbackCycle(all.set(target.name, fallbacks));
  if (cycle !== null) throw invalid('/fallbacks', `must not form a cycle: ${cycle.join(' → ')}`);
}

/**
 * Throws 400 naming each listed target that does not exist, is listed twice or has another mode. A fallback may name its own target:
 * it is a cycle of one. Targets for other cases may not.
 */
export async function requireTargets(
  { tx }: Change,
  target: { readonly name: string; readonly mode: DeploymentMode | null },
  fallbacks: readonly string[],
  field: 'fallbacks' | 'context_fallbacks' | 'policy_fallbacks' | 'canary' | 'mirror',
): Promise<void> {
  const modes = await targets.modesOf(tx, fallbacks);
  const faultOf = (fallback: string, index: number): string | null => {
    if (fallbacks.indexOf(fallback) !== index) return 'must not be listed twice';
    // Of fallbacks it is a cycle of one, which requireFallbacks reports.
    if (fallback === target.name) return field === 'fallbacks' ? null : 'must not be the target itself';
    const mode = modes.get(fallback);
    if (mode === undefined) return `there is no model or route group "${fallback}"`;
    if (mode === null || target.mode === null || mode === target.mode) return null;
    return `"${fallback}" serves ${mode} and cannot be a fallback for ${target.mode}`;
  };
  const isOne = field === 'canary' || field === 'mirror';
  const faults = fallbacks.flatMap((fallback, index) => {
    const message = faultOf(fallback, index);
    return message === null ? [] : [{ pointer: isOne ? `/${field}/target` : `/${field}/${index}`, message }];
  });
  if (faults.length > 0) throw invalidFields(faults);
}
