import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeploymentConfig } from './catalogue.ts';
import { simulateRouting } from './simulated-routing.ts';

const memberOf = fc.record({
  weight: fc.integer({ min: 0, max: 1_000_000 }),
  priority: fc.integer({ min: 0, max: 3 }),
  enabled: fc.boolean(),
});
const policyOf = fc
  .record({ strategy: fc.constantFrom('weighted' as const, 'priority' as const), members: fc.array(memberOf, { maxLength: 8 }) })
  .map(({ strategy, members }) => ({
    strategy,
    members: members.map(({ enabled, ...place }, index) => ({
      deployment: { id: `dep_${index}`, enabled, tags: [] as readonly string[] } as DeploymentConfig,
      ...place,
    })),
  }));

test('whatever the policy, shares add up to one and only those with a share are drawn', () => {
  fc.assert(
    fc.property(policyOf, (policy) => {
      const { shares } = simulateRouting(policy, 50);
      const isAny = policy.members.some((member) => member.deployment.enabled);
      expect(shares.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(isAny ? 1 : 0, 9);
      expect(shares.reduce((sum, one) => sum + one.firstChoice, 0)).toBe(isAny ? 50 : 0);
      for (const { share, firstChoice } of shares) if (share === 0) expect(firstChoice).toBe(0);
    }),
  );
});

test('a disabled deployment and one of a later priority get nothing', () => {
  const member = (id: string, enabled: boolean, priority: number) => ({
    deployment: { id, enabled, tags: [] as readonly string[] } as DeploymentConfig,
    weight: 1,
    priority,
  });
  const policy = {
    strategy: 'priority' as const,
    members: [member('off', false, 0), member('first', true, 1), member('later', true, 2)],
  };
  expect(simulateRouting(policy, 10).shares).toEqual([
    { deploymentId: 'off', share: 0, firstChoice: 0 },
    { deploymentId: 'first', share: 1, firstChoice: 10 },
    { deploymentId: 'later', share: 0, firstChoice: 0 },
  ]);
});

test('requests without tags go past deployments with tags where another has none', () => {
  const member = (id: string, ...tags: string[]) => ({
    deployment: { id, enabled: true, tags: tags as readonly string[] } as DeploymentConfig,
    weight: 1,
    priority: 0,
  });
  const shares = (...members: ReturnType<typeof member>[]) =>
    simulateRouting({ strategy: 'weighted', members }, 10).shares.map(({ share }) => share);
  expect(shares(member('eu', 'eu'), member('plain'), member('other'))).toEqual([0, 0.5, 0.5]);
  expect(shares(member('eu', 'eu'), member('us', 'us'))).toEqual([0.5, 0.5]);
});

test('where no member has a weight, the one with the lowest id is taken, however the members are listed', () => {
  const member = (id: string, weight = 0) => ({
    deployment: { id, enabled: true, tags: [] as readonly string[] } as DeploymentConfig,
    weight,
    priority: 0,
  });
  const listed = [member('dep_2'), member('dep_3'), member('dep_1')];
  for (const members of [listed, listed.toReversed()])
    for (const strategy of ['weighted', 'priority'] as const)
      expect(simulateRouting({ strategy, members }, 10).shares.filter(({ share }) => share > 0)).toEqual([
        { deploymentId: 'dep_1', share: 1, firstChoice: 10 },
      ]);
});
