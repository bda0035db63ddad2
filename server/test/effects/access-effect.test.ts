import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AccessChoice,
  type AccessLevels,
  effectiveAccess,
  type OrganizationAccess,
} from '../../src/domain/access/access.ts';
import { newlyIneffective, targetsMoved, targetsTouched } from '../../src/domain/access/access-effect.ts';
import type { CallableTarget, Catalogue } from '../../src/domain/routing/catalogue.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const GROUPS = ['x', 'y'];
const some = (of: readonly string[]) => fc.subarray([...of]);
const grant: fc.Arbitrary<OrganizationAccess> = fc.oneof(
  fc.constant({ mode: 'all' } as const),
  fc.record({ mode: fc.constant('selected' as const), targets: some(NAMES), accessGroups: some(GROUPS) }),
);
const choice: fc.Arbitrary<AccessChoice> = fc.oneof(
  fc.constant({ mode: 'inherit' } as const),
  fc.record({ mode: fc.constant('restrict' as const), targets: some(NAMES), accessGroups: some(GROUPS) }),
);
const levels: fc.Arbitrary<AccessLevels> = fc.record({
  organization: grant,
  team: fc.option(choice),
  user: fc.option(choice),
  key: fc.option(choice),
});
const catalogue: fc.Arbitrary<Catalogue> = fc
  .tuple(...NAMES.map(() => some(GROUPS)))
  .map((labels) => catalogueOf(new Map(NAMES.map((name, index) => [name, labels[index] as string[]]))));

describe('what a change of access moves', () => {
  test('is what could be called before and cannot after, and the reverse, for any tree', () => {
    fc.assert(
      fc.property(levels, levels, catalogue, (before, after, all) => {
        const was = effectiveAccess(before, all);
        const is = effectiveAccess(after, all);
        const { lost, gained } = targetsMoved({ before, after }, [...all.targets.values()]);
        expect(lost).toEqual(was.filter((name) => !is.includes(name)));
        expect(gained).toEqual(is.filter((name) => !was.includes(name)));
      }),
    );
  });

  test('below a level is found among the targets which that level lets pass on one side only', () => {
    fc.assert(
      fc.property(levels, choice, catalogue, (before, team, all) => {
        const change = { before: { ...before, team: before.team ?? { mode: 'inherit' as const } }, after: { ...before, team } };
        const touched = targetsTouched(change.before.team, team, all);
        expect(targetsMoved(change, touched)).toEqual(targetsMoved(change, [...all.targets.values()]));
      }),
    );
  });

  test('makes nothing ineffective that gives something still, and names nothing that gave nothing', () => {
    fc.assert(
      fc.property(levels, grant, choice, catalogue, (before, organization, own, all) => {
        const above = { before: { ...before, key: null }, after: { ...before, organization, key: null } };
        const can = (at: AccessLevels, part: string) => {
          const key = part.startsWith('@')
            ? { mode: 'restrict' as const, targets: [], accessGroups: [part.slice(1)] }
            : { mode: 'restrict' as const, targets: [part], accessGroups: [] };
          return effectiveAccess({ ...at, key }, all).length > 0;
        };
        for (const part of newlyIneffective(above, own, all)) {
          expect([can(above.before, part), can(above.after, part)]).toEqual([true, false]);
        }
      }),
    );
  });
});

function catalogueOf(labels: ReadonlyMap<string, readonly string[]>): Catalogue {
  const targets = [...labels].map(([name, groups]): [string, CallableTarget] => [
    name,
    { name, kind: 'model', mode: 'chat', strategy: 'weighted', members: [], fallbacks: [], accessGroups: new Set(groups) },
  ]);
  const membersOf = (key: string) => new Set(NAMES.filter((name) => labels.get(name)?.includes(key)));
  return { version: 1, targets: new Map(targets), accessGroups: new Map(GROUPS.map((key) => [key, membersOf(key)])) };
}
