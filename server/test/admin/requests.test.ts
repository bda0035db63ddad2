import { and, eq, sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RecentRequests } from '../../src/admin/http/deps.ts';
import { shapeOf } from '../../src/domain/decision/decision.ts';
import { planLimits } from '../../src/domain/limits/limit-plan.ts';
import type { Caller } from '../../src/domain/tenancy/tenancy.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import { openContentKey, seal } from '../../src/lib/secrets.ts';
import { encodeDecision } from '../../src/proxy/decisions/explain.ts';
import * as schema from '../../src/store/schema.ts';
import * as organizations from '../../src/store/tenancy/organizations.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';
import { freshName, makeDeployment } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const CANARY = 'canary: the merger is on Tuesday';

onOneDatabase('the request log over HTTP', (given) => {
  const recent = new Map<string, EndRecord>();
  const shapes = new Map<string, string>();
  const memory: RecentRequests = {
    find: (id) => recent.get(id) ?? null,
    findShape: (organizationId, shapeId) => shapes.get(`${organizationId} ${shapeId}`) ?? null,
  };
  const world = withAdmin(given, { recent: memory });
  let acme = '';
  let other = '';

  beforeAll(async () => {
    acme = (await makeOrganization(world().root)).id;
    other = (await makeOrganization(world().root)).id;
  });

  let sequence = 0;
  /** Identity of one more request, each a second before the last. */
  const next = (organizationId = acme) => {
    sequence += 1;
    const admittedAtMs = NOW_MS - sequence * 1_000;
    return { organizationId, admittedAtMs, requestId: requestId(admittedAtMs) };
  };

  /** A plan of one limit, and the decision of a request that it refused. */
  function refusedBy(organizationId: string) {
    const plan = planLimits(
      {
        organization: { id: organizationId, timeZone: 'UTC', rateLimits: { rpm: 2 }, modelLimits: [], budgets: [] },
        team: { id: 'team_01', rateLimits: {}, modelLimits: [], budgets: [] },
        member: null,
        key: { id: 'key_01', rateLimits: {}, modelLimits: [], budgets: [] },
      } as unknown as Caller,
      'fast',
      new Set(),
      NOW_MS,
    );
    const answer = { readings: { used: [2], held: [1] }, refusing: [{ rule: 0, retryAfterMs: 30_000 }] };
    const decision = encodeDecision(plan.shapeId, 'o* t= k=', { wanted: { tokens: 70, nanoUsd: 500 }, answer });
    return { decision, shape: { organizationId, id: plan.shapeId, rules: shapeOf(plan).rules } };
  }

  test('lists newest first, filtered, in pages with a total', async () => {
    const { root } = world();
    const calledName = freshName();
    const rows = [0, 1, 2, 3, 4].map((index) => {
      const facts = { ...next(), calledName, teamId: `team_${index % 2}`, keyId: `key_${index}` };
      return index === 0 ? givenRefusal(facts) : givenEnd(facts);
    });
    await storeRecords(given(), rows);
    const first = must(await root('GET', `/requests?organization_id=${acme}&model=${calledName}&limit=3`));
    const second = must(
      await root('GET', `/requests?organization_id=${acme}&model=${calledName}&limit=3&cursor=${first.next_cursor}`),
    );
    expect([...first.data, ...second.data].map((row) => row.id)).toEqual(rows.map((row) => row.requestId));
    expect([first.total, second.next_cursor]).toEqual([5, null]);
    expect(first.data[1]).toMatchObject({
      organization_id: acme,
      model: calledName,
      status: 'succeeded',
      http_status: 200,
      input_tokens: 10,
      output_tokens: 20,
      total_tokens: 30,
      spend: '0.000001',
      latency: { gateway_us: 300, provider_ms: 450, first_token_ms: null },
    });
    const totalOf = async (filter: string) => must(await root('GET', `/requests?model=${calledName}&${filter}`)).total;
    expect(await totalOf('status=refused')).toBe(1);
    expect(await totalOf('code=rate_limit_exceeded')).toBe(1);
    expect(await totalOf('deployment_id=dep_01')).toBe(4);
    expect(await totalOf(`from=${new Date(rows[2]?.admittedAtMs ?? 0).toISOString()}`)).toBe(3);
    expect(await totalOf(`to=${new Date(rows[2]?.admittedAtMs ?? 0).toISOString()}`)).toBe(2);
    for (const bad of ['status=odd', 'from=yesterday', 'cursor=x', 'colour=red', 'limit=0']) {
      expect((await root('GET', `/requests?${bad}`)).status).toBe(400);
    }
  });

  test('a request whose body could not be read names no model, in the list, alone and in its decision', async () => {
    const { root } = world();
    const record = givenRefusal({
      ...next(),
      calledName: '',
      httpStatus: 400,
      code: 'invalid_request',
      param: null,
      decision: '',
    });
    await storeRecords(given(), [record]);
    const { data } = must(await root('GET', `/requests?organization_id=${acme}&code=invalid_request`));
    const one = must(await root('GET', `/requests/${record.requestId}`));
    expect([data[0].model, one.model, one.decision.model]).toEqual([null, null, null]);
  });

  test('a request is shown with what each attempt cost, bucket by bucket, exactly', async () => {
    const { root } = world();
    const deployment = await makeDeployment(root, freshName(), {
      prices: { input_per_million: '0.05', cached_input_per_million: '0.005', output_per_million: '0.4' },
    });
    const [price] = must(await root('GET', `/prices?deployment_id=${deployment.id}`)).data;
    const usage = { input: 7, cached_input: 3, output: 11, audio_output: 1 };
    // 7 × 50 + 3 × 5 + 12 × 400 = 5,165 nano-dollars.
    const entry = givenEntry({ deploymentId: deployment.id, priceId: price.id, usage, nanoUsd: 5_165 });
    const record = givenEnd({ ...next(), entries: [entry, givenEntry({ attempt: 2, priceId: null, nanoUsd: null })] });
    await storeRecords(given(), [record]);
    const body = must(await root('GET', `/requests/${record.requestId}`));
    expect(body).toMatchObject({ id: record.requestId, spend: null, other_tokens: { audio_output: 1 } });
    expect(body.ledger).toHaveLength(2);
    expect(body.ledger[0]).toMatchObject({ attempt: 1, kind: 'usage', price_id: price.id, spend: '0.000005165' });
    expect(body.ledger[0].cost_by_bucket).toEqual([
      { bucket: 'input', tokens: 7, price_per_million: '0.05', cost: '0.00000035' },
      { bucket: 'cached_input', tokens: 3, price_per_million: '0.005', cost: '0.000000015' },
      { bucket: 'output', tokens: 11, price_per_million: '0.40', cost: '0.0000044' },
      { bucket: 'audio_output', tokens: 1, price_per_million: '0.40', cost: '0.0000004' },
    ]);
    expect(body.ledger[1]).toMatchObject({ spend: null, cost_by_bucket: null });
  });

  test('a request is shown with its pieces, its tiers, and what had no price', async () => {
    const { root } = world();
    const deployment = await makeDeployment(root, freshName(), {
      prices: {
        ...{ input_per_million: '1', output_per_million: '2', cached_input_per_million: '0.5' },
        per_unit: { search: '0.01' },
        context_tiers: [
          { above_input_tokens: 100, input_per_million: '3' },
          { above_input_tokens: 1_000, input_per_million: '4', output_per_million: '9' },
        ],
        service_tiers: { priority: { output_per_million: '5' } },
      },
    });
    const [price] = must(await root('GET', `/prices?deployment_id=${deployment.id}`)).data;
    const usage = { input: 100, cached_input: 1, output: 10, search: 3, image: 2 };
    const entry = { deploymentId: deployment.id, priceId: price.id };
    const tiered = givenEntry({ ...entry, usage, nanoUsd: 30_350_500, serviceTier: 'priority', unpricedUnits: 'image' });
    const plain = givenEntry({ ...entry, attempt: 2, usage: { input: 100 }, nanoUsd: 100_000, serviceTier: 'constructor' });
    const record = givenEnd({ ...next(), entries: [tiered, plain] });
    recent.set(record.requestId, record);
    const body = must(await root('GET', `/requests/${record.requestId}`));
    expect(body).toMatchObject({ units: { search: 3, image: 2 }, other_tokens: {}, total_tokens: 211, partly_priced: true });
    expect(body.ledger[0]).toMatchObject({
      ...{ service_tier: 'priority', total_tokens: 111, units: { search: 3, image: 2 }, unpriced_units: ['image'] },
      cost_by_bucket: [
        { bucket: 'input', price_per_million: '3.00' },
        { bucket: 'cached_input', price_per_million: '0.50' },
        { bucket: 'output', price_per_million: '5.00' },
      ],
      cost_by_unit: [
        { unit: 'search', quantity: 3, price: '0.01', cost: '0.03' },
        { unit: 'image', quantity: 2, price: null, cost: null },
      ],
    });
    expect(body.ledger[1]).toMatchObject({
      ...{ service_tier: 'constructor', unpriced_units: [], cost_by_unit: [] },
      cost_by_bucket: [{ bucket: 'input', price_per_million: '1.00', cost: '0.0001' }],
    });
    await storeRecords(given(), [record]);
    recent.delete(record.requestId);
    const { requestRecords, ledgerRecords } = schema;
    const whose = { unpricedUnits: 'image', serviceTier: 'priority' };
    const isIt = sql`request_id = short_id('req', ${record.requestId})`;
    await given().db.update(requestRecords).set({ partlyPriced: true }).where(isIt);
    await given()
      .db.update(ledgerRecords)
      .set(whose)
      .where(and(isIt, eq(ledgerRecords.attempt, 1)));
    const stored = must(await root('GET', `/requests/${record.requestId}`));
    expect(stored).toMatchObject({ units: { search: 3, image: 2 }, partly_priced: true });
    expect({ ...stored.ledger[0], total_tokens: 111 }).toEqual(body.ledger[0]);
    const [listed] = must(
      await root(
        'GET',
        `/requests?organization_id=${acme}&from=${new Date(record.admittedAtMs).toISOString()}&to=${new Date(record.admittedAtMs + 1).toISOString()}`,
      ),
    ).data;
    expect(listed).toMatchObject({ id: record.requestId, units: { search: 3, image: 2 }, partly_priced: true });
  });

  describe('a decision', () => {
    // promise: each of their ids resolves to the shared decision, and `refused_requests` sums `count`
    test('is every rule in order with its numbers, and one sentence; a repeat has the shared one under its own id', async () => {
      const { root } = world();
      const { decision, shape } = refusedBy(acme);
      const repeat = requestId(NOW_MS - sequence * 1_000 - 900);
      const record = givenRefusal({ ...next(), calledName: 'fast', decision, count: 2, repeatIds: [repeat] });
      await storeRecords(given(), [record], [shape]);
      const body = must(await root('GET', `/decisions/${record.requestId}`));
      expect(body).toMatchObject({
        request_id: record.requestId,
        verdict: 'refused',
        requested: { tokens: 70, spend: '0.0000005' },
      });
      expect(body.rules).toEqual([
        {
          rule: 'org_rpm',
          scope: 'organization',
          scope_id: acme,
          limit: 'rpm',
          target: null,
          unit: 'requests',
          limit_value: 2,
          used: 2,
          settled: 1,
          held: 1,
          remaining: 0,
          over: 0,
          verdict: 'refused',
          retry_after_ms: 30_000,
          deciding: true,
        },
      ]);
      expect(body.sentence).toMatch(/^Refused by org_rpm: .* it can pass in 30 s\.$/);
      expect((await root('GET', `/requests/${record.requestId}`)).body.decision).toEqual(body);
      expect(must(await root('GET', `/decisions/${repeat}`))).toEqual({ ...body, request_id: repeat });
    });

    // promise: It is readable at once in the process that answered
    test('is readable at once in the process that answered, before the row is stored', async () => {
      const { root, as } = world();
      const { decision, shape } = refusedBy(acme);
      shapes.set(`${acme} ${shape.id}`, JSON.stringify(shape.rules));
      const record = givenRefusal({ ...next(), calledName: 'fast', decision });
      recent.set(record.requestId, record);
      expect(must(await root('GET', `/decisions/${record.requestId}`)).rules).toHaveLength(1);
      const stranger = as([{ role: 'org_owner', organizationId: other }]);
      expect((await stranger('GET', `/decisions/${record.requestId}`)).status).toBe(404);
    });
  });

  test('what memory holds of a request is what the database will say of it', async () => {
    const { root } = world();
    const usage = { input: 3, output: 4, audio_input: 2, cache_write_1h: 5 };
    const record = givenEnd({ ...next(), entries: [givenEntry({ usage }), givenEntry({ attempt: 2, usage, nanoUsd: 9 })] });
    recent.set(record.requestId, record);
    const remembered = must(await root('GET', `/requests/${record.requestId}`));
    await storeRecords(given(), [record]);
    recent.delete(record.requestId);
    expect(must(await root('GET', `/requests/${record.requestId}`))).toEqual(remembered);
  });

  test('another tenant’s request is 404, one’s own without the permission 403', async () => {
    const { as } = world();
    const record = givenEnd({ ...next(), teamId: 'team_a' });
    await storeRecords(given(), [record]);
    const path = `/requests/${record.requestId}`;
    for (const [client, status] of [
      [as([{ role: 'org_owner', organizationId: other }]), 404],
      [as([{ role: 'org_member', organizationId: acme }]), 403],
      [as([{ role: 'team_admin', organizationId: acme, teamId: 'team_b' }]), 403],
      [as([{ role: 'team_admin', organizationId: acme, teamId: 'team_a' }]), 200],
      [as([{ role: 'org_billing', organizationId: acme }]), 200],
    ] as const) {
      expect((await client('GET', path)).status).toBe(status);
      expect((await client('GET', `/decisions/${record.requestId}`)).status).toBe(status);
    }
    const stranger = as([{ role: 'org_owner', organizationId: other }]);
    expect((await stranger('GET', `/requests?organization_id=${acme}`)).status).toBe(404);
    expect(must(await stranger('GET', '/requests')).data).toEqual([]);
    for (const id of ['req_nowhere', 'x', requestId(NOW_MS)]) {
      expect((await world().root('GET', `/requests/${id}`)).status).toBe(404);
    }
  });

  describe('content', () => {
    async function kept(): Promise<EndRecord> {
      const { deps } = world();
      const row = await organizations.find(given().db, acme);
      const wrapped = { bytes: row?.contentKey as Buffer, by: row?.contentKeyBy ?? 'master' };
      const key = openContentKey(deps.keys.content, acme, wrapped);
      const identity = next();
      const said = JSON.stringify({ mode: 'full', request: CANARY, response: null });
      const record = givenEnd({ ...identity, content: seal(key, said, identity.requestId) });
      await storeRecords(given(), [record]);
      return record;
    }
    const readsOf = async (id: string) => {
      const wanted = and(eq(schema.auditEvents.objectId, id), eq(schema.auditEvents.action, 'request_content.read'));
      return given().db.select().from(schema.auditEvents).where(wanted);
    };

    test('comes for who may read it, and each read is an event of the organization’s chain', async () => {
      const { root, as } = world();
      const record = await kept();
      const path = `/requests/${record.requestId}`;
      expect(must(await root('GET', path)).content).toEqual({ mode: 'full', request: CANARY, response: null });
      const owner = as([{ role: 'org_owner', organizationId: acme }], 'acct_owner');
      expect(must(await owner('GET', `${path}?content=true`)).content.request).toBe(CANARY);
      const events = await readsOf(record.requestId);
      expect(events.map((event) => [event.chain, event.actorKind])).toEqual([
        [acme, 'admin_token'],
        [acme, 'account'],
      ]);
      expect(JSON.stringify(events)).not.toContain('merger');
    });

    test('does not come for who may not, and asking for it is 403; nothing was read, so there is no event', async () => {
      const { as } = world();
      const record = await kept();
      const path = `/requests/${record.requestId}`;
      for (const role of ['org_billing', 'org_admin'] as const) {
        const reader = as([{ role, organizationId: acme }]);
        const answer = await reader('GET', path);
        expect(answer.status).toBe(200);
        expect(answer.body).not.toHaveProperty('content');
        expect(answer.text).not.toContain('merger');
        expect((await reader('GET', `${path}?content=true`)).status).toBe(403);
      }
      expect((await as([{ role: 'platform_auditor' }])('GET', `${path}?content=true`)).status).toBe(403);
      expect(must(await world().root('GET', `${path}?content=false`))).not.toHaveProperty('content');
      expect(await readsOf(record.requestId)).toEqual([]);
    });

    test('that was not kept is null, and not an event', async () => {
      const record = givenEnd(next());
      await storeRecords(given(), [record]);
      expect(must(await world().root('GET', `/requests/${record.requestId}`)).content).toBeNull();
      expect(await readsOf(record.requestId)).toEqual([]);
    });

    test('copied to another request, or whose key was destroyed, cannot be read', async () => {
      const { root } = world();
      const record = await kept();
      const copy = givenEnd({ ...next(), content: record.content });
      await storeRecords(given(), [copy]);
      expect(must(await root('GET', `/requests/${copy.requestId}`)).content).toBeNull();
      await given().db.update(schema.organizations).set({ contentKey: null }).where(eq(schema.organizations.id, acme));
      expect(must(await root('GET', `/requests/${record.requestId}`)).content).toBeNull();
    });
  });
});
