import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AccessChoice, effectiveAccess } from '../../domain/access/access.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import { isNarrower } from './parent-access.ts';

const TARGETS = ['a', 'b', 'c', 'd'];
const GROUPS = ['g', 'h'];

const choice: fc.Arbitrary<AccessChoice> = fc.oneof(
  fc.constant<AccessChoice>({ mode: 'inherit' }),
  fc.record({ mode: fc.constant('restrict' as const), targets: fc.subarray(TARGETS), accessGroups: fc.subarray(GROUPS) }),
);
const labels = fc.tuple(...TARGETS.map(() => fc.subarray(GROUPS)));

function catalogueOf(labels: readonly (readonly string[])[]): Catalogue {
  const targets = TARGETS.map((name, index) => [name, { name, accessGroups: new Set(labels[index]) }] as const);
  const accessGroups = GROUPS.map((key) => [key, new Set(TARGETS.filter((_, index) => labels[index]?.includes(key)))] as const);
  return { version: 1, targets: new Map(targets), accessGroups: new Map(accessGroups) } as unknown as Catalogue;
}

const reached = (access: AccessChoice, catalogue: Catalogue) =>
  effectiveAccess({ organization: { mode: 'all' }, team: access, user: null, key: null }, catalogue);

test('what counts as narrower reaches nothing that the stored choice does not', () => {
  fc.assert(
    fc.property(choice, choice, labels, (wanted, stored, labels) => {
      const catalogue = catalogueOf(labels);
      fc.pre(isNarrower(wanted, stored, catalogue));
      const before = reached(stored, catalogue);
      expect(reached(wanted, catalogue).filter((name) => !before.includes(name))).toEqual([]);
    }),
  );
});

test('a group that is not held is wider even while it is empty', () => {
  const nothing = catalogueOf([[], [], [], []]);
  const stored: AccessChoice = { mode: 'restrict', targets: ['a'], accessGroups: [] };
  expect(isNarrower({ mode: 'restrict', targets: [], accessGroups: ['g'] }, stored, nothing)).toBe(false);
  expect(isNarrower({ mode: 'restrict', targets: [], accessGroups: [] }, stored, nothing)).toBe(true);
  expect(isNarrower({ mode: 'inherit' }, stored, nothing)).toBe(false);
});
