import { type Beyond, NOTHING_BEYOND } from '../domain/beyond.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { arrayOr, isObject, objectOr } from './json.ts';
import { CLIENT_CHAT_TOOLS, isClientMessageTool, judgeBeta } from './price-neutral.ts';
import { askedWord, plainName } from './service-tier.ts';

/** What the walk over messages and their parts found on its way. */
export interface SeenInParts {
  audioParts: number;
  /** `cache_control` by its lifetime: the ordinary one, an hour, or one that nobody knows. */
  cached: boolean;
  cachedForHour: boolean;
  cachedOtherwise: string | null;
}

/** More than this is not worth telling apart: one further entry stands for the rest. */
const BEYOND_MAX = 32;
/** A number of lookups above this bounds nothing. */
const LOOKUPS_MAX = 1_000;

/** What a request of a chat wire asks for beyond ordinary tokens; the shared empty list for nearly all. */
export function beyondIn(wire: Wire, body: JsonObject, seen: SeenInParts): readonly Beyond[] {
  if (wire === 'openai-chat') return chatBeyond(body, seen);
  return wire === 'anthropic-messages' ? messagesBeyond(body, seen) : NOTHING_BEYOND;
}

/** Made only when there is something to note. */
class Found {
  #list: Beyond[] | null = null;

  add(beyond: Beyond): void {
    this.#list ??= [];
    if (this.#list.length < BEYOND_MAX) this.#list.push(beyond);
    else if (this.#list.length === BEYOND_MAX) this.#list.push(other(beyond.param, 'other'));
  }

  list(): readonly Beyond[] {
    return this.#list ?? NOTHING_BEYOND;
  }
}

function messagesBeyond(body: JsonObject, seen: SeenInParts): readonly Beyond[] {
  const found = new Found();
  let described = 0;
  arrayOr(body.tools).forEach((tool, at) => {
    if (!isObject(tool)) return;
    noteCacheControl(tool.cache_control, seen);
    if (tool.type === undefined || tool.type === null || tool.type === 'custom') return;
    described += 1;
    noteMessageTool(tool, at, found);
  });
  if (described > 0) found.add({ is: 'described', param: 'tools', tools: described });
  if (isGiven(body.mcp_servers)) found.add(other('mcp_servers', 'mcp_servers'));
  if (isGiven(body.container)) found.add(other('container', 'container'));
  for (const edit of arrayOr(objectOr(body.context_management).edits)) {
    // A compaction is a further call over the whole context.
    if (String(objectOr(edit).type ?? '').startsWith('compact')) found.add(other('context_management', 'compaction'));
  }
  noteTier(found, ['service_tier', body.service_tier], ['speed', body.speed], ['inference_geo', body.inference_geo]);
  noteCacheControl(body.cache_control, seen);
  noteParts(seen, found);
  return found.list();
}

function noteMessageTool(tool: JsonObject, at: number, found: Found): void {
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

function chatBeyond(body: JsonObject, seen: SeenInParts): readonly Beyond[] {
  const found = new Found();
  arrayOr(body.tools).forEach((tool, at) => {
    if (!isObject(tool)) return;
    noteCacheControl(tool.cache_control, seen);
    const type = typeof tool.type === 'string' ? tool.type : 'unknown';
    if (CLIENT_CHAT_TOOLS.has(type) || (type === 'tool_search' && tool.execution === 'client')) return;
    found.add(other(`tools[${at}].type`, `tool:${plainName(type)}`));
  });
  noteChatSearches(body, found);
  for (const field of UNPRICED_CHAT_FIELDS) if (isGiven(body[field])) found.add(other(field, field));
  noteChatTier(body.service_tier, found);
  if (arrayOr(body.modalities).includes('audio')) found.add({ is: 'bucket', param: 'modalities', bucket: 'audio_output' });
  else if (isGiven(body.audio)) found.add({ is: 'bucket', param: 'audio', bucket: 'audio_output' });
  noteCacheControl(body.cache_control, seen);
  noteParts(seen, found);
  return found.list();
}

/** OpenRouter's plugins and other models to fall back to, and Alibaba's search: none of them is billed by anything an answer says. */
const UNPRICED_CHAT_FIELDS = ['plugins', 'models', 'enable_search'] as const;

/** OpenAI's search models search for every answer and say nowhere how often; xAI reads all its sources at once and counts them. */
function noteChatSearches({ web_search_options: options, search_parameters: parameters }: JsonObject, found: Found): void {
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

/** OpenAI answers and bills `fast` as `priority`. */
function noteChatTier(tier: unknown, found: Found): void {
  noteTier(found, ['service_tier', tier === 'fast' ? 'priority' : tier]);
}

/** One entry for all fields together, named by the first that asks for more than the ordinary. */
function noteTier(found: Found, ...fields: readonly (readonly [string, unknown])[]): void {
  let tier: string | null = null;
  let param = '';
  for (const [name, value] of fields) {
    const word = askedWord(value);
    if (word === null || (word === '' && tier !== null)) continue;
    if (tier === null || tier === '') param = name;
    tier = tier === null || tier === '' ? word : `${tier}+${word}`;
  }
  if (tier !== null) found.add({ is: 'tier', param, tier });
}

/** Notes a cache marker for `noteParts`; what is no marker is the provider's to judge. */
export function noteCacheControl(marker: unknown, seen: SeenInParts): void {
  if (marker === undefined || !isObject(marker)) return;
  const { ttl } = marker;
  if (ttl === undefined || ttl === null || ttl === '5m') seen.cached = true;
  else if (ttl === '1h') seen.cachedForHour = true;
  else seen.cachedOtherwise ??= plainName(String(ttl));
}

function noteParts(seen: SeenInParts, found: Found): void {
  if (seen.audioParts > 0) found.add({ is: 'bucket', param: 'messages', bucket: 'audio_input' });
  if (seen.cached) found.add({ is: 'bucket', param: 'cache_control', bucket: 'cache_write' });
  if (seen.cachedForHour) found.add({ is: 'bucket', param: 'cache_control', bucket: 'cache_write_1h' });
  if (seen.cachedOtherwise !== null) found.add(other('cache_control', `cache_write:${seen.cachedOtherwise}`));
}

function other(param: string, unit: string): Beyond {
  return { is: 'other', param, unit, isOfTokens: false };
}

/** Absent, null, false and empty lists ask for nothing. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

function lookups(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LOOKUPS_MAX ? (value as number) : null;
}

/** Agents send one header with every request. */
const VERDICTS_MAX = 500;
const HEADER_CHARS_MAX = 2_000;
const verdicts = new Map<string, readonly Beyond[]>();

/** What the `anthropic-beta` header asks for beyond ordinary tokens: a comma list of names. Remembered by the header's text. */
export function beyondInBetas(header: string): readonly Beyond[] {
  const known = verdicts.get(header);
  if (known !== undefined) return known;
  const found = new Found();
  for (const name of new Set(header.split(',').map((part) => part.trim()))) {
    if (name === '') continue;
    const verdict = judgeBeta(name);
    if (verdict === 'context') found.add({ is: 'context', param: BETA_HEADER });
    if (verdict === 'unknown') found.add({ is: 'other', param: BETA_HEADER, unit: `beta:${plainName(name)}`, isOfTokens: true });
  }
  const list = Object.freeze(found.list());
  if (header.length > HEADER_CHARS_MAX) return list;
  if (verdicts.size >= VERDICTS_MAX) verdicts.clear();
  verdicts.set(header, list);
  return list;
}

export const BETA_HEADER = 'anthropic-beta';
