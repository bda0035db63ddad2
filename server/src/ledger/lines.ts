/**
 * Writes records as lines of bytes. This is on the hot path: it builds no intermediate text. Fields that the requests of a key or
 * a deployment have in common are kept as one piece.
 */
import { attemptsText } from '../domain/usage/attempt.ts';
import type { Attribution } from '../domain/usage/attribution.ts';
import {
  ATTRIBUTION_MARK,
  ENTRY_FIELD_SEPARATOR,
  ENTRY_SEPARATOR,
  LINE_TAGS,
  TAG_SEPARATOR,
  TAGS_MARK,
  TRIED_MARK,
} from '../domain/usage/settled-rows.ts';
import { isPiece } from '../domain/usage/usage.ts';
import { FRAME_HEADER_BYTES, FrameBuffer } from './frames.ts';
import type { BeginRecord, Dimensions, EndRecord, LedgerEntry, RecordedTags } from './records.ts';

/** The most characters kept of text that others chose (called name, client's id, finish reason, tier). */
export const FREE_TEXT_CHARS_MAX = 256;

/** The most characters kept of the joined names of units without a price. */
const UNIT_NAMES_CHARS_MAX = 1_024;

const INT32_MAX = 2_147_483_647;
const PIECES_MAX = 50_000;

/** Buckets with a column of their own, in the order of ENTRY_FIELDS. */
const ENTRY_BUCKETS = ['input', 'cached_input', 'cache_write', 'output', 'reasoning'] as const;
const HAS_COLUMN: ReadonlySet<string> = new Set(ENTRY_BUCKETS);

const TAB = 0x09;
const NEWLINE = 0x0a;
const ENTRY = ENTRY_SEPARATOR.charCodeAt(0);
const ENTRY_FIELD = ENTRY_FIELD_SEPARATOR.charCodeAt(0);
const MARK = ATTRIBUTION_MARK.charCodeAt(0);
const TRUE = 't'.charCodeAt(0);
const FALSE = 'f'.charCodeAt(0);

/** Writes records into a buffer of frames, one line each; every method returns the offset of its frame. */
export class LineWriter {
  readonly #out: FrameBuffer;
  readonly #whoPieces = new Map<string, WhoPiece>();
  readonly #wherePieces = new Map<string, WherePiece>();

  constructor(out: FrameBuffer) {
    this.#out = out;
  }

  /** Writes a request's row with its ledger entries, in the order of END_FIELDS. */
  end(record: EndRecord): number {
    return this.#endTagged(LINE_TAGS.end, record);
  }

  /** Writes the first of several refusals that will share a row: the row as it would be if no other followed. */
  shared(record: EndRecord): number {
    return this.#endTagged(LINE_TAGS.shared, record);
  }

  #endTagged(tag: string, r: EndRecord): number {
    const out = this.#out;
    out.open();
    this.#start(tag, r.requestId, r.admittedAtMs);
    out.text(this.#who(r));
    this.#freeOrNull(r.clientRequestId);
    this.#text(r.status);
    this.#int(r.httpStatus);
    this.#freeOrNull(r.code);
    this.#freeOrNull(r.param);
    this.#text(r.endpoint);
    this.#boolean(r.stream);
    this.#text(r.deploymentId ?? '');
    this.#text(providerOf(r));
    this.#int(r.attempts);
    this.#freeOrNull(r.finishReason);
    this.#int(int32(r.gatewayUs));
    this.#intOrNull(r.providerMs);
    this.#intOrNull(r.firstTokenMs);
    out.byte(TAB);
    out.ours(r.decision);
    this.#int(r.count);
    this.#text(r.repeatIds.length === 0 ? '' : r.repeatIds.join(','));
    this.#text(otherUsageOf(r.entries));
    out.byte(TAB);
    for (let i = 0; i < r.entries.length; i++) {
      if (i > 0) out.byte(ENTRY);
      this.#entry(r.entries[i] as LedgerEntry);
    }
    this.#text(r.content === null ? '' : r.content.toString('base64'));
    if (r.tagRoute) this.#tags(r);
    if (r.tried) this.#tried(r);
    if (saysAnything(r.attribution)) this.#attribution(r.attribution, r.tried ? 0 : r.tagRoute ? 1 : 3);
    out.byte(NEWLINE);
    return out.close();
  }

  /** Writes the attempts, behind two empty fields if the line has no tags. */
  #tried({ tagRoute, tried }: EndRecord): void {
    if (!tagRoute) {
      this.#text('');
      this.#text('');
    }
    this.#text(TRIED_MARK + attemptsText(tried ?? []));
  }

  #entry(e: LedgerEntry): void {
    const out = this.#out;
    const { usage } = e;
    let input = 0;
    let cachedInput = 0;
    let cacheWrite = 0;
    let output = 0;
    let reasoning = 0;
    let total = 0;
    let hasOthers = false;
    for (const bucket in usage) {
      const tokens = usage[bucket] as number;
      if (tokens === 0) continue;
      if (bucket === 'input') input = tokens;
      else if (bucket === 'output') output = tokens;
      else if (bucket === 'cached_input') cachedInput = tokens;
      else if (bucket === 'reasoning') reasoning = tokens;
      else if (bucket === 'cache_write') cacheWrite = tokens;
      else hasOthers = true;
      if (!hasOthers || !isPiece(bucket)) total += tokens;
    }
    out.int(e.attempt);
    out.byte(ENTRY_FIELD);
    out.text(this.#where(e));
    this.#entryInt(input);
    this.#entryInt(cachedInput);
    this.#entryInt(cacheWrite);
    this.#entryInt(output);
    this.#entryInt(reasoning);
    this.#entryInt(total);
    out.byte(ENTRY_FIELD);
    if (hasOthers) out.text(otherUsageOf([e]));
    out.byte(ENTRY_FIELD);
    if (e.nanoUsd !== null) out.int(e.nanoUsd);
    out.byte(ENTRY_FIELD);
    if (e.serviceTier) out.free(e.serviceTier, FREE_TEXT_CHARS_MAX);
    out.byte(ENTRY_FIELD);
    if (e.unpricedUnits) out.free(e.unpricedUnits, UNIT_NAMES_CHARS_MAX);
  }

  /** Writes the record by which a crash would be settled: see replay.ts. */
  begin(r: BeginRecord): number {
    const out = this.#out;
    out.open();
    this.#start(LINE_TAGS.begin, r.requestId, r.admittedAtMs);
    out.text(this.#who(r));
    this.#freeOrNull(r.clientRequestId ?? null);
    this.#text(r.endpoint ?? '');
    this.#boolean(r.stream === true);
    this.#int(r.attempts ?? 1);
    this.#text(r.deploymentId);
    this.#text(r.provider);
    this.#freeOrNull(r.upstreamModel);
    this.#text(r.priceId ?? '');
    this.#int(r.heldInputTokens);
    this.#int(r.heldOutputTokens);
    this.#int(r.heldNanoUsd);
    out.byte(TAB);
    out.ours(r.decision ?? '');
    if (r.tagRoute) this.#tags(r);
    if (saysAnything(r.attribution)) this.#attribution(r.attribution, r.tagRoute ? 0 : 2);
    out.byte(NEWLINE);
    return out.close();
  }

  /** Writes what a request says about its origin, behind as many empty fields as the line lacks. */
  #attribution({ endUser, session, client }: Attribution, lacking: number): void {
    const out = this.#out;
    for (let field = 0; field <= lacking; field += 1) out.byte(TAB);
    out.byte(MARK);
    if (endUser !== null) out.free(endUser, FREE_TEXT_CHARS_MAX);
    out.byte(ENTRY_FIELD);
    if (session !== null) out.free(session, FREE_TEXT_CHARS_MAX);
    out.byte(ENTRY_FIELD);
    if (client !== null) out.text(client);
  }

  /** Writes the fields of a line with tags. */
  #tags({ tags = [], tagRoute = '' }: Partial<RecordedTags>): void {
    this.#text(TAGS_MARK + tags.join(TAG_SEPARATOR));
    this.#text(tagRoute);
  }

  /** Writes the rules behind a shape id, in the order of SHAPE_FIELDS. */
  shape(organizationId: string, shapeId: string, rulesJson: string): number {
    const out = this.#out;
    out.open();
    out.text(`${LINE_TAGS.shape}\t${shapeId}\t${organizationId}\t`);
    out.ours(rulesJson);
    out.byte(NEWLINE);
    return out.close();
  }

  /** Writes one more refusal that shares the row of `sharedId`. */
  repeat(requestId: string, sharedId: string): number {
    const out = this.#out;
    out.open();
    out.text(`${LINE_TAGS.repeat}\t${requestId}\t${sharedId}\n`);
    return out.close();
  }

  #start(tag: string, requestId: string, admittedAtMs: number): void {
    const out = this.#out;
    out.byte(tag.charCodeAt(0));
    out.byte(TAB);
    out.text(requestId);
    out.byte(TAB);
    out.int(admittedAtMs);
    out.byte(TAB);
  }

  /** Returns the six fields that identify the caller and the called name; the same text for most requests of a key. */
  #who(r: Dimensions): string {
    const known = this.#whoPieces.get(r.keyId);
    if (known !== undefined && isOf(known, r)) return known.text;
    const { organizationId, teamId, keyId, memberId, serviceAccountId, calledName } = r;
    const ids = `${organizationId}\t${teamId}\t${keyId}\t${memberId ?? ''}\t${serviceAccountId ?? ''}`;
    const text = flat(`${ids}\t${cleanFree(calledName)}`);
    if (this.#whoPieces.size >= PIECES_MAX) this.#whoPieces.clear();
    this.#whoPieces.set(keyId, { organizationId, teamId, memberId, serviceAccountId, calledName, text });
    return text;
  }

  /** Returns the five fields that identify the target of an entry; the same text for most requests of a deployment. */
  #where(e: LedgerEntry): string {
    const known = this.#wherePieces.get(e.deploymentId);
    if (known !== undefined && isFor(known, e)) return known.text;
    const { kind, deploymentId, provider, upstreamModel, priceId } = e;
    const text = flat([kind, deploymentId, provider, cleanFree(upstreamModel), priceId ?? ''].join(ENTRY_FIELD_SEPARATOR));
    if (this.#wherePieces.size >= PIECES_MAX) this.#wherePieces.clear();
    this.#wherePieces.set(deploymentId, { kind, provider, upstreamModel, priceId, text });
    return text;
  }

  #text(text: string): void {
    this.#out.byte(TAB);
    this.#out.text(text);
  }

  #freeOrNull(text: string | null): void {
    this.#out.byte(TAB);
    if (text !== null) this.#out.free(text, FREE_TEXT_CHARS_MAX);
  }

  #int(value: number): void {
    this.#out.byte(TAB);
    this.#out.int(value);
  }

  #intOrNull(value: number | null): void {
    this.#out.byte(TAB);
    if (value !== null) this.#out.int(int32(value));
  }

  #entryInt(value: number): void {
    this.#out.byte(ENTRY_FIELD);
    this.#out.int(value);
  }

  #boolean(value: boolean): void {
    this.#out.byte(TAB);
    this.#out.byte(value ? TRUE : FALSE);
  }
}

/** Returns the tokens of buckets without a column, and the pieces, added up over the entries, as JSON. Nearly always empty. */
function otherUsageOf(entries: readonly LedgerEntry[]): string {
  let others: Record<string, number> | null = null;
  for (const { usage } of entries) {
    for (const bucket in usage) {
      const tokens = usage[bucket] as number;
      if (tokens === 0 || HAS_COLUMN.has(bucket)) continue;
      others ??= {};
      others[bucket] = (others[bucket] ?? 0) + tokens;
    }
  }
  return others === null ? '' : JSON.stringify(others);
}

type WhoPiece = Omit<Dimensions, 'keyId'> & { readonly text: string };
type WherePiece = Pick<LedgerEntry, 'kind' | 'provider' | 'upstreamModel' | 'priceId'> & { readonly text: string };

function isOf(piece: WhoPiece, r: Dimensions): boolean {
  return (
    piece.calledName === r.calledName &&
    piece.organizationId === r.organizationId &&
    piece.teamId === r.teamId &&
    piece.memberId === r.memberId &&
    piece.serviceAccountId === r.serviceAccountId
  );
}

function isFor(piece: WherePiece, e: LedgerEntry): boolean {
  return (
    piece.priceId === e.priceId &&
    piece.upstreamModel === e.upstreamModel &&
    piece.kind === e.kind &&
    piece.provider === e.provider
  );
}

/**
 * Returns the text as one flat string. V8 keeps a concatenated text as a tree and flattens it at use; this does so once, not at
 * every use.
 */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

/** Returns one `end` line as text, with its line feed. */
export function endLine(record: EndRecord): string {
  return lineOf((to) => to.end(record));
}

/** Returns one `shape` line as text, with its line feed. */
export function shapeLine(organizationId: string, shapeId: string, rulesJson: string): string {
  return lineOf((to) => to.shape(organizationId, shapeId, rulesJson));
}

function lineOf(write: (to: LineWriter) => void): string {
  const out = new FrameBuffer();
  write(new LineWriter(out));
  return out.bytes.toString('utf8', FRAME_HEADER_BYTES, out.length);
}

function saysAnything(attribution: Attribution | undefined): attribution is Attribution {
  if (attribution === undefined) return false;
  return attribution.endUser !== null || attribution.session !== null || attribution.client !== null;
}

function providerOf(r: EndRecord): string {
  if (r.provider !== undefined) return r.provider ?? '';
  const last = r.entries.at(-1);
  return last !== undefined && last.deploymentId === r.deploymentId ? last.provider : '';
}

const CONTROLS = /\p{Cc}/gu;

function cleanFree(text: string): string {
  return text.slice(0, FREE_TEXT_CHARS_MAX).replace(CONTROLS, '\ufffd');
}

/** Limits a number to a 32-bit column: durations above 35 minutes in microseconds become its maximum. */
function int32(value: number): number {
  return value >= 0 && value <= INT32_MAX ? Math.round(value) : value > INT32_MAX ? INT32_MAX : 0;
}
