import type { CallableTarget, Catalogue } from '../routing/catalogue.ts';
import { type AccessChoice, type AccessLevels, admits, ineffectiveChoices, type OrganizationAccess, reaches } from './access.ts';

/** One place in the tree before and after a change, in the same catalogue. */
export interface LevelsChange {
  readonly before: AccessLevels;
  readonly after: AccessLevels;
}

/** What may be called on one side of the change only, by name. */
export interface TargetsMoved {
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

/** Exactly (callable before) − (callable after), and the reverse. `among` holds every target the change can have moved. */
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

/** The targets that a choice or grant lets pass on one side of its change only: nothing else can move below it. */
export function targetsTouched(
  before: OrganizationAccess | AccessChoice,
  after: OrganizationAccess | AccessChoice,
  catalogue: Catalogue,
): readonly CallableTarget[] {
  return [...catalogue.targets.values()].filter((target) => admits(before, target) !== admits(after, target));
}

/** The parts of a stored choice that gave something and would give nothing; a group is written `@group`. */
export function newlyIneffective(above: LevelsChange, choice: AccessChoice, catalogue: Catalogue): readonly string[] {
  const was = ineffectiveChoices(above.before, choice, catalogue);
  const is = ineffectiveChoices(above.after, choice, catalogue);
  return [
    ...is.targets.filter((name) => !was.targets.includes(name)),
    ...is.accessGroups.filter((key) => !was.accessGroups.includes(key)).map((key) => `@${key}`),
  ];
}
