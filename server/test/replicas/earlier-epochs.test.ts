/** An epoch that a version before marks began, and a version with marks beside it or after it, as in a rolling upgrade. */
import { expect, test } from 'vitest';
import { createEpochs } from '../../src/counters/shared/epoch.ts';
import { openRedis } from '../../src/counters/shared/redis-link.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

test.skipIf(!hasRedis('Redis'))('it goes on without a mark; the next one is missed as soon as its mark is', async () => {
  const redis = await startRedis('Redis');
  const link = await openRedis({ url: redis.url, onEvent: () => {} });
  try {
    const epochs = createEpochs(link, 'test:', 'me');
    await link.command('HSET', 'test:{epoch}', 'id', 'a', 'servers', 's', 'is', 'open', 'leader', 'them', 'began', '1');
    expect(await epochs.read()).toMatchObject({ id: 'a', is: 'open', isWhole: true });
    await epochs.begin('a', 's', 'b');
    expect(await epochs.read()).toMatchObject({ id: 'b', is: 'recovering', isWhole: true });
    await link.command('DEL', 'test:mark{0}');
    expect(await epochs.read()).toMatchObject({ id: 'b', isWhole: false });
  } finally {
    link.close();
    await redis.stop();
  }
});
