/** The roles of a large group on the embedded database, whose one connection everybody shares. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { applyQueued, BATCH } from '../../src/admin/scim/directory-roles.ts';
import * as roleQueue from '../../src/store/identity/scim-role-queue.ts';
import { withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { makeGroup, makeOwner, makePerson, makeSite, mapGroup } from './support.ts';

const world = withAdmin(withDatabase('embedded'));

test('the queue leaves turns to others: a request of many queries waits for few people', async () => {
  const site = await makeSite(world());
  const owner = await makeOwner(world(), site.organizationId);
  const ids: string[] = [];
  for (let at = 0; at < 24; at += 1) ids.push((await makePerson(site, `turn-${at}`)).id);
  const group = await makeGroup(site, 'Turns', ...ids);
  await mapGroup(world(), site, { group, role: 'org_auditor', createdBy: owner.accountId });
  const { deps } = world();
  let isDone = false;
  const job = applyQueued(deps, () => {}).finally(() => {
    isDone = true;
  });
  // The engine is in this process here, and answers before timers get a turn, which a socket would give them.
  const left = async () => {
    await turn();
    return roleQueue.countWaiting(deps.db, site.organizationId);
  };
  const handledMeanwhile: number[] = [];
  while (!isDone) {
    const before = await left();
    // As a request does: one query after the other.
    for (let query = 0; query < 5; query += 1) await left();
    handledMeanwhile.push(before - (await left()));
  }
  expect(await job).toBe(24);
  expect(Math.max(...handledMeanwhile)).toBeGreaterThan(0);
  // Without pauses, each of the queries would wait for a transaction of its own.
  expect(Math.max(...handledMeanwhile)).toBeLessThanOrEqual(2 * BATCH);
}, 120_000);
