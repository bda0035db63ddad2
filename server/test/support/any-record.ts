/** Arbitrary settlement records, as people and providers could make them. */
import fc from 'fast-check';
import { ATTEMPT_NEXTS, ATTEMPT_RESULTS, type AttemptRecord, NOT_TRIED_REASONS } from '../../src/domain/usage/attempt.ts';
import { CLIENTS } from '../../src/domain/usage/attribution.ts';
import { USAGE_BUCKETS, USAGE_UNITS } from '../../src/domain/usage/usage.ts';
import type { EndRecord } from '../../src/ledger/records.ts';

const id = (prefix: string) => fc.stringMatching(/^[0-9a-f]{32}$/).map((hex) => `${prefix}_${hex}`);
const tokens = fc.nat(10_000_000);
/** Whatever a caller or provider might put there: any Unicode, control characters and halves of surrogate pairs included. */
const wild = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
  fc.constant('a\tb\nc\0d'),
  fc.constant('\ud800'),
);

const entries = fc.array(
  fc.record({
    attempt: fc.integer({ min: 1, max: 9 }),
    kind: fc.constantFrom('usage' as const, 'estimated' as const),
    deploymentId: id('dep'),
    provider: fc.constantFrom('openai', 'anthropic', 'fake'),
    upstreamModel: wild,
    priceId: fc.option(id('price')),
    usage: fc.dictionary(fc.constantFrom(...USAGE_BUCKETS, ...USAGE_UNITS), tokens),
    nanoUsd: fc.option(fc.maxSafeNat()),
    serviceTier: fc.option(wild),
    unpricedUnits: fc.option(wild),
  }),
  { maxLength: 4 },
);

const tag = fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/);
/** As they are kept: a request without tags has no route either. */
const anyTags = fc.oneof(
  fc.constant({ tags: [] as string[], tagRoute: '' }),
  fc.record({ tags: fc.uniqueArray(tag, { minLength: 1, maxLength: 40 }), tagRoute: fc.constantFrom('0.tabc', '2.tabc', '1.') }),
);

/** Any attempt, with whatever a provider might say. */
export const anyAttempt: fc.Arbitrary<AttemptRecord> = fc.record({
  deploymentId: id('dep'),
  provider: fc.constantFrom('openai', 'anthropic', 'fake'),
  upstreamModel: wild,
  startedMs: fc.nat(),
  tookMs: fc.nat(),
  result: fc.constantFrom(...ATTEMPT_RESULTS),
  status: fc.option(fc.integer({ min: 100, max: 599 })),
  code: fc.option(wild),
  message: fc.option(fc.oneof(wild, fc.string({ unit: 'binary', minLength: 250, maxLength: 400 }))),
  next: fc.constantFrom(...ATTEMPT_NEXTS),
  nextReason: fc.option(fc.constantFrom('final', 'attempts_max', 'no_candidate_left')),
  waitMs: fc.option(fc.nat()),
  notTried: fc.array(fc.record({ deploymentId: id('dep'), reason: fc.constantFrom(...NOT_TRIED_REASONS) }), { maxLength: 8 }),
  dropped: fc.array(fc.constantFrom('seed', 'tools.strict', 'messages.name'), { maxLength: 20 }),
});

/** As it is kept: an empty name is none. */
const name = fc.option(fc.oneof(wild, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 })));
const anyAttribution = fc.record({ endUser: name, session: name, client: fc.option(fc.constantFrom(...CLIENTS)) });

const wildEnd = fc.record({
  organizationId: id('org'),
  teamId: id('team'),
  keyId: id('key'),
  memberId: fc.option(id('mem')),
  serviceAccountId: fc.option(id('svc')),
  calledName: wild,
  requestId: id('req'),
  clientRequestId: fc.option(wild),
  admittedAtMs: fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2026, 0) }),
  status: fc.constantFrom('succeeded', 'failed', 'refused', 'cancelled', 'estimated'),
  httpStatus: fc.integer({ min: 0, max: 599 }),
  code: fc.option(wild),
  param: fc.option(wild),
  endpoint: fc.constantFrom('chat_completions', 'messages'),
  stream: fc.boolean(),
  deploymentId: fc.option(id('dep')),
  provider: fc.option(fc.constantFrom('openai', 'anthropic')),
  attempts: fc.integer({ min: 0, max: 9 }),
  finishReason: fc.option(wild),
  gatewayUs: fc.nat(),
  providerMs: fc.option(fc.nat()),
  firstTokenMs: fc.option(fc.nat()),
  entries,
  decision: fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
  count: fc.integer({ min: 1, max: 100 }),
  repeatIds: fc.array(id('req'), { maxLength: 5 }),
  content: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2_000 }).map((bytes): Buffer => Buffer.from(bytes))),
  tried: fc.option(fc.array(anyAttempt, { maxLength: 4 })),
  attribution: anyAttribution,
});

/** Any end of a request. */
export const anyEnd: fc.Arbitrary<EndRecord> = fc.tuple(wildEnd, anyTags).map(([end, tags]) => ({ ...end, ...tags }));
