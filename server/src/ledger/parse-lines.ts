/**
 * Parses lines back into records: at a start, and to show a decision that is not stored yet. Throws UnreadableRecord for a line
 * that is no such record: one of another version, or one whose bytes are intact but wrong.
 */
import { parseAttempts } from '../domain/usage/attempt.ts';
import type { Attribution, Client } from '../domain/usage/attribution.ts';
import {
  ATTRIBUTION_MARK,
  ENTRY_FIELD_SEPARATOR,
  ENTRY_SEPARATOR,
  FIELD_SEPARATOR,
  TAG_SEPARATOR,
  TAGS_MARK,
  TRIED_MARK,
} from '../domain/usage/settled-rows.ts';
import type { BeginRecord, EndRecord, LedgerEntry } from './records.ts';

const ENTRY_BUCKETS = ['input', 'cached_input', 'cache_write', 'output', 'reasoning'] as const;

export class UnreadableRecord extends Error {}

/** Parses a line written by `end` or `shared`. Throws UnreadableRecord. */
export function parseEnd(line: string): EndRecord {
  const f = fieldsOf(line);
  return {
    requestId: f.given(1),
    admittedAtMs: f.whole(2),
    ...dimensionsFrom(f),
    clientRequestId: f.textOrNull(9),
    status: f.text(10) as EndRecord['status'],
    httpStatus: f.whole(11),
    code: f.textOrNull(12),
    param: f.textOrNull(13),
    endpoint: f.text(14),
    stream: f.text(15) === 't',
    deploymentId: f.textOrNull(16),
    provider: f.textOrNull(17),
    attempts: f.whole(18),
    finishReason: f.textOrNull(19),
    gatewayUs: f.whole(20),
    providerMs: f.numberOrNull(21),
    firstTokenMs: f.numberOrNull(22),
    decision: f.text(23),
    count: f.whole(24),
    repeatIds: f.text(25) === '' ? [] : f.text(25).split(','),
    entries: f.text(27) === '' ? [] : f.text(27).split(ENTRY_SEPARATOR).map(parseEntry),
    content: f.text(28) === '' ? null : Buffer.from(f.text(28), 'base64'),
    ...tagsFrom(f, 29),
    // Lines of earlier versions, and most others, end before this.
    tried: f.text(31).startsWith(TRIED_MARK) ? parseAttempts(f.text(31).slice(1)) : null,
    attribution: attributionFrom(f, 32),
  };
}

/** As parseEnd, but returns null for a line that is no row, perhaps written by another version. */
export function readEnd(line: string): EndRecord | null {
  try {
    return parseEnd(line);
  } catch (error) {
    if (error instanceof UnreadableRecord) return null;
    throw error;
  }
}

/** Parses a line written by `begin`. Throws UnreadableRecord. */
export function parseBegin(line: string): Required<BeginRecord> {
  const f = fieldsOf(line);
  return {
    requestId: f.given(1),
    admittedAtMs: f.whole(2),
    ...dimensionsFrom(f),
    clientRequestId: f.textOrNull(9),
    endpoint: f.text(10),
    stream: f.text(11) === 't',
    attempts: f.whole(12),
    deploymentId: f.text(13),
    provider: f.text(14),
    upstreamModel: f.text(15),
    priceId: f.textOrNull(16),
    heldInputTokens: f.whole(17),
    heldOutputTokens: f.whole(18),
    heldNanoUsd: f.whole(19),
    decision: f.text(20),
    ...tagsFrom(f, 21),
    attribution: attributionFrom(f, 23),
  };
}

/** Parses a line written by `repeat`. */
export function parseRepeat(line: string): { readonly requestId: string; readonly sharedId: string } {
  const f = fieldsOf(line);
  return { requestId: f.text(1), sharedId: f.text(2) };
}

/** Parses a line written by `shape`. */
export function parseShape(line: string): {
  readonly organizationId: string;
  readonly shapeId: string;
  readonly rulesJson: string;
} {
  const f = fieldsOf(line);
  return { shapeId: f.text(1), organizationId: f.text(2), rulesJson: f.text(3) };
}

function parseEntry(text: string): LedgerEntry {
  const f = fieldsOf(text, ENTRY_FIELD_SEPARATOR);
  const usage = otherUsageFrom(f.text(12));
  ENTRY_BUCKETS.forEach((bucket, i) => {
    const tokens = f.number(6 + i);
    if (tokens !== 0) usage[bucket] = tokens;
  });
  return {
    attempt: f.number(0),
    kind: f.text(1) as LedgerEntry['kind'],
    deploymentId: f.text(2),
    provider: f.text(3),
    upstreamModel: f.text(4),
    priceId: f.textOrNull(5),
    usage,
    nanoUsd: f.numberOrNull(13),
    // Lines of earlier versions end before these.
    serviceTier: f.textOrNull(14),
    unpricedUnits: f.textOrNull(15),
  };
}

function otherUsageFrom(text: string): Record<string, number> {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Record<string, number>;
  } catch {
    throw new UnreadableRecord('the usage in a journal record is not JSON');
  }
}

function dimensionsFrom(f: Fields) {
  return {
    organizationId: f.given(3),
    teamId: f.given(4),
    keyId: f.given(5),
    memberId: f.textOrNull(6),
    serviceAccountId: f.textOrNull(7),
    calledName: f.text(8),
  };
}

/** Lines of requests without tags, and those of earlier versions, end before these. */
function tagsFrom(f: Fields, index: number) {
  const tags = f.text(index);
  const isMarked = tags.startsWith(TAGS_MARK) && tags.length > 1;
  return { tags: isMarked ? tags.slice(1).split(TAG_SEPARATOR) : [], tagRoute: f.text(index + 1) };
}

/** Lines of requests that say nothing about their origin, and those of earlier versions, end before this. */
function attributionFrom(f: Fields, index: number): Attribution {
  const text = f.text(index);
  const names = text.startsWith(ATTRIBUTION_MARK) ? text.slice(1).split(ENTRY_FIELD_SEPARATOR) : [];
  const [endUser = '', session = '', client = ''] = names;
  return { endUser: endUser || null, session: session || null, client: (client || null) as Client | null };
}

interface Fields {
  text(index: number): string;
  /** Returns a text that is never empty. */
  given(index: number): string;
  /** Returns a whole number from 0 to 2^53 − 1. */
  whole(index: number): number;
  textOrNull(index: number): string | null;
  number(index: number): number;
  numberOrNull(index: number): number | null;
}

function fieldsOf(line: string, separator: string = FIELD_SEPARATOR): Fields {
  const parts = (line.endsWith('\n') ? line.slice(0, -1) : line).split(separator);
  const text = (index: number) => parts[index] ?? '';
  const mustBe = (holds: boolean, index: number) => {
    if (!holds) throw new UnreadableRecord(`field ${index} of a journal record cannot be read`);
  };
  return {
    text,
    given: (index) => {
      mustBe(text(index) !== '', index);
      return text(index);
    },
    whole: (index) => {
      mustBe(/^\d{1,16}$/.test(text(index)) && Number.isSafeInteger(Number(text(index))), index);
      return Number(text(index));
    },
    textOrNull: (index) => text(index) || null,
    number: (index) => Number(text(index)),
    numberOrNull: (index) => (text(index) === '' ? null : Number(text(index))),
  };
}
