import { expect, test } from 'vitest';
import { newBoss, startBoss } from '../../src/jobs/boss.ts';
import { openDatabase } from '../../src/store/database.ts';
import { hasPostgres, openTestDatabase } from '../support/database.ts';

const PROCESSES = 5;
const ROUNDS = 4;

test.skipIf(!hasPostgres())(
  'processes that start at once on a database without a queue make it once, and none of them fails',
  {
    timeout: 60_000,
  },
  async () => {
    const database = await openTestDatabase('postgresql');
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await database.pool.query('drop schema if exists headgate_jobs cascade');
        const pools = Array.from({ length: PROCESSES }, () => openDatabase({ url: database.url as string, connectionsMax: 4 }));
        // Connected first, so that they ask at the same moment.
        await Promise.all(pools.map(({ pool }) => pool.query('select 1')));
        const bosses = pools.map((one) => {
          const boss = newBoss(one);
          boss.on('error', () => {});
          return boss;
        });
        const started = await Promise.allSettled(bosses.map((boss, at) => startBoss(boss, pools[at] as (typeof pools)[number])));
        await Promise.all(bosses.map((boss) => boss.stop({ graceful: false }).catch(() => {})));
        await Promise.all(pools.map((one) => one.close()));
        expect(started.map(({ status }) => status)).toEqual(pools.map(() => 'fulfilled'));
      }
    } finally {
      await database.dispose();
    }
  },
);
