import { expect, test } from 'vitest';
import { requestId } from '../../src/lib/id.ts';
import { lookUpDecision, type RecentDecisions } from '../../src/store/decision-lookup.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenRefusal } from '../support/records.ts';

const AT_MS = Date.UTC(2026, 2, 10, 12);
const RULES = [{ id: 'org_rpm', scope: 'organization', limit: 'rpm', target: '', unit: 'requests', value: 2, action: 'block' }];
const refusal = (atMs: number) =>
  givenRefusal({
    organizationId: 'org_1',
    requestId: requestId(atMs),
    admittedAtMs: atMs,
    decision: 'shape|o* t= k=|70,500,1,0,30000,2,0',
  });

onEveryDatabase('looking a decision up', (given) => {
  test('asks memory first, then the database, and both say the same', async () => {
    const record = refusal(AT_MS);
    const memory: RecentDecisions = {
      find: (id) => (id === record.requestId ? record : null),
      findShape: () => JSON.stringify(RULES),
    };
    const address = { organizationId: 'org_1', requestId: record.requestId };
    const remembered = await lookUpDecision(given().db, memory, address);
    expect(remembered?.rules).toMatchObject([{ rule: 'org_rpm', scope_id: 'org_1', verdict: 'refused' }]);
    expect(await lookUpDecision(given().db, null, address)).toBeNull();
    await storeRecords(given(), [record], [{ organizationId: 'org_1', id: 'shape', rules: RULES }]);
    expect(await lookUpDecision(given().db, null, address)).toEqual(remembered);
  });

  test('another organization’s is not there, in memory as in the database', async () => {
    const record = refusal(AT_MS + 1);
    const memory: RecentDecisions = { find: () => record, findShape: () => null };
    expect(await lookUpDecision(given().db, memory, { organizationId: 'org_2', requestId: record.requestId })).toBeNull();
  });
});
