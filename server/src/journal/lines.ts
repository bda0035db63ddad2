/** Records as lines of text and back. Writing is on the hot path: one template per record, no arrays, one copy into bytes afterwards. */
import { ENTRY_FIELD_SEPARATOR, ENTRY_SEPARATOR, FIELD_SEPARATOR, LINE_TAGS } from '../domain/settled-rows.ts';
import type { BeginRecord, EndRecord, LedgerEntry } from './records.ts';

/** Text that others chose (called name, client's id, finish reason) is kept to this many characters. */
export const FREE_TEXT_CHARS_MAX = 256;

const INT32_MAX = 2_147_483_647;
const CONTROL = /\p{Cc}/u;
const CONTROLS = /\p{Cc}/gu;

/** A request's row with its ledger entries, in the order of END_FIELDS. */
export function endLine(record: EndRecord): string {
  return endLineTagged(LINE_TAGS.end, record);
}

/** The first of several refusals that will share a row: the row as it would be if nothing followed. */
export function sharedLine(record: EndRecord): string {
  return endLineTagged(LINE_TAGS.shared, record);
}

function endLineTagged(tag: string, r: EndRecord): string {
  const { entries } = r;
  let entryText = '';
  for (let i = 0; i < entries.length; i++) {
    entryText =
      i === 0 ? entryOf(entries[i] as LedgerEntry) : `${entryText}${ENTRY_SEPARATOR}${entryOf(entries[i] as LedgerEntry)}`;
  }
  const repeats = r.repeatIds.length === 0 ? '' : r.repeatIds.join(',');
  const content = r.content === null ? '' : r.content.toString('base64');
  return `${tag}\t${r.requestId}\t${r.admittedAtMs}\t${r.organizationId}\t${r.teamId}\t${r.keyId}\t${r.memberId ?? ''}\t${r.serviceAccountId ?? ''}\t${free(r.calledName)}\t${freeOrNull(r.clientRequestId)}\t${r.status}\t${r.httpStatus}\t${freeOrNull(r.code)}\t${freeOrNull(r.param)}\t${r.endpoint}\t${r.stream ? 't' : 'f'}\t${r.deploymentId ?? ''}\t${providerOf(r)}\t${r.attempts}\t${freeOrNull(r.finishReason)}\t${int32(r.gatewayUs)}\t${int32OrNull(r.providerMs)}\t${int32OrNull(r.firstTokenMs)}\t${clean(r.decision)}\t${r.count}\t${repeats}\t${entryText}\t${content}\n`;
}

/** What a crash would settle: see replay.ts. */
export function beginLine(r: BeginRecord): string {
  return `${LINE_TAGS.begin}\t${r.requestId}\t${r.admittedAtMs}\t${r.organizationId}\t${r.teamId}\t${r.keyId}\t${r.memberId ?? ''}\t${r.serviceAccountId ?? ''}\t${free(r.calledName)}\t${freeOrNull(r.clientRequestId ?? null)}\t${r.endpoint ?? ''}\t${r.stream === true ? 't' : 'f'}\t${r.attempts ?? 1}\t${r.deploymentId}\t${r.provider}\t${free(r.upstreamModel)}\t${r.priceId ?? ''}\t${r.heldInputTokens}\t${r.heldOutputTokens}\t${r.heldNanoUsd}\t${clean(r.decision ?? '')}\n`;
}

/** The rules behind a shape id, in the order of SHAPE_FIELDS. */
export function shapeLine(organizationId: string, shapeId: string, rulesJson: string): string {
  return `${LINE_TAGS.shape}\t${shapeId}\t${organizationId}\t${clean(rulesJson)}\n`;
}

/** One more refusal that shares the row of `sharedId`. */
export function repeatLine(requestId: string, sharedId: string): string {
  return `${LINE_TAGS.repeat}\t${requestId}\t${sharedId}\n`;
}

/** Reads back what `endLine` or `sharedLine` wrote. */
export function parseEnd(line: string): EndRecord {
  const f = fieldsOf(line);
  return {
    requestId: f.text(1),
    admittedAtMs: f.number(2),
    ...dimensionsFrom(f),
    clientRequestId: f.textOrNull(9),
    status: f.text(10) as EndRecord['status'],
    httpStatus: f.number(11),
    code: f.textOrNull(12),
    param: f.textOrNull(13),
    endpoint: f.text(14),
    stream: f.text(15) === 't',
    deploymentId: f.textOrNull(16),
    provider: f.textOrNull(17),
    attempts: f.number(18),
    finishReason: f.textOrNull(19),
    gatewayUs: f.number(20),
    providerMs: f.numberOrNull(21),
    firstTokenMs: f.numberOrNull(22),
    decision: f.text(23),
    count: f.number(24),
    repeatIds: f.text(25) === '' ? [] : f.text(25).split(','),
    entries: f.text(26) === '' ? [] : f.text(26).split(ENTRY_SEPARATOR).map(parseEntry),
    content: f.text(27) === '' ? null : Buffer.from(f.text(27), 'base64'),
  };
}

/** Reads back what `beginLine` wrote. */
export function parseBegin(line: string): Required<BeginRecord> {
  const f = fieldsOf(line);
  return {
    requestId: f.text(1),
    admittedAtMs: f.number(2),
    ...dimensionsFrom(f),
    clientRequestId: f.textOrNull(9),
    endpoint: f.text(10),
    stream: f.text(11) === 't',
    attempts: f.number(12),
    deploymentId: f.text(13),
    provider: f.text(14),
    upstreamModel: f.text(15),
    priceId: f.textOrNull(16),
    heldInputTokens: f.number(17),
    heldOutputTokens: f.number(18),
    heldNanoUsd: f.number(19),
    decision: f.text(20),
  };
}

/** Reads back what `repeatLine` wrote. */
export function parseRepeat(line: string): { readonly requestId: string; readonly sharedId: string } {
  const f = fieldsOf(line);
  return { requestId: f.text(1), sharedId: f.text(2) };
}

/** Reads back what `shapeLine` wrote. */
export function parseShape(line: string): {
  readonly organizationId: string;
  readonly shapeId: string;
  readonly rulesJson: string;
} {
  const f = fieldsOf(line);
  return { shapeId: f.text(1), organizationId: f.text(2), rulesJson: f.text(3) };
}

function entryOf(e: LedgerEntry): string {
  const { usage } = e;
  let input = 0;
  let cachedInput = 0;
  let cacheWrite = 0;
  let output = 0;
  let reasoning = 0;
  let total = 0;
  let others: Record<string, number> | null = null;
  for (const bucket in usage) {
    const tokens = usage[bucket] as number;
    if (tokens === 0) continue;
    total += tokens;
    if (bucket === 'input') input = tokens;
    else if (bucket === 'output') output = tokens;
    else if (bucket === 'cached_input') cachedInput = tokens;
    else if (bucket === 'reasoning') reasoning = tokens;
    else if (bucket === 'cache_write') cacheWrite = tokens;
    else {
      others ??= {};
      others[bucket] = tokens;
    }
  }
  const otherText = others === null ? '' : JSON.stringify(others);
  return `${e.attempt}\x1f${e.kind}\x1f${e.deploymentId}\x1f${e.provider}\x1f${free(e.upstreamModel)}\x1f${e.priceId ?? ''}\x1f${input}\x1f${cachedInput}\x1f${cacheWrite}\x1f${output}\x1f${reasoning}\x1f${total}\x1f${otherText}\x1f${e.nanoUsd ?? ''}`;
}

const ENTRY_BUCKETS = ['input', 'cached_input', 'cache_write', 'output', 'reasoning'] as const;

function parseEntry(text: string): LedgerEntry {
  const f = fieldsOf(text, ENTRY_FIELD_SEPARATOR);
  const usage: Record<string, number> = f.text(12) === '' ? {} : (JSON.parse(f.text(12)) as Record<string, number>);
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
  };
}

function dimensionsFrom(f: Fields) {
  return {
    organizationId: f.text(3),
    teamId: f.text(4),
    keyId: f.text(5),
    memberId: f.textOrNull(6),
    serviceAccountId: f.textOrNull(7),
    calledName: f.text(8),
  };
}

interface Fields {
  text(index: number): string;
  textOrNull(index: number): string | null;
  number(index: number): number;
  numberOrNull(index: number): number | null;
}

function fieldsOf(line: string, separator: string = FIELD_SEPARATOR): Fields {
  const parts = (line.endsWith('\n') ? line.slice(0, -1) : line).split(separator);
  const text = (index: number) => parts[index] ?? '';
  return {
    text,
    textOrNull: (index) => text(index) || null,
    number: (index) => Number(text(index)),
    numberOrNull: (index) => (text(index) === '' ? null : Number(text(index))),
  };
}

function providerOf(r: EndRecord): string {
  if (r.provider !== undefined) return r.provider ?? '';
  const last = r.entries.at(-1);
  return last !== undefined && last.deploymentId === r.deploymentId ? last.provider : '';
}

/** Without control characters, which separate fields, and at most FREE_TEXT_CHARS_MAX characters. */
function free(text: string): string {
  return clean(text.length > FREE_TEXT_CHARS_MAX ? text.slice(0, FREE_TEXT_CHARS_MAX) : text);
}

function freeOrNull(text: string | null): string {
  return text === null ? '' : free(text);
}

function clean(text: string): string {
  return CONTROL.test(text) ? text.replace(CONTROLS, '\ufffd') : text;
}

/** What a 32-bit column takes: durations beyond 35 minutes in microseconds stop there. */
function int32(value: number): number {
  return value >= 0 && value <= INT32_MAX ? Math.round(value) : value > INT32_MAX ? INT32_MAX : 0;
}

function int32OrNull(value: number | null): number | string {
  return value === null ? '' : int32(value);
}
