/** What it costs to repair the sums of a quarter that somebody filled with names. */
import { beforeAll, expect, test } from 'vitest';
import { repairQuarters } from '../../src/store/usage/rollup-proof.ts';
import { makeOrganization, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const AT_MS = Date.UTC(2026, 2, 3, 10, 2);
const REQUESTS = 3_000;

onOneDatabase('the repair of a quarter', (given) => {
  const world = withAdmin(given);
  let organizationId = '';
  const failed = (hour: number, nth: number, calledName: string) =>
    givenEnd({
      organizationId,
      admittedAtMs: AT_MS + hour * HOUR_MS + nth,
      status: 'failed',
      deploymentId: null,
      provider: '',
      calledName,
      entries: [],
    });
  const fill = async (hour: number, nameOf: (nth: number) => string) => {
    const ends = Array.from({ length: REQUESTS }, (_, nth) => failed(hour, nth, nameOf(nth)));
    for (let at = 0; at < ends.length; at += 500) await storeRecords(given(), ends.slice(at, at + 500));
  };
  const repairMs = async (hour: number) => {
    const fromMs = Date.UTC(2026, 2, 3, 10) + hour * HOUR_MS;
    const startedMs = performance.now();
    await repairQuarters(given().db, {
      span: { fromMs, toMs: fromMs + HOUR_MS },
      logDaysMax: null,
      at: new Date(AT_MS),
    });
    return performance.now() - startedMs;
  };

  beforeAll(async () => {
    organizationId = (await makeOrganization(world().root)).id;
    await fill(0, () => 'one-name');
    await fill(1, (nth) => `name-${nth}`);
  });

  test('takes about as long for a name of each request as for one name of all', async () => {
    // The first repair of each also loads what the database does not have in memory yet.
    await repairMs(0);
    await repairMs(1);
    const [one, many] = [await repairMs(0), await repairMs(1)];
    expect(many).toBeLessThan(10 * Math.max(one, 20));
  });
});
