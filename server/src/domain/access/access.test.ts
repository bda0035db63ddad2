import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallableTarget, Catalogue } from '../routing/catalogue.ts';
import type { Caller } from '../tenancy/tenancy.ts';
import {
  ACCESS_GROUP_KEY,
  type AccessChoice,
  type AccessLevels,
  checkAccess,
  choiceProblems,
  effectiveAccess,
  explainTarget,
  grantProblems,
  ineffectiveChoices,
  levelsOf,
  type OrganizationAccess,
} from './access.ts';

/** Each name with its labels. */
function catalogueOf(labels: Record<string, readonly string[]>, tags: readonly string[] = []): Catalogue {
  const targets = new Map<string, CallableTarget>();
  const accessGroups = new Map<string, Set<string>>();
  for (const [name, keys] of Object.entries(labels)) {
    const deployment = { tags } as unknown as CallableTarget['members'][number]['deployment'];
    targets.set(name, {
      name,
      kind: 'model',
      mode: 'chat',
      strategy: 'weighted',
      members: [{ deployment, weight: 1, priority: 0 }],
      fallbacks: [],
      accessGroups: new Set(keys),
    });
    for (const key of keys) accessGroups.set(key, (accessGroups.get(key) ?? new Set()).add(name));
  }
  return { version: 1, targets, accessGroups };
}

const selected = (targets: string[], accessGroups: string[] = []): OrganizationAccess => ({
  mode: 'selected',
  targets,
  accessGroups,
});
const restrict = (targets: string[], accessGroups: string[] = []): AccessChoice => ({ mode: 'restrict', targets, accessGroups });
const INHERIT: AccessChoice = { mode: 'inherit' };

function levels(
  organization: OrganizationAccess,
  team: AccessChoice | null = null,
  user: AccessChoice | null = null,
  key: AccessChoice | null = null,
): AccessLevels {
  return { organization, team, user, key };
}

function callerOf({ organization, team, user, key }: AccessLevels): Caller {
  return {
    organization: { access: organization },
    team: { access: team ?? INHERIT },
    member: user === null ? null : { access: user },
    key: { access: key ?? INHERIT },
  } as unknown as Caller;
}

const CATALOGUE = catalogueOf({ a: ['beta'], b: ['beta', 'finance'], c: [], 'support-fast': ['support'] });

describe('the organization’s universe', () => {
  // promise: Default `asset_access`: organization `selected` and empty; below it `inherit`.
  test('none granted is nothing, all is the whole catalogue, selected is its targets and the members of its groups', () => {
    expect(effectiveAccess(levels(selected([])), CATALOGUE)).toEqual([]);
    expect(effectiveAccess(levels({ mode: 'all' }), CATALOGUE)).toEqual(['a', 'b', 'c', 'support-fast']);
    expect(effectiveAccess(levels(selected(['c'], ['beta'])), CATALOGUE)).toEqual(['a', 'b', 'c']);
  });

  // promise: Access-group grants are valid even before a group has current model
  test('a group granted before it has members gives a target that is labelled later', () => {
    const granted = levels(selected([], ['new']));
    expect(grantProblems(granted.organization, CATALOGUE)).toEqual([]);
    expect(effectiveAccess(granted, CATALOGUE)).toEqual([]);
    expect(effectiveAccess(granted, catalogueOf({ a: ['new'] }))).toEqual(['a']);
  });

  // promise: Avoid copying routing tags directly into access groups; tags control deployment
  test('a routing tag equal to a granted group authorizes nothing', () => {
    expect(effectiveAccess(levels(selected([], ['eu'])), catalogueOf({ a: [] }, ['eu']))).toEqual([]);
  });

  // promise: Grants name targets. An unknown target is 400, an unknown group
  test('an unknown target is a problem, and a deleted one’s grant stays without effect', () => {
    expect(grantProblems(selected(['gone', 'a'], ['whatever']), CATALOGUE)).toEqual([{ is: 'unknown_target', target: 'gone' }]);
    expect(ineffectiveChoices(null, selected(['gone', 'a'], ['beta', 'empty']), CATALOGUE)).toEqual({
      targets: ['gone'],
      accessGroups: ['empty'],
    });
    expect(effectiveAccess(levels(selected(['gone'])), catalogueOf({ gone: [] }))).toEqual(['gone']);
  });
});

describe('narrowing', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'support-fast', 'gone');
  const groups = fc.constantFrom('beta', 'finance', 'support', 'empty');
  const lists = fc.record({ targets: fc.array(names, { maxLength: 4 }), accessGroups: fc.array(groups, { maxLength: 3 }) });
  const organization: fc.Arbitrary<OrganizationAccess> = fc.oneof(
    fc.constant({ mode: 'all' } as const),
    lists.map((list) => ({ mode: 'selected' as const, ...list })),
  );
  const choice: fc.Arbitrary<AccessChoice> = fc.oneof(
    fc.constant(INHERIT),
    lists.map((list) => ({ mode: 'restrict' as const, ...list })),
  );

  // promise: Teams, keys, and users can only inherit or narrow from that organization
  // promise: **Access only narrows** on the way down, and access-group grants reach models that are labelled later, without a restart.
  test('a child never reaches what its parent cannot', () => {
    fc.assert(
      fc.property(organization, choice, choice, choice, (org, team, user, key) => {
        const chain = [levels(org), levels(org, team), levels(org, team, user), levels(org, team, user, key)];
        const sets = chain.map((each) => effectiveAccess(each, CATALOGUE));
        for (let i = 1; i < sets.length; i += 1) for (const name of sets[i] as string[]) expect(sets[i - 1]).toContain(name);
      }),
    );
  });

  test('checking, explaining and listing always agree', () => {
    fc.assert(
      fc.property(organization, choice, fc.option(choice), choice, (org, team, user, key) => {
        const at = levels(org, team, user, key);
        const effective = effectiveAccess(at, CATALOGUE);
        for (const name of ['a', 'b', 'c', 'support-fast', 'gone']) {
          const explained = explainTarget(at, name, CATALOGUE);
          expect(checkAccess(callerOf(at), name, CATALOGUE)).toEqual(explained.verdict);
          expect(explained.verdict.is === 'allowed').toBe(effective.includes(name));
        }
      }),
    );
  });

  test('restrict with nothing selected is nothing', () => {
    expect(effectiveAccess(levels({ mode: 'all' }, restrict([])), CATALOGUE)).toEqual([]);
  });

  // promise: Not granted to the organization: 404 `model_not_found`. Removed at a lower
  test('a refusal names the level that removed the target', () => {
    const verdict = (at: AccessLevels, name: string) => checkAccess(callerOf(at), name, CATALOGUE);
    expect(verdict(levels({ mode: 'all' }), 'unknown')).toEqual({ is: 'not_found', because: 'unknown_target' });
    expect(verdict(levels(selected(['a'])), 'b')).toEqual({ is: 'not_found', because: 'not_granted' });
    expect(verdict(levels(selected([], ['beta']), restrict(['a'])), 'b')).toEqual({ is: 'removed', level: 'team' });
    expect(verdict(levels({ mode: 'all' }, INHERIT, restrict(['a'])), 'b')).toEqual({ is: 'removed', level: 'user' });
    expect(verdict(levels({ mode: 'all' }, INHERIT, null, restrict([], ['finance'])), 'a')).toEqual({
      is: 'removed',
      level: 'key',
    });
    expect(verdict(levels({ mode: 'all' }, INHERIT, null, restrict([], ['finance'])), 'b')).toEqual({ is: 'allowed' });
  });

  test('an explanation says through what each level lets the target pass', () => {
    const at = levels(selected(['c'], ['finance', 'beta']), INHERIT, restrict(['b']), restrict([], ['finance']));
    expect(explainTarget(at, 'b', CATALOGUE).steps).toEqual([
      { level: 'organization', through: { is: 'access_group', key: 'finance' } },
      { level: 'team', through: { is: 'inherited' } },
      { level: 'user', through: { is: 'target', target: 'b' } },
      { level: 'key', through: { is: 'access_group', key: 'finance' } },
    ]);
    expect(explainTarget(at, 'a', CATALOGUE).steps.at(-1)).toEqual({ level: 'user', through: null });
    expect(levelsOf(callerOf(at))).toEqual(at);
  });
});

describe('choosing below the organization', () => {
  const parent = levels(selected(['c'], ['beta']));

  // promise: Below the organization, naming a group the parent does not hold is
  test('a target outside the parent and a group it does not hold are named', () => {
    expect(choiceProblems(parent, restrict(['a', 'support-fast', 'gone'], ['beta', 'support']), CATALOGUE)).toEqual([
      { is: 'target_outside_parent', target: 'support-fast' },
      { is: 'target_outside_parent', target: 'gone' },
      { is: 'group_outside_parent', key: 'support' },
    ]);
  });

  // promise: unless one of its members is in the parent's set.
  test('a group the parent does not hold is accepted when one of its members is in the parent’s set', () => {
    expect(choiceProblems(parent, restrict([], ['finance']), CATALOGUE)).toEqual([]);
  });

  test('a group the parent holds is accepted before it has members', () => {
    expect(choiceProblems(levels(selected([], ['empty'])), restrict([], ['empty']), CATALOGUE)).toEqual([]);
    expect(choiceProblems(levels({ mode: 'all' }), restrict([], ['empty']), CATALOGUE)).toEqual([]);
    expect(choiceProblems(levels({ mode: 'all' }, restrict([], ['beta'])), restrict([], ['empty']), CATALOGUE)).toHaveLength(1);
  });

  // promise: Narrowing a parent later leaves the child's choice stored and shown as ineffective.
  test('narrowing the parent later leaves the choice stored and without effect', () => {
    const stored = restrict(['a', 'c'], ['beta']);
    expect(choiceProblems(parent, stored, CATALOGUE)).toEqual([]);
    expect(ineffectiveChoices(levels(selected(['c'])), stored, CATALOGUE)).toEqual({ targets: ['a'], accessGroups: ['beta'] });
    expect(ineffectiveChoices(parent, INHERIT, CATALOGUE)).toEqual({ targets: [], accessGroups: [] });
  });
});

test.each([
  ['beta', 'valid'],
  ['0.a_b-c', 'valid'],
  ['x'.repeat(64), 'valid'],
  ['x'.repeat(65), 'invalid'],
  ['Beta', 'invalid'],
  ['-a', 'invalid'],
  ['a b', 'invalid'],
  ['', 'invalid'],
  ['beta\n', 'invalid'],
])('an access-group key %j is %s', (key, expected) => {
  expect(ACCESS_GROUP_KEY.test(key) ? 'valid' : 'invalid').toBe(expected);
});
