import type { CallableTarget, Catalogue } from '../routing/catalogue.ts';
import { type AccessChoice, type AccessLevels, admits, ineffectiveChoices, type OrganizationAccess, reaches } from './access.ts';

/** One place in the tree before and after a change, in the same catalogue. */
export interface LevelsChange {
  readonly before: AccessLevels;
  readonly after: AccessLevels;
}

/** The names that callers may call on only one side of the change, sorted. */
export interface TargetsMoved {
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

/** Returns (callable before) − (callable after), and the reverse. `among` must hold every target that the change can move. */
export function targetsMoved({ before, after }: LevelsChange, among: readonly CallableTarget[]): TargetsMoved {
  const lost: string[] = [];
  const gained: string[] = [];
  for (const target of among) {
    const was = reaches(before, target);
    if (was === reaches(after, target)) continue;
    (was ? lost : gained).push(target.name);
  }
  return { lost: lost.sort(), gained: gained.sort() };
}

/** Returns the targets that a choice or grant lets pass on only one side of its change. No other target can move below it. */
export function targetsTouched(
  before: OrganizationAccess | AccessChoice,
  after: OrganizationAccess | AccessChoice,
  catalogue: Catalogue,
): readonly CallableTarget[] {
  return [...catalogue.targets.values()].filter((target) => admits(before, target) !== admits(after, target));
}

/**
 * Returns the parts of a stored choice that gave something before the change and give nothing after it. A group is written
 * `@group`.
 */
export function newlyIneffective(above: LevelsChange, choice: AccessChoice, catalogue: Catalogue): readonly string[] {
  const was = ineffectiveChoices(above.before, choice, catalogue);
  const is = ineffectiveChoices(above.after, choice, catalogue);
  return [
    ...is.targets.filter((name) => !was.targets.includes(name)),
    ...is.accessGroups.filter((key) => !was.accessGroups.includes(key)).map((key) => `@${key}`),
  ];
}
