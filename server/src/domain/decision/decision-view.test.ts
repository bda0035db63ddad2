import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeDecision } from '../../proxy/decisions/explain.ts';
import { planLimits } from '../limits/limit-plan.ts';
import type { Caller } from '../tenancy/tenancy.ts';
import type { AttemptRecord } from '../usage/attempt.ts';
import { type DecisionReadings, shapeOf } from './decision.ts';
import { type DecisionBody, type DecisionFacts, decisionBody, shapeIdOfDecision, tenantsDecision } from './decision-view.ts';

const AT = Date.parse('2026-07-23T10:00:00Z');
const nothing = { rateLimits: {}, modelLimits: [], budgets: [] };
const PLAN = planLimits(
  {
    organization: {
      id: 'org_1',
      timeZone: 'UTC',
      ...nothing,
      rateLimits: { rpm: 60 },
      budgets: [
        {
          id: 'bud_1',
          amountNanoUsd: 100_000_000_000,
          period: { is: 'month', anchorDay: 1 },
          match: { is: 'any' },
          thresholdsPercent: [100],
          action: 'block',
          clampOutput: false,
        },
      ],
    },
    team: { id: 'team_1', ...nothing },
    member: null,
    key: { id: 'key_1', ...nothing, modelLimits: [{ match: { is: 'prefix', prefix: 'fa' }, rateLimits: { tpm: 5_000 } }] },
  } as unknown as Caller,
  'fast',
  new Set(),
  AT,
);
const SHAPE = shapeOf(PLAN);
const ADMITTED: DecisionFacts = {
  requestId: 'req_1',
  organizationId: 'org_1',
  teamId: 'team_1',
  keyId: 'key_1',
  memberId: null,
  calledName: 'fast',
  atMs: AT,
  attempts: 1,
  stream: false,
  deploymentId: 'dep_1',
  gatewayUs: 300,
  providerMs: 450,
  answeredBy: { provider: 'openai', upstreamModel: 'gpt-5' },
  status: 'succeeded',
  httpStatus: 200,
  code: null,
  param: null,
  decision: text([13, 20_000_000, 700], [1, 10_000_000, 700], []),
};

function text(used: number[], held: number[], refusing: DecisionReadings['refusing']): string {
  const answer = { readings: { used, held }, refusing };
  return encodeDecision(PLAN.shapeId, 'o@beta t= k=', { wanted: { tokens: 700, nanoUsd: 10_000_000 }, answer });
}

/** An amount in the smallest unit: requests, tokens or nano-dollars. */
function wholeOf(amount: number | string): bigint {
  if (typeof amount === 'number') return BigInt(amount);
  const [dollars = '0', decimals = ''] = amount.split('.');
  return BigInt(dollars + decimals.padEnd(9, '0'));
}

describe('a decision as both planes answer it', () => {
  // promise: A decision keeps every rule as (rule id, limit, used, held)
  // promise: **A refusal explains itself**: the error names scope, limit, used and when it would pass
  test('names every rule in order with limit, used, held, remaining and verdict', () => {
    const body = decisionBody(ADMITTED, SHAPE);
    expect(body).toMatchObject({
      verdict: 'admitted',
      time: '2026-07-23T10:00:00.000Z',
      requested: { tokens: 700, spend: '0.01' },
    });
    expect(body.rules).toEqual([
      {
        rule: 'org_rpm',
        scope: 'organization',
        scope_id: 'org_1',
        limit: 'rpm',
        target: null,
        unit: 'requests',
        limit_value: 60,
        used: 13,
        settled: 12,
        held: 1,
        remaining: 47,
        over: 0,
        verdict: 'passed',
        retry_after_ms: null,
        deciding: false,
      },
      expect.objectContaining({
        limit: 'budget',
        unit: 'usd',
        limit_value: '100.00',
        used: '0.02',
        settled: '0.01',
        held: '0.01',
        remaining: '99.98',
        over: '0.00',
      }),
      expect.objectContaining({ rule: 'key_tpm:fa*', scope_id: 'key_1', target: 'fa*', unit: 'tokens', remaining: 4_300 }),
    ]);
    expect(body.access).toEqual({
      verdict: 'allowed',
      removed_by: null,
      steps: [
        { level: 'organization', through: 'access_group', access_group: 'beta' },
        { level: 'team', through: 'inherited', access_group: null },
        { level: 'key', through: 'inherited', access_group: null },
      ],
    });
    expect(body.sentence).toMatch(/^Admitted: fast is granted through the access group beta/);
  });

  test('adds up: limit and what is over it are what is settled, held and left', () => {
    const numbers = fc.tuple(fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(100)).map(([used, percent]) => ({
      used,
      held: Math.min(used, Math.floor((used / 100) * percent)),
    }));
    fc.assert(
      fc.property(numbers, numbers, numbers, (...of) => {
        const used = of.map((one) => one.used);
        const held = of.map((one) => one.held);
        const { rules } = decisionBody({ ...ADMITTED, decision: text(used, held, []) }, SHAPE);
        expect(rules).toHaveLength(of.length);
        for (const rule of rules) {
          const [limit, over, settled, inFlight, left] = [
            rule.limit_value,
            rule.over,
            rule.settled,
            rule.held,
            rule.remaining,
          ].map(wholeOf) as [bigint, bigint, bigint, bigint, bigint];
          expect(limit + over).toBe(settled + inFlight + left);
          expect(settled + inFlight).toBe(wholeOf(rule.used));
          expect([over, settled, inFlight, left].every((amount) => amount >= 0n)).toBe(true);
          expect(over === 0n || left === 0n).toBe(true);
        }
      }),
    );
  });

  test('of a refusal says which rule decided and when it would pass', () => {
    const decision = text([60, 0, 0], [2, 0, 0], [{ rule: 0, retryAfterMs: 1_200 }]);
    const body = decisionBody({ ...ADMITTED, status: 'refused', httpStatus: 429, code: 'rate_limit_exceeded', decision }, SHAPE);
    expect(body.verdict).toBe('refused');
    expect(body.rules[0]).toMatchObject({ verdict: 'refused', retry_after_ms: 1_200, deciding: true, remaining: 0 });
    expect(body.rules.filter((rule) => rule.deciding)).toHaveLength(1);
    expect(body.sentence).toMatch(/^Refused by org_rpm: .* it can pass in 2 s\.$/);
  });

  test('of a refusal by access names the level, and no rule was asked', () => {
    const refused = { ...ADMITTED, status: 'refused', httpStatus: 403, code: 'model_not_allowed', decision: '|o* t-|' };
    expect(decisionBody(refused, null)).toMatchObject({
      access: { verdict: 'removed', removed_by: 'team' },
      requested: null,
      rules: [],
      sentence: 'Refused: fast is granted to the organization, but not allowed by the access of the team.',
    });
  });

  test('reads the same to a tenant for a name that is not granted and for one that does not exist', () => {
    const refused = { ...ADMITTED, status: 'refused', httpStatus: 404, code: 'model_not_found' };
    const [unknown, hidden] = ['||', '|o-|'].map((decision) => decisionBody({ ...refused, decision }, null));
    expect(unknown?.sentence).not.toBe(hidden?.sentence);
    expect(tenantsDecision(hidden as DecisionBody)).toEqual(tenantsDecision(unknown as DecisionBody));
    expect(tenantsDecision(decisionBody(ADMITTED, SHAPE))).toEqual(decisionBody(ADMITTED, SHAPE));
  });

  test('before access was asked says only the code', () => {
    const refused = { ...ADMITTED, status: 'refused', httpStatus: 403, code: 'key_disabled', decision: '' };
    const body = decisionBody(refused, null);
    expect(body).toMatchObject({ access: null, requested: null, rules: [] });
    expect(body.sentence).toContain('key_disabled');
  });

  test('whose shape is lost or does not fit is not explained wrongly', () => {
    for (const shape of [null, { id: SHAPE.id, rules: SHAPE.rules.slice(1) }]) {
      const body = decisionBody(ADMITTED, shape);
      expect(body).toMatchObject({ rules: [], verdict: 'admitted' });
      expect(body.sentence).toContain('cannot be read');
    }
  });

  test('of a request that failed says that it was admitted, and what the attempts came to', () => {
    const attempt: AttemptRecord = {
      ...{ deploymentId: 'dep_1', provider: 'openai', upstreamModel: 'gpt-5', startedMs: 0, tookMs: 9, result: 'error' },
      ...{
        status: 401,
        code: 'credential',
        message: 'Incorrect key of org-acme',
        next: 'ended',
        nextReason: 'no_candidate_left',
      },
      ...{ waitMs: null, notTried: [], dropped: [] },
    };
    const failed = {
      ...ADMITTED,
      status: 'failed',
      httpStatus: 502,
      code: 'provider_error',
      deploymentId: null,
      tried: [attempt],
    };
    const body = decisionBody(failed, SHAPE);
    expect(body.sentence).toMatch(/^Admitted: .* rules that apply passed; the attempt at openai\/gpt-5 failed: it said 401\.$/);
    expect(body.attempts_made).toMatchObject([{ attempt: 1, status: 401, message: 'Incorrect key of org-acme' }]);
    expect(JSON.stringify(tenantsDecision(body))).not.toContain('org-acme');
    expect(tenantsDecision(body).attempts_made).toMatchObject([{ attempt: 1, code: 'credential', message: null }]);
    const unknown = decisionBody({ ...failed, tried: null }, SHAPE);
    expect(unknown.attempts_made).toBeNull();
    expect(unknown.sentence).toMatch(/passed; it failed after one attempt, of which no more is known\.$/);
  });

  // promise: The decision names the tags asked
  test('names the tags asked, those that routed, and the deployments they left', () => {
    const shape = {
      defaults: ['gpu'],
      required: ['eu'],
      targets: [
        { target: 'fast', routed: ['eu', 'gpu'], deployments: ['dep_1', 'dep_2'] },
        { target: 'slow', routed: ['eu'], deployments: ['dep_2', 'dep_3'] },
      ],
    };
    const facts = { ...ADMITTED, tags: ['project-x', 'gpu', 'eu'], tagRoute: '1.tabc' };
    expect(decisionBody(facts, SHAPE, shape).tags).toEqual({
      asked: ['project-x'],
      defaults: ['gpu'],
      required: ['eu'],
      routed: ['eu', 'gpu'],
      deployments: ['dep_1', 'dep_2', 'dep_3'],
      targets: shape.targets,
    });
    const unread = decisionBody(facts, SHAPE).tags;
    expect(unread).toMatchObject({ asked: ['project-x'], routed: [], deployments: [] });
    expect(decisionBody({ ...ADMITTED, tags: [], tagRoute: '' }, SHAPE, shape).tags).toBeNull();
    expect(decisionBody({ ...ADMITTED, tags: null, tagRoute: null }, SHAPE).tags).toBeNull();
  });

  test('says which shape it needs', () => {
    expect(shapeIdOfDecision(ADMITTED.decision)).toBe(PLAN.shapeId);
    expect(shapeIdOfDecision('|o* t-|')).toBeNull();
    expect(shapeIdOfDecision('damaged')).toBeNull();
  });
});
