import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { takeChanges } from '../../src/store/tenancy/standings.ts';
import { makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { newRefresher, refreshAll, refreshOnce } from './support.ts';

const DAY_MS = 86_400_000;

onOneDatabase('how organizations stand', (given) => {
  const world = withAdmin(given);
  const refresh = () => refreshOnce(world());
  const standing = async (id: string) => must(await world().root('GET', `/organizations/${id}`)).standing;

  /** Requests of an organization that cost so much each, some days ago. */
  async function spend(organizationId: string, nanoUsd: number, daysAgo = 0, status: 'succeeded' | 'refused' = 'succeeded') {
    const admittedAtMs = world().time.nowMs - daysAgo * DAY_MS;
    const entries = status === 'refused' ? [] : [givenEntry({ nanoUsd })];
    await storeRecords(given(), [givenEnd({ organizationId, admittedAtMs, status, entries })]);
  }

  const drain = () => refreshAll(world());

  describe('the refresher', () => {
    test('judges a new organization idle and counts what it is granted, at once and without a request', async () => {
      const organization = await makeOrganization(world().root, { asset_access: { mode: 'selected', access_groups: ['later'] } });
      await drain();
      expect(await standing(organization.id)).toMatchObject({
        status: 'idle',
        budget_used_ratio: null,
        spend_period: '0.00',
        requests_30d: 0,
        granted_targets: 0,
      });
      must(
        await world().root('POST', '/deployments', {
          model: 'standing-model',
          provider: 'fake',
          upstream_model: 'fake-small',
          mode: 'chat',
        }),
      );
      must(await world().root('PUT', '/callable-targets/standing-model/access-groups', { access_groups: ['later'] }));
      await drain();
      expect(await standing(organization.id)).toMatchObject({ granted_targets: 1 });
    });

    test('follows use: healthy, near its budget, over it, and healthy again when the budget is raised', async () => {
      const budgets = [{ amount: '1.00', period: 'month', anchor_day: 1, action: 'block' }];
      const organization = await makeOrganization(world().root, { budgets });
      await spend(organization.id, 100_000_000);
      await drain();
      expect(await standing(organization.id)).toMatchObject({
        status: 'healthy',
        budget_used_ratio: 0.1,
        spend_period: '0.10',
        spend_30d: '0.10',
        requests_30d: 1,
      });
      await spend(organization.id, 700_000_000);
      await drain();
      expect(await standing(organization.id)).toMatchObject({ status: 'near_limit', budget_used_ratio: 0.8 });
      await spend(organization.id, 200_000_000);
      await drain();
      expect(await standing(organization.id)).toMatchObject({ status: 'over_budget', budget_used_ratio: 1 });
      must(await world().root('PATCH', `/organizations/${organization.id}`, { budgets: [{ ...budgets[0], amount: '10.00' }] }));
      await drain();
      expect(await standing(organization.id)).toMatchObject({ status: 'healthy', budget_used_ratio: 0.1 });
    });

    test('an alerting budget that is used up is near its limit, never over', async () => {
      const budgets = [{ amount: '0.10', period: 'total', action: 'alert' }];
      const organization = await makeOrganization(world().root, { budgets });
      await spend(organization.id, 100_000_000, 2);
      await drain();
      expect(await standing(organization.id)).toMatchObject({ status: 'near_limit', budget_used_ratio: 1 });
    });

    test('refused requests keep an organization from being idle and are no requests', async () => {
      const organization = await makeOrganization(world().root);
      await spend(organization.id, 0, 3, 'refused');
      await drain();
      expect(await standing(organization.id)).toMatchObject({ status: 'healthy', requests_30d: 0, spend_30d: '0.00' });
    });

    test('keeps 30 days, the oldest first, and moves them on at midnight without a request', async () => {
      const organization = await makeOrganization(world().root);
      await spend(organization.id, 1_000_000_000, 29);
      await spend(organization.id, 2_000_000_000, 0);
      await drain();
      const before = await standing(organization.id);
      expect(before.daily_spend).toHaveLength(30);
      expect([before.daily_spend[0], before.daily_spend[29]]).toEqual(['1.00', '2.00']);
      expect(before.spend_30d).toBe('3.00');
      world().time.nowMs += DAY_MS;
      await drain();
      const after = await standing(organization.id);
      expect([after.daily_spend[0], after.daily_spend[28], after.daily_spend[29]]).toEqual(['0.00', '2.00', '0.00']);
      expect(after.spend_30d).toBe('2.00');
      world().time.nowMs += 29 * DAY_MS;
      await drain();
      expect(await standing(organization.id)).toMatchObject({ status: 'idle', spend_30d: '0.00', requests_30d: 0 });
    });

    test('leaves one alone that goes on changing while more are due than it takes, and looks at it once more when it has stopped', async () => {
      const { id } = await makeOrganization(world().root);
      await drain();
      const looked: number[] = [];
      const alsoLook = async (rows: readonly { readonly id: string }[], nowMs: number) => {
        if (rows.some((row) => row.id === id)) looked.push(nowMs - beganMs);
      };
      const turn = newRefresher(world(), { alsoLook, restMs: 6_000, lookRestMs: 20_000, most: 1 });
      world().time.nowMs += 60_000;
      const beganMs = world().time.nowMs;
      const judgedMs: number[] = [];
      for (let second = 0; second <= 60; second += 1) {
        if (second <= 30) await spend(id, 1_000_000);
        if ((await turn()) > 0) judgedMs.push(second * 1_000);
        world().time.nowMs += 1_000;
      }
      expect(judgedMs).toEqual([0, 6_000, 12_000, 18_000, 20_000, 26_000, 32_000, 40_000]);
      expect(looked).toEqual([0, 20_000, 40_000]);
      expect(await standing(id)).toMatchObject({ spend_30d: '0.031', requests_30d: 31 });
    });

    test('judges and looks at once where it has little to do, however often one changes', async () => {
      const { id } = await makeOrganization(world().root);
      await drain();
      let looks = 0;
      const alsoLook = async (rows: readonly { readonly id: string }[]) => {
        looks += rows.filter((row) => row.id === id).length;
      };
      const turn = newRefresher(world(), { alsoLook, restMs: 6_000, lookRestMs: 20_000 });
      for (let second = 1; second <= 5; second += 1) {
        await spend(id, 1_000_000);
        await turn();
        world().time.nowMs += 1_000;
        expect([looks, (await standing(id)).requests_30d]).toEqual([second, second]);
      }
    });

    test('has nothing to do when nothing happens', async () => {
      await drain();
      expect(await refresh()).toBe(0);
    });

    test('two at once leave the same as one', async () => {
      const organization = await makeOrganization(world().root);
      await spend(organization.id, 5_000_000);
      await Promise.all([refresh(), refresh(), refresh()]);
      await drain();
      expect(await standing(organization.id)).toMatchObject({ spend_30d: '0.005', requests_30d: 1 });
    });

    test('a change that another refresher takes between this one’s look and its answer is judged after it', async () => {
      const { id } = await makeOrganization(world().root);
      await drain();
      await spend(id, 1_000_000);
      // The other one ends before it judges.
      const alsoLook = async () => {
        await spend(id, 2_000_000);
        await takeChanges(given().db, { most: 100, nowMs: world().time.nowMs, restMs: 0 });
      };
      await newRefresher(world(), { alsoLook })();
      await drain();
      expect(await standing(id)).toMatchObject({ spend_30d: '0.003', requests_30d: 2 });
    });

    test('however many race for the changes of organizations in traffic, none is missed', async () => {
      const made = await Promise.all(Array.from({ length: 6 }, () => makeOrganization(world().root)));
      await drain();
      const used = new Map(made.map(({ id }) => [id, 0]));
      let isOver = false;
      const race = async (most: number) => {
        const turn = newRefresher(world(), { most });
        while (!isOver) {
          world().time.nowMs += 1;
          await turn();
          await nextTurn();
        }
      };
      const racing = [1, 2, 6].map(race);
      for (let round = 0; round < 30; round += 1) {
        const { id } = made[round % made.length] as (typeof made)[number];
        await spend(id, 1_000_000);
        used.set(id, (used.get(id) as number) + 1);
      }
      isOver = true;
      await Promise.all(racing);
      await drain();
      const shown = await Promise.all(made.map(async ({ id }) => [id, (await standing(id)).requests_30d]));
      expect(shown).toEqual([...used]);
    });
  });

  describe('lifecycle and counts', () => {
    test('are true at once, without the refresher', async () => {
      const { root } = world();
      const { organization, team } = await makeTeam(root);
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'one' }));
      const counts = async () => {
        const { team_count, member_count, key_count, standing } = must(await root('GET', `/organizations/${organization.id}`));
        return [team_count, member_count, key_count, standing.status];
      };
      expect(await counts()).toEqual([1, 0, 1, 'idle']);
      must(await root('DELETE', `/keys/${key.id}`));
      must(await root('POST', `/organizations/${organization.id}/suspend`));
      expect(await counts()).toEqual([1, 0, 0, 'suspended']);
      must(await root('POST', `/organizations/${organization.id}/reactivate`));
      must(await root('DELETE', `/teams/${team.id}`));
      expect(await counts()).toEqual([0, 0, 0, 'idle']);
      must(await root('POST', `/organizations/${organization.id}/archive`));
      expect(await counts()).toEqual([0, 0, 0, 'archived']);
      must(await root('DELETE', `/organizations/${organization.id}`));
      const found = must(await root('GET', `/organizations?search=${organization.id}`));
      expect(found).toMatchObject({ data: [], total: 0 });
    });
  });
});
