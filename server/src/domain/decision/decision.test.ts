import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeDecision } from '../../proxy/decisions/explain.ts';
import type { AccessExplanation, AccessThrough } from '../access/access.ts';
import { planLimits } from '../limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../limits/period.ts';
import type { Caller } from '../tenancy/tenancy.ts';
import {
  type CompactDecision,
  type Decision,
  type DecisionReadings,
  type DecisionShape,
  decidingRule,
  decodeDecision,
  encodeAccess,
  paramOfDecision,
  parseDecision,
  refusingRules,
  shapeOf,
} from './decision.ts';
import { sentenceOf } from './decision-sentence.ts';

const AT = Date.parse('2026-07-23T10:00:00Z');
const IDS = { organization: 'org_1', team: 'team_1', user: 'mem_1', key: 'key_1' };
const ALL_INHERITED: AccessExplanation = {
  target: 'fast',
  verdict: { is: 'allowed' },
  steps: [
    { level: 'organization', through: { is: 'access_group', key: 'beta' } },
    { level: 'team', through: { is: 'inherited' } },
    { level: 'key', through: { is: 'inherited' } },
  ],
};

const nothing = { rateLimits: {}, modelLimits: [], budgets: [] };
const budget = { match: { is: 'any' }, thresholdsPercent: [100], clampOutput: false } as const;
const PLAN = planLimits(
  {
    organization: {
      id: 'org_1',
      timeZone: 'UTC',
      ...nothing,
      rateLimits: { rpm: 600, max_parallel: 5 },
      budgets: [
        { ...budget, id: 'bud_1', amountNanoUsd: 100_000_000_000, period: { is: 'month', anchorDay: 1 }, action: 'block' },
        { ...budget, id: 'bud_2', amountNanoUsd: 1_000_000_000, period: { is: 'total' }, action: 'alert' },
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
interface RuleState {
  readonly used: number;
  readonly held: number;
}

/** The counters' answer has one array per kind of number; a test reads better with one object per rule. */
const asReadings = (states: readonly RuleState[]): DecisionReadings['readings'] => ({
  used: states.map(({ used }) => used),
  held: states.map(({ held }) => held),
});
const FREE: readonly RuleState[] = PLAN.rules.map(() => ({ used: 1, held: 1 }));
type Answer = { readonly readings?: readonly RuleState[]; readonly refusing?: DecisionReadings['refusing'] };

function decide(answer: Answer = {}, access = ALL_INHERITED, shape: DecisionShape | null = SHAPE): Decision | null {
  const asked = {
    wanted: { tokens: 4_500, nanoUsd: 20_000_000 },
    answer: { readings: asReadings(answer.readings ?? FREE), refusing: answer.refusing ?? [] },
  };
  const compact = parseDecision(
    encodeDecision(shape?.id ?? '', encodeAccess(access), shape === null ? null : asked),
  ) as CompactDecision;
  return decodeDecision({ calledName: 'fast', atMs: AT, scopeIds: IDS, compact }, shape);
}

const sentence = (answer: Answer = {}, access = ALL_INHERITED, shape: DecisionShape | null = SHAPE) =>
  sentenceOf(decide(answer, access, shape) as Decision);

describe('a decision in a row', () => {
  // promise: A decision keeps every rule as (rule id, limit, used, held)
  test('is read back whole: every rule in its order with limit, used, held and verdict', () => {
    const numbers = fc.nat(Number.MAX_SAFE_INTEGER);
    const readings = fc.array(fc.record({ used: numbers, held: numbers }), {
      minLength: PLAN.rules.length,
      maxLength: PLAN.rules.length,
    });
    const refusing = fc.uniqueArray(fc.record({ rule: fc.nat(PLAN.rules.length - 1), retryAfterMs: fc.option(numbers) }), {
      selector: ({ rule }) => rule,
    });
    fc.assert(
      fc.property(readings, refusing, (state, refused) => {
        const decision = decide({ readings: state, refusing: refused }) as Decision;
        expect(decision.wanted).toEqual({ tokens: 4_500, nanoUsd: 20_000_000 });
        expect(decision.access).toEqual(ALL_INHERITED);
        decision.rules.forEach((rule, i) => {
          expect(rule).toMatchObject({
            id: PLAN.rules[i]?.id,
            scopeId: PLAN.rules[i]?.scopeId,
            value: PLAN.rules[i]?.value,
            ...state[i],
          });
          const refusal = refused.find((one) => one.rule === i);
          if (refusal === undefined) expect(rule.verdict.is).not.toBe('refused');
          else expect(rule.verdict).toEqual({ is: 'refused', retryAfterMs: refusal.retryAfterMs });
        });
      }),
    );
  });

  test('every access verdict survives', () => {
    const through: fc.Arbitrary<AccessThrough> = fc.oneof(
      fc.constant({ is: 'all' } as const),
      fc.constant({ is: 'inherited' } as const),
      fc.constant({ is: 'target', target: 'fast' } as const),
      fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/).map((key) => ({ is: 'access_group' as const, key })),
    );
    fc.assert(
      fc.property(fc.array(through, { minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 4 }), (passes, removedAt) => {
        const levels = (['organization', 'team', 'user', 'key'] as const).slice(0, removedAt + 1);
        const steps = levels.map((level, i) => ({ level, through: i === removedAt ? null : (passes[i] as AccessThrough) }));
        expect(decide({}, { ...ALL_INHERITED, steps })?.access.steps).toEqual(steps);
      }),
    );
  });

  test('a damaged row is not explained', () => {
    const row = (compact: Partial<CompactDecision>) =>
      decodeDecision(
        { calledName: 'fast', atMs: AT, scopeIds: IDS, compact: { shapeId: SHAPE.id, access: 'o*', numbers: [], ...compact } },
        SHAPE,
      );
    expect(row({ numbers: [1, 2, 0, 3] })).toBeNull();
    expect(row({ numbers: [1, 2, 9_999_999, 3] })).toBeNull();
    expect(row({ access: 'x?' })).toBeNull();
  });

  test('the shape is plain data without anybody’s scope ids', () => {
    expect(JSON.parse(JSON.stringify(SHAPE))).toEqual(SHAPE);
    expect(JSON.stringify(SHAPE)).not.toContain('org_1"');
  });
});

describe('which rule is named', () => {
  test('the one that would pass last; a rule that can never pass comes before all', () => {
    const decision = decide({
      refusing: [
        { rule: 0, retryAfterMs: 5_000 },
        { rule: 2, retryAfterMs: 90_000 },
      ],
    }) as Decision;
    expect(paramOfDecision(decision)).toBe('org_budget_month');
    expect(refusingRules(decision)).toHaveLength(2);
    const never = decide({
      refusing: [
        { rule: 2, retryAfterMs: 9e9 },
        { rule: 4, retryAfterMs: null },
      ],
    }) as Decision;
    expect(decidingRule(never)?.id).toBe('key_tpm:fa*');
  });

  test('of equals the widest, and none when nothing refused', () => {
    expect(
      paramOfDecision(
        decide({
          refusing: [
            { rule: 0, retryAfterMs: 5 },
            { rule: 4, retryAfterMs: 5 },
          ],
        }) as Decision,
      ),
    ).toBe('org_rpm');
    expect(paramOfDecision(decide() as Decision)).toBeNull();
  });
});

describe('the sentence', () => {
  const readings = [
    { used: 600, held: 12 },
    { used: 5, held: 5 },
    { used: 99_990_000_000, held: 0 },
    { used: 2_000_000_000, held: 0 },
    { used: 1_000, held: 0 },
  ];

  test('of a rate limit says whose, how much is used and held, and when it would pass', () => {
    expect(sentence({ readings, refusing: [{ rule: 0, retryAfterMs: 11_001 }] })).toBe(
      'Refused by org_rpm: the organization’s limit of 600 requests per minute has 600 requests used (12 requests of it held by requests in flight) and this request needs 1 request; it can pass in 12 s.',
    );
  });

  test('of a budget speaks in USD and names the instant of the reset', () => {
    expect(sentence({ readings, refusing: [{ rule: 2, retryAfterMs: Date.parse('2026-08-01T00:00:00Z') - AT }] })).toBe(
      'Refused by org_budget_month:bud_1: the organization’s limit of 100.00 USD per month has 99.99 USD used and this request needs 0.02 USD; it can pass at 2026-08-01T00:00:00Z.',
    );
  });

  test.each([-3, 3])('of a budget names the same instant as the answer, with clocks that are %i ms apart', (ms) => {
    const refusing = [{ rule: 2, retryAfterMs: Date.parse('2026-08-01T00:00:00Z') - AT + ms }];
    expect(sentence({ readings, refusing })).toMatch(/; it can pass at 2026-08-01T00:00:00Z\.$/);
  });

  test('of a request in flight too many waits for one to end', () => {
    expect(
      sentence({
        readings,
        refusing: [
          { rule: 1, retryAfterMs: 1_000 },
          { rule: 0, retryAfterMs: 500 },
        ],
      }),
    ).toBe(
      'Refused by org_max_parallel: the organization’s limit of 5 requests at once has 5 requests used and this request needs 1 request; it can pass when one of the requests in flight ends; 1 other rule refused it too.',
    );
  });

  // promise: no `Retry-After`, both numbers in the message.
  test('of what can never pass holds both numbers', () => {
    const asked = (tokens: number, nanoUsd: number, rule: number) => {
      const decision = decide({ readings, refusing: [{ rule, retryAfterMs: null }] }) as Decision;
      return sentenceOf({ ...decision, wanted: { tokens, nanoUsd } });
    };
    expect(asked(5_001, 0, 4)).toBe(
      'Refused by key_tpm:fa*: this request needs 5001 tokens, which is more than the key’s limit of 5000 tokens per minute for fa*, so it can never pass; to let it pass, send less input or ask an admin to raise the limit.',
    );
    expect(asked(0, 100_000_000_001, 2)).toBe(
      'Refused by org_budget_month:bud_1: this request needs 100.000000001 USD, which is more than the organization’s limit of 100.00 USD per month, so it can never pass; to let it pass, set a smaller `max_tokens`, send less input or ask an admin to raise the budget.',
    );
  });

  test('of what is not above the whole limit and never passes says that it would have to be raised', () => {
    expect(sentence({ readings, refusing: [{ rule: 2, retryAfterMs: null }] })).toContain(
      'this request needs 0.02 USD; it can pass only if the budget is raised.',
    );
  });

  test('of an admission names the grant', () => {
    expect(sentence()).toBe(
      'Admitted: fast is granted through the access group beta at the organization level, and all 5 rules that apply passed.',
    );
  });

  test('of an access refusal names the level, or that the organization was never granted it', () => {
    const refused = (steps: AccessExplanation['steps']) => sentence({}, { ...ALL_INHERITED, steps }, null);
    expect(refused([])).toBe('Refused: there is no model or route group called fast.');
    expect(refused([{ level: 'organization', through: null }])).toBe('Refused: fast is not granted to the organization.');
    expect(
      refused([
        { level: 'organization', through: { is: 'all' } },
        { level: 'team', through: null },
      ]),
    ).toBe('Refused: fast is granted to the organization, but not allowed by the access of the team.');
  });

  test('of a total that is spent says that waiting does not help', () => {
    expect(sentence({ readings, refusing: [{ rule: 2, retryAfterMs: FAR_FUTURE_MS - AT }] })).toContain(
      'it can pass only if the budget is raised.',
    );
  });

  test('of a model without a price says so', () => {
    const compact = { shapeId: null, access: encodeAccess(ALL_INHERITED), numbers: [] };
    const row = { calledName: 'fast', atMs: AT, scopeIds: IDS, compact, otherRefusal: 'model_not_priced' } as const;
    expect(sentenceOf(decodeDecision(row, null) as Decision)).toBe(
      'Refused: fast has no price in force, and a blocking budget covers this request.',
    );
    const parameter = { ...row, otherRefusal: 'unpriced_parameter' } as const;
    expect(sentenceOf(decodeDecision(parameter, null) as Decision)).toBe(
      'Refused: fast has no price for something that this request asks for, and a blocking budget covers this request.',
    );
  });

  test('an alert budget that is used up is shown and does not refuse', () => {
    const decision = decide({ readings }) as Decision;
    expect(decision.rules[3]?.verdict).toEqual({ is: 'alerted' });
    expect(refusingRules(decision)).toEqual([]);
  });
});
