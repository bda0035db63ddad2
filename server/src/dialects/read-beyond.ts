import { type Beyond, NOTHING_BEYOND } from '../domain/money/beyond.ts';
import type { DearerBucket } from '../domain/money/price.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { arrayOr, isObject, objectOr } from './json.ts';
import { toolsIn } from './openai-responses/tool-names.ts';
import {
  CLIENT_CHAT_TOOLS,
  isClientMessageTool,
  judgeBeta,
  PRICE_NEUTRAL_CHAT_FIELDS,
  PRICE_NEUTRAL_COMPLETION_FIELDS,
  PRICE_NEUTRAL_MESSAGE_FIELDS,
  PRICE_NEUTRAL_RESPONSES_FIELDS,
} from './price-neutral.ts';
import { askedWord, plainName } from './service-tier.ts';

/** The findings of the walk over messages and their parts. */
export interface SeenInParts {
  audioParts: number;
  /** The lifetimes of `cache_control` that occur: the ordinary one, an hour, or an unknown one. */
  cached: boolean;
  cachedForHour: boolean;
  cachedOtherwise: string | null;
}

/** The most entries that are listed. One further entry stands for the rest. */
const BEYOND_MAX = 32;
/** The largest number of lookups that counts as a bound. */
const LOOKUPS_MAX = 1_000;
/** The most characters of a field's name that are said. */
const FIELD_NAME_MAX = 40;

/**
 * Returns the things that a request of a chat wire asks for beyond ordinary tokens; for nearly all requests the shared empty
 * list.
 */
export function beyondIn(wire: Wire, body: JsonObject, seen: SeenInParts): readonly Beyond[] {
  found.take();
  if (wire === 'openai-chat') return chatBeyond(body, seen, PRICE_NEUTRAL_CHAT_FIELDS);
  if (wire === 'openai-completions') return chatBeyond(body, seen, PRICE_NEUTRAL_COMPLETION_FIELDS);
  if (wire === 'openai-responses') return responsesBeyond(body, seen);
  return wire === 'anthropic-messages' ? messagesBeyond(body, seen) : NOTHING_BEYOND;
}

/** A collector that allocates a list only if there is an entry. */
class Found {
  #list: Beyond[] | null = null;

  add(beyond: Beyond): void {
    this.#list ??= [];
    if (this.#list.length < BEYOND_MAX) this.#list.push(beyond);
    else if (this.#list.length === BEYOND_MAX) this.#list.push(other(beyond.param, 'other'));
  }

  /** Returns the entries since the last call. */
  take(): readonly Beyond[] {
    const list = this.#list ?? NOTHING_BEYOND;
    this.#list = null;
    return list;
  }
}

/** One collector is enough: one body is read at a time, and nearly all have no entry. */
const found = new Found();

function messagesBeyond(body: JsonObject, seen: SeenInParts): readonly Beyond[] {
  const tools = arrayOr(body.tools);
  let described = 0;
  for (let at = 0; at < tools.length; at += 1) {
    const tool = tools[at];
    if (!isObject(tool)) continue;
    noteCacheControl(tool.cache_control, seen);
    if (tool.type === undefined || tool.type === null || tool.type === 'custom') continue;
    described += 1;
    noteMessageTool(tool, at);
  }
  if (described > 0) found.add({ is: 'described', param: 'tools', tools: described });
  if (isGiven(body.mcp_servers)) found.add(other('mcp_servers', 'mcp_servers'));
  if (isGiven(body.container)) found.add(other('container', 'container'));
  if (isGiven(body.context_management)) noteCompactions(objectOr(body.context_management));
  const { service_tier, speed, inference_geo } = body;
  if ((service_tier ?? speed ?? inference_geo) !== undefined) noteTier({ service_tier, speed, inference_geo });
  noteCacheControl(body.cache_control, seen);
  noteUnknownFields(body, PRICE_NEUTRAL_MESSAGE_FIELDS);
  noteParts(seen);
  return found.take();
}

/** Notes compactions. Each is a further call over the whole context. */
function noteCompactions({ edits }: JsonObject): void {
  for (const edit of arrayOr(edits)) {
    const { type } = objectOr(edit);
    if (typeof type === 'string' && type.startsWith('compact')) found.add(other('context_management', 'compaction'));
  }
}

function noteMessageTool(tool: JsonObject, at: number): void {
  const type = typeof tool.type === 'string' ? tool.type : 'unknown';
  if (isClientMessageTool(type)) return;
  const unit = type.startsWith('web_search_') ? 'search' : type.startsWith('web_fetch_') ? 'fetch' : null;
  const param = `tools[${at}].type`;
  if (unit === null) found.add(other(param, `tool:${plainName(type)}`));
  else {
    const most = lookups(tool.max_uses);
    found.add({
      is: 'lookups',
      param,
      lookups: { unit, most, boundParam: `tools[${at}].max_uses`, isLoop: true, isReported: true },
    });
  }
}

function chatBeyond(body: JsonObject, seen: SeenInParts, neutral: ReadonlySet<string>): readonly Beyond[] {
  const tools = arrayOr(body.tools);
  for (let at = 0; at < tools.length; at += 1) {
    const tool = tools[at];
    if (!isObject(tool)) continue;
    noteCacheControl(tool.cache_control, seen);
    const type = typeof tool.type === 'string' ? tool.type : 'unknown';
    if (CLIENT_CHAT_TOOLS.has(type) || (type === 'tool_search' && tool.execution === 'client')) continue;
    found.add(other(`tools[${at}].type`, `tool:${plainName(type)}`));
  }
  noteChatSearches(body);
  noteUnknownFields(body, neutral);
  if (isGiven(body.service_tier)) noteChatTier(body.service_tier);
  if (isGiven(body.modalities) || isGiven(body.audio)) noteModalities(arrayOr(body.modalities), body.audio);
  noteCacheControl(body.cache_control, seen);
  noteParts(seen);
  return found.take();
}

function responsesBeyond(body: JsonObject, seen: SeenInParts): readonly Beyond[] {
  for (const { tool, param } of toolsIn(body)) {
    const type = typeof tool.type === 'string' ? tool.type : 'unknown';
    if (CLIENT_CHAT_TOOLS.has(type) || (type === 'tool_search' && tool.execution === 'client')) continue;
    if (!/^web_search(?:_preview)?(?:_\d|$)/.test(type)) {
      found.add(other(`${param}.type`, `tool:${plainName(type)}`));
      continue;
    }
    const bound = { most: lookups(body.max_tool_calls), boundParam: 'max_tool_calls' };
    found.add({
      is: 'lookups',
      param: `${param}.type`,
      lookups: { unit: 'search', ...bound, isLoop: true, isReported: true },
    });
  }
  if (isGiven(body.context_management)) found.add(other('context_management', 'compaction'));
  noteUnknownFields(body, PRICE_NEUTRAL_RESPONSES_FIELDS);
  if (isGiven(body.service_tier)) noteChatTier(body.service_tier);
  noteParts(seen);
  return found.take();
}

function noteModalities(modalities: readonly unknown[], audio: unknown): void {
  if (modalities.includes('audio')) noteBucket('modalities', 'audio_output');
  else if (isGiven(audio)) noteBucket('audio', 'audio_output');
  if (modalities.includes('image')) noteBucket('modalities', 'image_output');
}

function noteBucket(param: string, bucket: DearerBucket): void {
  found.add({ is: 'bucket', param, bucket });
}

/** Notes every field that is not known to cost nothing beyond tokens: what this program does not know, the provider may bill. */
function noteUnknownFields(body: JsonObject, neutral: ReadonlySet<string>): void {
  for (const field in body) {
    if (neutral.has(field) || !isGiven(body[field]) || (field === 'extra_body' && isThinkingOfGoogle(body.extra_body))) continue;
    const name = plainName(field).slice(0, FIELD_NAME_MAX);
    found.add(other(name, name));
  }
}

/** Reports whether all that Google's own fields ask for is a way of thinking, which is output. */
function isThinkingOfGoogle(extra: unknown): boolean {
  if (!isObject(extra)) return false;
  const { google = {}, ...more } = extra;
  if (Object.keys(more).length > 0 || !isObject(google)) return false;
  return Object.keys(google).every((name) => name === 'thinking_config' || name === 'thinkingConfig');
}

/**
 * Notes searches of a chat request. OpenAI's search models search for every answer and never report how often. xAI reads all its
 * sources at once and counts them.
 */
function noteChatSearches({ web_search_options: options, search_parameters: parameters }: JsonObject): void {
  if (isGiven(options)) {
    const searches = { unit: 'search', most: null, boundParam: null, isLoop: true, isReported: false } as const;
    found.add({ is: 'lookups', param: 'web_search_options', lookups: searches });
  }
  if (!isGiven(parameters) || objectOr(parameters).mode === 'off') return;
  const most = lookups(objectOr(parameters).max_search_results);
  const sources = {
    unit: 'search',
    most,
    boundParam: 'search_parameters.max_search_results',
    isLoop: false,
    isReported: true,
  } as const;
  found.add({ is: 'lookups', param: 'search_parameters', lookups: sources });
}

/** Notes the tier of a chat request. OpenAI answers and bills `fast` as `priority`. */
function noteChatTier(tier: unknown): void {
  noteTier({ service_tier: tier === 'fast' ? 'priority' : tier });
}

/** Notes one entry for all fields together. Its `param` is the first field that asks for more than the ordinary tier. */
function noteTier(fields: JsonObject): void {
  let tier: string | null = null;
  let param = '';
  for (const [name, value] of Object.entries(fields)) {
    const word = askedWord(value);
    if (word === null || (word === '' && tier !== null)) continue;
    if (tier === null || tier === '') param = name;
    tier = tier === null || tier === '' ? word : `${tier}+${word}`;
  }
  if (tier !== null) found.add({ is: 'tier', param, tier });
}

/** Notes a cache marker for `noteParts`. Any other value is left to the provider. */
export function noteCacheControl(marker: unknown, seen: SeenInParts): void {
  if (marker === undefined || !isObject(marker)) return;
  const { ttl } = marker;
  if (ttl === undefined || ttl === null || ttl === '5m') seen.cached = true;
  else if (ttl === '1h') seen.cachedForHour = true;
  else seen.cachedOtherwise ??= typeof ttl === 'string' ? plainName(ttl) : 'unknown';
}

function noteParts(seen: SeenInParts): void {
  if (seen.audioParts > 0) noteBucket('messages', 'audio_input');
  if (seen.cached) noteBucket('cache_control', 'cache_write');
  if (seen.cachedForHour) noteBucket('cache_control', 'cache_write_1h');
  if (seen.cachedOtherwise !== null) found.add(other('cache_control', `cache_write:${seen.cachedOtherwise}`));
}

function other(param: string, unit: string): Beyond {
  return { is: 'other', param, unit, isOfTokens: false };
}

/** Reports whether a field asks for something. Absent, null, false and empty lists do not. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

function lookups(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LOOKUPS_MAX ? (value as number) : null;
}

/** The most headers whose result is cached. Agents send the same header with every request. */
const VERDICTS_MAX = 500;
const HEADER_CHARS_MAX = 2_000;
const verdicts = new Map<string, readonly Beyond[]>();

/**
 * Returns the things that the `anthropic-beta` header, a comma list of names, asks for beyond ordinary tokens. Cached by the
 * header's text.
 */
export function beyondInBetas(header: string): readonly Beyond[] {
  const known = verdicts.get(header);
  if (known !== undefined) return known;
  for (const name of new Set(header.split(',').map((part) => part.trim()))) {
    if (name === '') continue;
    const verdict = judgeBeta(name);
    if (verdict === 'context') found.add({ is: 'context', param: BETA_HEADER });
    if (verdict === 'unknown') found.add({ is: 'other', param: BETA_HEADER, unit: `beta:${plainName(name)}`, isOfTokens: true });
  }
  const list = Object.freeze(found.take());
  if (header.length > HEADER_CHARS_MAX) return list;
  if (verdicts.size >= VERDICTS_MAX) verdicts.clear();
  verdicts.set(header, list);
  return list;
}

export const BETA_HEADER = 'anthropic-beta';
