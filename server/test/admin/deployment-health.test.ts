/** Deployments ordered and filtered by their attempts, against rows that are written by hand. */
import { beforeAll, expect, test } from 'vitest';
import { attemptRollups, platformRollups } from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import { makeDeployment, makeModel } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const MINUTE_MS = 60_000;

onOneDatabase('health of deployments', (given) => {
  const world = withAdmin(given);
  const ids: Record<string, string> = {};
  const nameOf = (id: string) => Object.entries(ids).find(([, one]) => one === id)?.[0] ?? id;

  /** Attempts of one quarter of an hour: those that were answered, and those that failed. */
  interface Quarter {
    readonly minutesAgo: number;
    readonly answered?: number;
    readonly failed?: number;
    readonly callerErrors?: number;
    readonly organizationId?: string;
  }
  async function store(deploymentId: string, quarters: readonly Quarter[]) {
    for (const { minutesAgo, answered = 0, failed = 0, callerErrors = 0, organizationId = 'org_a' } of quarters) {
      const bucketStart = new Date(NOW_MS - minutesAgo * MINUTE_MS);
      const of = { bucketStart, deploymentId, provider: 'fake' };
      if (answered > 0)
        await given()
          .db.insert(platformRollups)
          .values({ ...of, calledName: 'any', admitted: answered });
      if (failed === 0) continue;
      const at = new Date(bucketStart.getTime() + MINUTE_MS);
      const fault = failed > callerErrors ? { firstFaultAt: at, lastFaultAt: new Date(at.getTime() + MINUTE_MS) } : {};
      const last = { lastErrorAt: at, lastErrorRequestId: 'req_gone', ...fault };
      await given()
        .db.insert(attemptRollups)
        .values({ ...of, organizationId, teamId: 'team_a', attempts: failed, errors: failed, callerErrors, ...last });
    }
  }

  beforeAll(async () => {
    const { root } = world();
    const model = await makeModel(root);
    ids.healthy = must(await root('GET', `/deployments?model=${model}`)).data[0].id;
    for (const name of ['degraded', 'failing', 'blamed', 'old', 'unused']) ids[name] = (await makeDeployment(root, model)).id;
    await store(ids.healthy as string, [
      { minutesAgo: 45, answered: 60 },
      { minutesAgo: 15, answered: 39, failed: 1 },
    ]);
    await store(ids.degraded as string, [
      { minutesAgo: 60, answered: 10 },
      { minutesAgo: 30, answered: 80, failed: 6 },
      // Another organization's errors of the same quarter count as well.
      { minutesAgo: 30, failed: 4, organizationId: 'org_b' },
    ]);
    await store(ids.failing as string, [{ minutesAgo: 15, failed: 3 }]);
    // The requests were at fault, so the deployment is in service.
    await store(ids.blamed as string, [{ minutesAgo: 15, answered: 5, failed: 5, callerErrors: 5 }]);
    await store(ids.old as string, [{ minutesAgo: 75, failed: 50 }]);
  });

  const listed = async (query: string) => {
    const model = must(await world().root('GET', `/deployments/${ids.healthy}`)).model;
    return must(await world().root('GET', `/deployments?model=${model}&${query}`));
  };
  const names = async (query: string) => (await listed(query)).data.map(({ id }: { id: string }) => nameOf(id));

  test('is counted exactly from the quarters of the last hour', async () => {
    const rows = (await listed('limit=50')).data as { id: string; attempts: Record<string, unknown>; state: string }[];
    const of = (name: string) => rows.find(({ id }) => id === ids[name]);
    expect(of('healthy')).toMatchObject({ state: 'in_service', attempts: { attempts: 100, errors: 1, error_rate: 0.01 } });
    expect(of('degraded')).toMatchObject({ state: 'degraded', attempts: { attempts: 100, errors: 10, error_rate: 0.1 } });
    expect(of('failing')).toMatchObject({ state: 'failing', attempts: { attempts: 3, errors: 3, error_rate: 1 } });
    expect(of('blamed')).toMatchObject({ state: 'in_service', attempts: { attempts: 10, errors: 5, caller_errors: 5 } });
    for (const name of ['old', 'unused'])
      expect(of(name)).toMatchObject({ state: 'unused', attempts: { attempts: 0, error_rate: null } });
    // The request of the last error has expired: its time is known, its words are not.
    expect(of('failing')?.attempts.last_error).toMatchObject({ time: '2026-03-10T11:46:00.000Z', code: null, message: null });
  });

  test('orders the list, in pages as in one, with deployments without attempts last', async () => {
    expect((await names('sort=-error_rate')).slice(0, 4)).toEqual(['failing', 'blamed', 'degraded', 'healthy']);
    expect((await names('sort=-state')).slice(0, 4)).toEqual(['failing', 'degraded', 'blamed', 'healthy']);
    expect(await names('sort=error_rate')).toEqual((await names('sort=-error_rate')).toReversed());
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await listed(`sort=-error_rate&limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      expect(page.total).toBe(6);
      paged.push(...page.data.map(({ id }: { id: string }) => nameOf(id)));
      cursor = page.next_cursor;
    }
    expect(paged).toEqual(await names('sort=-error_rate'));
  });

  test('filters the list by state and by the least rate of errors', async () => {
    expect(await names('state=failing')).toEqual(['failing']);
    expect((await names('state=in_service')).toSorted()).toEqual(['blamed', 'healthy']);
    expect((await names('state=unused')).toSorted()).toEqual(['old', 'unused']);
    expect((await names('error_rate_min=0.1')).toSorted()).toEqual(['blamed', 'degraded', 'failing']);
    expect(await names('state=in_service&error_rate_min=0.1')).toEqual(['blamed']);
    expect(await names('state=unused&error_rate_min=0')).toEqual([]);
    expect((await listed('state=failing')).total).toBe(1);
    for (const query of ['state=bad', 'error_rate_min=1.1', 'error_rate_min=-1', 'sort=p95'])
      expect((await world().root('GET', `/deployments?${query}`)).status).toBe(400);
  });
});
