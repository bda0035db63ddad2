import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openHouse, type WalkHouse } from '../../../test/support/walk.ts';
import type { ShapeRule } from '../../domain/decision/decision.ts';
import type { DecisionBody, DecisionFacts } from '../../domain/decision/decision-view.ts';
import type { EndRecord } from '../../ledger/records.ts';
import { createDecisionLookup, type DecisionSources, factsOf } from './decision-lookup.ts';

const FULL_STORE_AWAY = new Error('the database is away');

describe('a decision is looked up', () => {
  let house: WalkHouse;
  let record: EndRecord;
  let shape: string;
  beforeEach(async () => {
    house = await openHouse({ organization: { rateLimits: { rpm: 5 } } });
    await house.ask({ model: 'fast', messages: [{ role: 'user', content: 'Hi.' }] });
    record = house.rows[0] as EndRecord;
    shape = house.journal.findShape('org_1', record.decision.split('|')[0] ?? '') ?? '';
  });
  afterEach(() => house.close());

  /** Creates a lookup whose memory is empty and whose store is unreachable, except for the sources that a test gives. */
  const lookup = (sources: Partial<DecisionSources>) =>
    createDecisionLookup({
      inMemory: () => null,
      shapeInMemory: () => null,
      inStore: () => Promise.reject(FULL_STORE_AWAY),
      shapeInStore: () => Promise.reject(FULL_STORE_AWAY),
      ownAmong: () => Promise.reject(FULL_STORE_AWAY),
      ...sources,
    });
  const facts = (): DecisionFacts => factsOf(record);
  const bodyOf = (found: { readonly decision: object } | null) => found?.decision as DecisionBody | undefined;

  // promise: It is readable at once in the process that answered
  test('in this process first: it is readable at once, also while the store is away', async () => {
    const found = await lookup({ inMemory: () => record, shapeInMemory: () => shape }).find('org_1', record.requestId);
    expect(found?.keyId).toBe('key_1');
    expect(found?.decision).toMatchObject({ request_id: record.requestId, verdict: 'admitted', model: 'fast' });
    expect(bodyOf(found)?.rules[0]).toMatchObject({ rule: 'org_rpm', limit_value: 5, used: 1, verdict: 'passed' });
  });

  test('in the store when memory has let go of it, and says the same there', async () => {
    const inMemory = await lookup({ inMemory: () => record, shapeInMemory: () => shape }).find('org_1', record.requestId);
    const rules = JSON.parse(shape) as readonly ShapeRule[];
    const inStore = lookup({ inStore: async () => facts(), shapeInStore: async () => rules });
    expect(await inStore.find('org_1', record.requestId)).toEqual(inMemory);
  });

  // promise: while the store is away an id it does not hold is 503, not 404
  test('and rejects, rather than saying there is none, when memory lacks it and the store is away', async () => {
    await expect(lookup({}).find('org_1', record.requestId)).rejects.toThrow(FULL_STORE_AWAY);
    expect(await lookup({ inStore: async () => null }).find('org_1', 'req_nowhere')).toBeNull();
  });

  test('for its own organization only, wherever it lies', async () => {
    expect(await lookup({ inMemory: () => record, shapeInMemory: () => shape }).find('org_2', record.requestId)).toBeNull();
    expect(await lookup({ inStore: async () => facts() }).find('org_2', record.requestId)).toBeNull();
  });

  // promise: each of their ids resolves to the shared decision
  test('by the id that was asked for, when refusals share a row', async () => {
    const sources = { inMemory: () => record, shapeInMemory: () => shape };
    const found = await lookup(sources).find('org_1', 'req_a_repeat');
    expect(bodyOf(found)?.request_id).toBe('req_a_repeat');
  });

  test('without its rules, when neither memory nor store knows their shape any more', async () => {
    const found = await lookup({ inMemory: () => record, shapeInStore: async () => null }).find('org_1', record.requestId);
    expect(found?.decision).toMatchObject({ verdict: 'admitted', status: 200 });
  });

  test('of a request that was refused before any rule was asked, without asking for a shape', async () => {
    await house.ask({ model: 'fast' }, { raw: Buffer.from('{') });
    const refused = house.rows.at(-1) as EndRecord;
    expect(refused.decision).toBe('');
    const found = await lookup({ inMemory: () => refused }).find('org_1', refused.requestId);
    expect(found?.decision).toMatchObject({ verdict: 'refused', code: 'invalid_request', rules: [] });
  });
});
