import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_WISHES, tagChain } from '../access/tag-routing.ts';
import type { CallableTarget, DeploymentConfig } from './catalogue.ts';
import { OWN_DEPLOYMENTS, type OwnProviders, ownerOf, ownFirst, withOwn } from './own.ts';

const ORGANIZATIONS = ['org_1', 'org_2', 'org_3'] as const;
const NAMES = ['fast', 'smart'] as const;
const TAGS = ['eu', 'us'] as const;

const deploymentOf = (id: string, more: Partial<DeploymentConfig>) =>
  ({ id, mode: 'chat', weight: 1, priority: 0, tags: [], enabled: true, ...more }) as DeploymentConfig;
const targetOf = (name: string, deployments: readonly DeploymentConfig[], more: Partial<CallableTarget> = {}) =>
  ({
    ...{ name, kind: 'model', mode: 'chat', strategy: 'weighted', fallbacks: [], accessGroups: new Set() },
    members: deployments.map((deployment) => ({ deployment, weight: 1, priority: 0 })),
    ...more,
  }) as CallableTarget;

const tags = fc.subarray([...TAGS]);
const facts = fc.record({ tags, enabled: fc.boolean(), mode: fc.constantFrom('chat', 'embedding') });
const world = fc.record({
  platform: fc.record({ fast: fc.array(facts, { maxLength: 3 }), smart: fc.array(facts, { maxLength: 3 }) }),
  group: fc.array(facts, { maxLength: 2 }),
  own: fc.array(
    fc.record({ organizationId: fc.constantFrom(...ORGANIZATIONS), model: fc.constantFrom(...NAMES, 'gone'), facts }),
    { maxLength: 12 },
  ),
  mode: fc.constantFrom(...OWN_DEPLOYMENTS),
  asked: tags,
  required: tags,
});

describe('own deployments', () => {
  test('are candidates of their own organization alone, before the platform’s, which own_only never leaves', () => {
    fc.assert(
      fc.property(world, ({ platform, group, own, mode, asked, required }) => {
        const ofPlatform = NAMES.map((name) =>
          targetOf(
            name,
            platform[name].map((one, at) => deploymentOf(`dep_${name}_${at}`, { tags: one.tags, enabled: one.enabled })),
          ),
        );
        const grouped = group.map((one, at) => deploymentOf(`dep_group_${at}`, { tags: one.tags, enabled: one.enabled }));
        const chain = [...ofPlatform, targetOf('group', grouped, { kind: 'route_group' })];
        const all = own.map(({ organizationId, model, facts: { mode: served, ...more } }, at) =>
          deploymentOf(`dep_own_${at}`, { organizationId, model, mode: served as 'chat', ...more }),
        );
        for (const organizationId of ORGANIZATIONS) {
          const its = all.filter((one) => one.organizationId === organizationId);
          const providers: OwnProviders = { mode, byModel: Map.groupBy(its, ({ model }) => model) };
          const visible = chain.map((target) => withOwn(target, providers));
          const served = ownFirst(tagChain(visible, { ...NO_WISHES, asked, required }).targets);
          const order = served.flatMap(({ name, members }) => members.map(({ deployment }) => ({ name, deployment })));
          for (const { name, deployment } of order) {
            const owner = ownerOf(deployment);
            expect([null, organizationId]).toContain(owner);
            if (mode === 'own_only') expect(owner).toBe(organizationId);
            // An own deployment serves its model alone, in the mode of the model.
            if (owner !== null) expect([deployment.model, deployment.mode]).toEqual([name, 'chat']);
            for (const tag of required) expect(deployment.tags).toContain(tag);
          }
          for (const name of new Set(order.map((one) => one.name))) {
            const owners = order.filter((one) => one.name === name).map(({ deployment }) => ownerOf(deployment));
            expect(owners).toEqual([...owners.filter((one) => one !== null), ...owners.filter((one) => one === null)]);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('change nothing for an organization that has none', () => {
    const target = targetOf('fast', [deploymentOf('dep_1', {})]);
    expect(withOwn(target, null)).toBe(target);
    expect(withOwn(target, { mode: 'own_first', byModel: new Map() })).toBe(target);
    const chain = [target];
    expect(ownFirst(chain)).toBe(chain);
  });

  test('the tags of a request choose among own ones and the platform’s together', () => {
    const target = targetOf('fast', [deploymentOf('dep_eu', { tags: ['eu'] })]);
    const own = deploymentOf('dep_own', { organizationId: 'org_1', model: 'fast' });
    const visible = withOwn(target, { mode: 'own_first', byModel: new Map([['fast', [own]]]) });
    const ids = (asked: readonly string[]) =>
      ownFirst(tagChain([visible], { ...NO_WISHES, asked }).targets).flatMap(({ members }) =>
        members.map(({ deployment }) => deployment.id),
      );
    // Otherwise the own one would serve a request that names the region of another.
    expect([ids(['eu']), ids([])]).toEqual([['dep_eu'], ['dep_own']]);
  });
});
