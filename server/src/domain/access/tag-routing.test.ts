import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallableTarget, DeploymentConfig } from '../routing/catalogue.ts';
import { askedOf, isTagged, leftByTags, NO_WISHES, type TagWishes, tagChain, tagPolicyOf, tagShapeIdOf } from './tag-routing.ts';

type Members = CallableTarget['members'];

const TAGS = ['eu', 'us', 'gpu', 'x'] as const;

function membersOf(...each: (readonly string[])[]): Members {
  return each.map((tags, at) => memberOf(`dep_${at + 1}`, tags));
}

function memberOf(id: string, tags: readonly string[], enabled = true): Members[number] {
  return { deployment: { id, tags, enabled } as DeploymentConfig, weight: 1, priority: 0 };
}

const wish = (wishes: Partial<TagWishes>): TagWishes => ({ ...NO_WISHES, ...wishes });

/** The deployments that are left, by their numbers. */
function left(members: Members, wishes: Partial<TagWishes>): { left: string; routed: readonly string[] } {
  const { members: those, routed } = leftByTags(members, wish(wishes));
  return { left: those.map(({ deployment }) => deployment.id.slice(4)).join(''), routed };
}

const anyTags = fc.subarray([...TAGS]);
const anyMembers = fc
  .array(fc.record({ tags: anyTags, enabled: fc.boolean() }), { maxLength: 5 })
  .map((all) => all.map(({ tags, enabled }, at) => memberOf(`dep_${at + 1}`, tags, enabled)));
const anyWishes: fc.Arbitrary<TagWishes> = fc.record({
  asked: fc.subarray([...TAGS, 'unknown']),
  defaults: anyTags,
  required: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, anyTags),
});

describe('what tags leave of a target', () => {
  const both = membersOf(['eu'], ['eu', 'gpu'], ['us'], []);

  // promise: Among the candidates that access leaves
  test.each([
    ['no tag: those without', {}, '4', []],
    ['a tag: all that carry it', { asked: ['eu'] }, '12', ['eu']],
    ['two: those that carry both', { asked: ['eu', 'gpu'] }, '2', ['eu', 'gpu']],
    ['one that nobody carries does not count', { asked: ['eu', 'project-x'] }, '12', ['eu']],
    ['two that nobody carries together: the default pool', { asked: ['us', 'gpu'] }, '4', []],
    ['a required one: those that carry it', { required: ['eu'] }, '12', ['eu']],
    ['a required one and one more', { required: ['eu'], asked: ['gpu'] }, '2', ['eu', 'gpu']],
    ['a required one is kept where the other falls back', { required: ['us'], asked: ['gpu'] }, '3', ['us']],
    ['a required one that nobody carries leaves nobody', { required: ['mars'], asked: ['eu'] }, '', []],
    ['default tags stand in', { defaults: ['gpu'] }, '2', ['gpu']],
    ['and where what is named does not count', { defaults: ['gpu'], asked: ['project-x'] }, '2', ['gpu']],
    ['but not beside a tag that counts', { defaults: ['gpu'], asked: ['us'] }, '3', ['us']],
    ['nor beside a required one that was named', { defaults: ['gpu'], asked: ['eu'], required: ['eu'] }, '12', ['eu']],
  ] as const)('%s', (_name, wishes, numbers, routed) => {
    expect(left(both, wishes)).toEqual({ left: numbers, routed });
  });

  test('where every deployment has tags, a request without any goes to all, and one whose tags nobody has together to none', () => {
    const all = membersOf(['eu'], ['us']);
    expect(left(all, {}).left).toBe('12');
    expect(left(all, { asked: ['project-x'] }).left).toBe('12');
    expect(left(all, { asked: ['eu', 'us'] }).left).toBe('');
  });

  test('a disabled deployment is as if it were not there', () => {
    const members = [memberOf('dep_1', ['eu'], false), memberOf('dep_2', ['us']), memberOf('dep_3', [], false)];
    expect(left(members, { asked: ['eu'] }).left).toBe('2');
    expect(left(members, { required: ['eu'] }).left).toBe('');
    expect(left(members, {}).left).toBe('2');
  });
});

describe('whatever deployments there are and whatever is named', () => {
  const runs = { numRuns: 2_000 };
  const carries = ({ deployment }: Members[number], tags: readonly string[]) =>
    tags.every((tag) => deployment.tags.includes(tag));

  // promise: **Tags route, they never authorize.**
  test('only deployments of the target that are in service are left, in their order and each as often as it was', () => {
    fc.assert(
      fc.property(anyMembers, anyWishes, (members, wishes) => {
        const { members: those } = leftByTags(members, wishes);
        const enabled = members.filter(({ deployment }) => deployment.enabled);
        expect(those).toEqual(enabled.filter((member) => those.includes(member)));
      }),
      runs,
    );
  });

  // promise: Required tags are always added
  test('whoever is left carries every required tag, and somebody is left wherever somebody carries them all', () => {
    fc.assert(
      fc.property(anyMembers, anyWishes, (members, wishes) => {
        fc.pre(wishes.required.length > 0);
        const { members: those } = leftByTags(members, wishes);
        expect(those.every((member) => carries(member, wishes.required))).toBe(true);
        const able = members.some((member) => member.deployment.enabled && carries(member, wishes.required));
        expect(those.length > 0).toBe(able);
      }),
      runs,
    );
  });

  // promise: A deployment with tags never serves
  test('a request that names no tag never reaches a deployment with tags while one without is there', () => {
    fc.assert(
      fc.property(anyMembers, (members) => {
        const { members: those } = leftByTags(members, NO_WISHES);
        const isUntagged = ({ deployment }: Members[number]) => deployment.tags.length === 0;
        if (members.some((member) => member.deployment.enabled && isUntagged(member))) expect(those.every(isUntagged)).toBe(true);
        else expect(those).toEqual(members.filter(({ deployment }) => deployment.enabled));
      }),
      runs,
    );
  });

  // promise: Only tags that a deployment of the called target carries
  test('a tag that no deployment carries changes nothing', () => {
    fc.assert(
      fc.property(anyMembers, anyWishes, (members, wishes) => {
        const more = leftByTags(members, { ...wishes, asked: ['project-x', ...wishes.asked, 'req-7'] });
        expect(more).toEqual(leftByTags(members, wishes));
      }),
      runs,
    );
  });

  test('who is left carries all tags that are said to have routed, and where none has it is the default pool', () => {
    fc.assert(
      fc.property(anyMembers, anyWishes, (members, wishes) => {
        const { members: those, routed, usesDefaults } = leftByTags(members, wishes);
        expect(those.every((member) => carries(member, routed))).toBe(true);
        const named = [...wishes.required, ...(usesDefaults ? wishes.defaults : wishes.asked)];
        expect(routed.every((tag) => named.includes(tag))).toBe(true);
        if (routed.length > 0) expect(those.length).toBeGreaterThan(0);
      }),
      runs,
    );
  });

  // promise: each target of a fallback chain is judged by itself
  test('each target of a chain is left what it would be left alone', () => {
    const anyChain = fc.array(anyMembers, { minLength: 1, maxLength: 3 }).map((all) =>
      all.map((members, at): CallableTarget => {
        const rest = {
          kind: 'model',
          mode: 'chat',
          strategy: 'weighted',
          fallbacks: [],
          accessGroups: new Set<string>(),
        } as const;
        return { name: `target_${at}`, members, ...rest };
      }),
    );
    fc.assert(
      fc.property(anyChain, anyWishes, (chain, wishes) => {
        const { targets, shape } = tagChain(chain, wishes);
        targets.forEach((target, at) => {
          const alone = leftByTags((chain[at] as CallableTarget).members, wishes);
          expect(target.members).toEqual(alone.members);
          expect(shape.targets[at]).toEqual({
            target: target.name,
            routed: alone.routed,
            deployments: alone.members.map(({ deployment }) => deployment.id),
          });
        });
        if (!isTagged(chain) && wishes.required.length === 0)
          targets.forEach((target, at) => {
            const enabled = (chain[at] as CallableTarget).members.filter(({ deployment }) => deployment.enabled);
            expect(target.members).toEqual(enabled);
          });
      }),
      { numRuns: 500 },
    );
  });
});

describe('the tags of organization, team and key', () => {
  const level = (defaults: string[], required: string[] = []) => ({ defaults, required });

  test('are nothing where no level has any', () => {
    expect(tagPolicyOf([null, undefined, null])).toBeNull();
  });

  test('default tags are the nearest level’s, required ones those of all, each once', () => {
    expect(tagPolicyOf([level(['a'], ['eu']), level([], ['eu', 'gdpr']), level(['b', 'c'])])).toEqual({
      defaults: ['b', 'c'],
      required: ['eu', 'gdpr'],
    });
    expect(tagPolicyOf([level(['a']), null, level([], ['x'])])).toEqual({ defaults: ['a'], required: ['x'] });
  });
});

test('a row’s route says how many tags the request named, and which shape', () => {
  expect(askedOf({ tags: ['a', 'b', 'c'], tagRoute: '2.tabc' })).toEqual(['a', 'b']);
  expect(askedOf({ tags: ['a'], tagRoute: '0.tabc' })).toEqual([]);
  expect([tagShapeIdOf('2.tabc'), tagShapeIdOf('2.'), tagShapeIdOf(''), tagShapeIdOf(null)]).toEqual(['tabc', null, null, null]);
});
