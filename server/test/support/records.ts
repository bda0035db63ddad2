/** Settlement records for tests, with whatever a test wants to be different. */
import { END_FIELDS, ENTRY_FIELD_SEPARATOR, ENTRY_FIELDS, ENTRY_SEPARATOR } from '../../src/domain/usage/settled-rows.ts';
import type { BeginRecord, Dimensions, EndRecord, LedgerEntry } from '../../src/ledger/records.ts';
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

const NO_TAGS = { tags: [], tagRoute: '' };
const NOBODY = { endUser: null, session: null, client: null };

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
    serviceTier: null,
    unpricedUnits: null,
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
    ...NO_TAGS,
    attribution: NOBODY,
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
    tried: null,
    ...NO_TAGS,
    attribution: NOBODY,
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

/** An `end` line as it was written while the ledger's entries ended with `nano_usd`. */
export function lineBeforeUnits(line: string): string {
  const fields = line.split('\t');
  const entries = END_FIELDS.indexOf('entries');
  fields[entries] = (fields[entries] as string)
    .split(ENTRY_SEPARATOR)
    .map((entry) => entry.split(ENTRY_FIELD_SEPARATOR).slice(0, ENTRY_FIELDS.indexOf('service_tier')).join(ENTRY_FIELD_SEPARATOR))
    .join(ENTRY_SEPARATOR);
  return fields.join('\t');
}
