import type { AnswerFacts, JsonObject, Wire } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { closingQuote, isObject, objectOr, objectsIn, parseJson } from '../json.ts';
import { reportOf } from '../plausible.ts';
import { answeredTier } from '../service-tier.ts';
import { tierOf, type UsageAt, usageOf } from '../usage.ts';
import { isSpace, lastStringOf, skipSpace, stringAt, valueStart } from './scan.ts';

const USAGE_KEY = Buffer.from('"usage"');
const STOP_KEYS: Readonly<Partial<Record<Wire, Buffer>>> = {
  'openai-chat': Buffer.from('"finish_reason"'),
  'openai-completions': Buffer.from('"finish_reason"'),
  'anthropic-messages': Buffer.from('"stop_reason"'),
};
/**
 * The longest tail that is searched. For a longer one, parsing the whole answer costs no more than proving where the usage is.
 */
const TAIL_BYTES_MAX = 4096;
const STOP_BYTES_MAX = 200;
const TIER = '"service_tier"';
const TIER_KEY = Buffer.from(TIER);
const TIER_BYTES_MAX = 120;
const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Returns the facts of a whole answer, usually read from its tail alone. Throws UnreadableAnswer if the body is empty or not a
 * JSON object. `outputBytes` is counted only if no usage was reported.
 */
export function wholeFacts(wire: Wire, bytes: Buffer, usageAt?: UsageAt): AnswerFacts {
  checkEnds(bytes);
  const tail = wire === 'anthropic-count-tokens' || wire === 'openai-input-tokens' ? null : readTail(bytes);
  const usage = tail === null ? null : usageOf(wire, tail.report, usageAt);
  if (tail !== null && usage !== null && usage !== 'implausible') {
    const finishReason = stopFromTail(wire, bytes);
    const isChat = wire === 'openai-chat' || wire === 'openai-completions';
    const serviceTier = isChat ? chatTier(bytes, tail.behind) : tierOf(wire, tail.report);
    const seen = { serviceTier, outputBytes: 0, finishReason, finishes: 1, complete: true, error: null };
    return { usage, usageImplausible: false, usageIsFinal: true, ...seen };
  }
  const json = parseJson(bytes.toString('utf8'));
  if (!isObject(json)) throw new UnreadableAnswer('the provider answered with invalid JSON');
  const reported = usageOf(wire, json, usageAt);
  return {
    ...reportOf(reported),
    serviceTier: tierOf(wire, json),
    outputBytes: wholeOutputBytes(json),
    finishReason: stopOf(json),
    finishes: 1,
    complete: true,
    error: wire === 'anthropic-messages' && json.type !== 'error' ? null : inBandError(json),
  };
}

function checkEnds(bytes: Buffer): void {
  let first = 0;
  let last = bytes.length - 1;
  while (isSpace(bytes[first])) first++;
  while (last > first && isSpace(bytes[last])) last--;
  if (first >= bytes.length) throw new UnreadableAnswer('the provider answered with an empty body');
  if (bytes[first] !== OPEN_OBJECT || bytes[last] !== CLOSE_OBJECT)
    throw new UnreadableAnswer('the provider did not answer with JSON');
}

/** Returns the usage object if it is provably at the top level near the end, and the text after it; null in doubt. */
function readTail(bytes: Buffer): { readonly report: JsonObject; readonly behind: Ending } | null {
  const at = bytes.lastIndexOf(USAGE_KEY);
  if (at === -1 || bytes.length - at > TAIL_BYTES_MAX) return null;
  const tail = bytes.toString('latin1', at);
  const colon = skipSpace(tail, USAGE_KEY.length);
  const open = skipSpace(tail, colon + 1);
  if (tail[colon] !== ':' || tail[open] !== '{') return null;
  const close = closeOf(tail, open);
  if (close === -1) return null;
  const behind = endingOf(tail.slice(close + 1));
  if (!behind.closesOne) return null;
  const usage = parseJson(tail.slice(open, close + 1));
  return isObject(usage) ? { report: { usage }, behind } : null;
}

/** The text after the usage of an answer. */
interface Ending {
  readonly text: string;
  /** True if it closes exactly one level, the answer's own, and ends there. */
  readonly closesOne: boolean;
  /** True if it names the ordinary tier. */
  readonly isOrdinary: boolean;
}

/** The last ending, as a cache: most answers of a provider end the same. */
let lastEnding: Ending = { text: '', closesOne: false, isOrdinary: false };

function endingOf(text: string): Ending {
  if (text === lastEnding.text) return lastEnding;
  const closesOne = text !== '' && closeOf(text, 0, 1) === lastNonSpace(text);
  lastEnding = { text, closesOne, isOrdinary: tierIn(text) === '' };
  return lastEnding;
}

function tierIn(text: string): string | null {
  const at = valueStart(text, TIER, 0);
  return answeredTier(at === -1 ? null : stringAt(text, at) || null);
}

/**
 * Returns the tier of a chat completion, which names it at the top level, usually after the usage. The ordinary tier is
 * recognized by its word anywhere. For any other word the whole answer is parsed, which is rare.
 */
function chatTier(bytes: Buffer, behind: Ending): string | null {
  if (behind.isOrdinary) return '';
  let tier = tierIn(behind.text);
  if (valueStart(behind.text, TIER, 0) === -1) {
    const key = bytes.lastIndexOf(TIER_KEY);
    if (key === -1) return null;
    tier = tierIn(bytes.toString('latin1', key, key + TIER_BYTES_MAX));
  }
  if (tier === null || tier === '') return tier;
  const json = parseJson(bytes.toString('utf8'));
  return isObject(json) ? tierOf('openai-chat', json) : tier;
}

/** Returns the index of the bracket that brings the depth back to zero; -1 if none does. */
function closeOf(text: string, from: number, depthBefore = 0): number {
  let depth = depthBefore;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = closingQuote(text, i);
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++;
    else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && --depth === 0) return i;
  }
  return -1;
}

function lastNonSpace(text: string): number {
  let at = text.length - 1;
  while (at > 0 && isSpace(text.charCodeAt(at))) at--;
  return at;
}

function stopFromTail(wire: Wire, bytes: Buffer): string | null {
  const key = STOP_KEYS[wire];
  const at = key === undefined ? -1 : bytes.lastIndexOf(key);
  return key === undefined || at === -1 ? null : lastStringOf(bytes.toString('latin1', at, at + STOP_BYTES_MAX), key.toString());
}

function stopOf(json: JsonObject): string | null {
  const reason = json.stop_reason ?? objectsIn(json.choices)[0]?.finish_reason;
  return typeof reason === 'string' ? reason : null;
}

function wholeOutputBytes(json: JsonObject): number {
  const messages = objectsIn(json.choices).map((choice) => choice.text ?? objectOr(choice.message));
  const parts = messages.length > 0 ? messages : [json.content];
  return parts.reduce<number>((sum, part) => sum + Buffer.byteLength(JSON.stringify(part ?? '')), 0);
}
