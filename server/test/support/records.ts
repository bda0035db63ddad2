/** Settlement records for tests: plain ones, and arbitrary ones as people and providers could make them. */
import fc from 'fast-check';
import { USAGE_BUCKETS } from '../../src/domain/usage.ts';
import type { BeginRecord, Dimensions, EndRecord, LedgerEntry } from '../../src/journal/records.ts';
import { requestId } from '../../src/lib/id.ts';

/** A Tuesday in November 2025. */
export const TEST_TIME_MS = Date.UTC(2025, 10, 25, 12, 0, 0);

const DIMENSIONS: Dimensions = {
  organizationId: 'org_01',
  teamId: 'team_01',
  keyId: 'key_01',
  memberId: null,
  serviceAccountId: 'svc_01',
  calledName: 'gpt-5-nano',
};

export function givenEntry(entry: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    attempt: 1,
    kind: 'usage',
    deploymentId: 'dep_01',
    provider: 'openai',
    upstreamModel: 'gpt-5-nano',
    priceId: 'price_01',
    usage: { input: 10, output: 20 },
    nanoUsd: 1_000,
    ...entry,
  };
}

export function givenBegin(begin: Partial<BeginRecord> = {}): BeginRecord {
  const admittedAtMs = begin.admittedAtMs ?? TEST_TIME_MS;
  return {
    ...DIMENSIONS,
    requestId: requestId(admittedAtMs),
    admittedAtMs,
    deploymentId: 'dep_01',
    provider: 'openai',
    upstreamModel: 'gpt-5-nano',
    priceId: 'price_01',
    heldInputTokens: 100,
    heldOutputTokens: 200,
    heldNanoUsd: 30_000,
    ...begin,
  };
}

export function givenEnd(end: Partial<EndRecord> = {}): EndRecord {
  const admittedAtMs = end.admittedAtMs ?? TEST_TIME_MS;
  return {
    ...DIMENSIONS,
    requestId: requestId(admittedAtMs),
    clientRequestId: null,
    admittedAtMs,
    status: 'succeeded',
    httpStatus: 200,
    code: null,
    param: null,
    endpoint: 'chat_completions',
    stream: false,
    deploymentId: 'dep_01',
    provider: 'openai',
    attempts: 1,
    finishReason: 'stop',
    gatewayUs: 300,
    providerMs: 450,
    firstTokenMs: null,
    entries: [givenEntry()],
    decision: 'shape:1,2,3',
    count: 1,
    repeatIds: [],
    content: null,
    ...end,
  };
}

export function givenRefusal(end: Partial<EndRecord> = {}): EndRecord {
  return givenEnd({
    status: 'refused',
    httpStatus: 429,
    code: 'rate_limit_exceeded',
    param: 'key_rpm',
    deploymentId: null,
    provider: null,
    attempts: 0,
    finishReason: null,
    providerMs: null,
    entries: [],
    ...end,
  });
}

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
    usage: fc.dictionary(fc.constantFrom(...USAGE_BUCKETS), tokens),
    nanoUsd: fc.option(fc.maxSafeNat()),
  }),
  { maxLength: 4 },
);

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
  decision: wild,
  count: fc.integer({ min: 1, max: 100 }),
  repeatIds: fc.array(id('req'), { maxLength: 5 }),
  content: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2_000 }).map((bytes): Buffer => Buffer.from(bytes))),
});

/** Any end of a request. */
export const anyEnd: fc.Arbitrary<EndRecord> = wildEnd;
