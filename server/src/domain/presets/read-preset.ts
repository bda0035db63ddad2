/**
 * The reader of presets. It takes untrusted JSON, because people add rows. Every field has an exact form and a bound, a field that
 * is not known is refused, and a fault names the field.
 */
import {
  AUTH_HEADER,
  NAME,
  NAME_CHARS_MAX,
  PLACES_OF_USAGE_MAX,
  PRESET_ID,
  PRICE_LIST_NAME,
  USAGE_PATH,
  WIRE_PATH,
} from './forms.ts';
import {
  CODED_PROVIDERS,
  LIMIT_FAMILIES,
  LIMIT_SPANS,
  PRESET_WIRES,
  PRESETS_MAX,
  type Preset,
  type PresetAuth,
  type PresetLimits,
  type PresetWire,
  THINKING_PLACES,
  type ThinkingPlace,
} from './preset.ts';
import { readDrop, readRename, readValues } from './read-quirks.ts';
import { type CheckAddress, Fault, objectFrom, oneOf, textFrom } from './reading.ts';

/** The fault of a preset: a field, such as `wires/openai-chat`, and the reason. */
export interface PresetFault {
  readonly field: string;
  readonly words: string;
}

const FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'name', 'base_url', 'auth', 'wires', 'rename', 'values', 'drop', 'thinking', 'usage', 'limits', 'prices'],
]);

const WIRES_MIN = 1;

const DEFAULT_USAGE: readonly (readonly string[])[] = Object.freeze([Object.freeze(['usage'])]);

/** Reads one preset. `checkAddress` says what is wrong with a base URL. */
export function readPreset(
  value: unknown,
  checkAddress: CheckAddress,
): { readonly preset: Preset } | { readonly fault: PresetFault } {
  try {
    return { preset: presetFrom(value, checkAddress) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { fault: { field: error.field, words: error.message } };
  }
}

/** Reads a list of presets. The problem names the row, by number and id, and the field. */
export function readPresets(
  value: unknown,
  checkAddress: (id: string) => CheckAddress,
): { readonly presets: readonly Preset[] } | { readonly problem: string } {
  if (!Array.isArray(value)) return { problem: 'must be a list of presets' };
  if (value.length > PRESETS_MAX) return { problem: `must have at most ${PRESETS_MAX} rows, not ${value.length}` };
  const presets = new Map<string, Preset>();
  for (const [index, row] of value.entries()) {
    const id = idIn(row);
    const read = readPreset(row, checkAddress(id ?? ''));
    const where = `row ${index + 1}${id === null ? '' : ` (${id})`}`;
    if ('fault' in read) return { problem: `${where}: ${read.fault.field} ${read.fault.words}` };
    if (presets.has(read.preset.id)) return { problem: `${where}: id is the id of an earlier row` };
    presets.set(read.preset.id, read.preset);
  }
  return { presets: [...presets.values()] };
}

function idIn(row: unknown): string | null {
  const id = typeof row === 'object' && row !== null && Object.hasOwn(row, 'id') ? (row as { id: unknown }).id : null;
  return typeof id === 'string' && PRESET_ID.test(id) ? id : null;
}

function presetFrom(value: unknown, checkAddress: CheckAddress): Preset {
  const row = objectFrom(value, '', FIELDS);
  const rename = readRename(row.rename);
  return Object.freeze({
    id: idFrom(row.id),
    name: textFrom(row.name, 'name', NAME, `must be a text of 1 to ${NAME_CHARS_MAX} characters`),
    baseUrl: baseUrlFrom(row.base_url, checkAddress),
    auth: authFrom(row.auth),
    wires: wiresFrom(row.wires),
    quirks: Object.freeze({
      rename,
      values: readValues(row.values),
      drop: readDrop(row.drop, rename),
      thinking: row.thinking === undefined || row.thinking === null ? null : thinkingFrom(row.thinking),
      usageAt: usageFrom(row.usage),
    }),
    limits: limitsFrom(row.limits),
    prices:
      row.prices === undefined || row.prices === null
        ? null
        : textFrom(row.prices, 'prices', PRICE_LIST_NAME, 'must be a vendor of the price list, such as groq'),
  });
}

function idFrom(value: unknown): string {
  if (typeof value === 'string' && CODED_PROVIDERS.has(value))
    throw new Fault('id', 'is the name of a provider that needs no preset');
  return textFrom(value, 'id', PRESET_ID, 'must be 2 to 40 lower-case letters, digits and hyphens, and begin with a letter');
}

const BASE_URL_CHARS_MAX = 2_048;

function baseUrlFrom(value: unknown, checkAddress: CheckAddress): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > BASE_URL_CHARS_MAX)
    throw new Fault('base_url', `must be a URL of at most ${BASE_URL_CHARS_MAX} characters`);
  const problem = checkAddress(value);
  if (problem !== null) throw new Fault('base_url', problem);
  return value;
}

function authFrom(value: unknown): PresetAuth {
  if (value === 'bearer' || value === 'none') return value;
  if (typeof value === 'string' && AUTH_HEADER.test(value)) return Object.freeze({ header: value });
  throw new Fault('auth', 'must be bearer, none, or the name of a header such as x-api-key or api-key');
}

function wiresFrom(value: unknown): Preset['wires'] {
  const given = objectFrom(value, 'wires', new Set(PRESET_WIRES));
  const wires: Partial<Record<PresetWire, string>> = {};
  for (const wire of PRESET_WIRES)
    if (Object.hasOwn(given, wire))
      wires[wire] = textFrom(given[wire], `wires/${wire}`, WIRE_PATH, 'must be a path such as /chat/completions');
  if (Object.keys(wires).length < WIRES_MIN) throw new Fault('wires', 'must name at least one wire');
  if (wires['anthropic-count-tokens'] !== undefined && wires['anthropic-messages'] === undefined)
    throw new Fault('wires/anthropic-count-tokens', 'needs the wire anthropic-messages beside it');
  return Object.freeze(wires);
}

function thinkingFrom(value: unknown): ThinkingPlace {
  return oneOf(value, 'thinking', THINKING_PLACES);
}

function usageFrom(value: unknown): Preset['quirks']['usageAt'] {
  if (value === undefined || value === null) return DEFAULT_USAGE;
  const { at } = objectFrom(value, 'usage', new Set(['at']));
  if (!Array.isArray(at) || at.length === 0 || at.length > PLACES_OF_USAGE_MAX)
    throw new Fault('usage/at', `must be a list of 1 to ${PLACES_OF_USAGE_MAX} places`);
  const paths = at.map((path: unknown) =>
    textFrom(path, 'usage/at', USAGE_PATH, 'must hold places such as usage or x_groq.usage').split('.'),
  );
  if (new Set(at).size < at.length) throw new Fault('usage/at', 'must not name a place twice');
  return Object.freeze(paths.map((path) => Object.freeze(path)));
}

function limitsFrom(value: unknown): PresetLimits {
  if (value === undefined || value === null) return DEFAULT_LIMITS;
  const { family = 'openai', requests = 'minute' } = objectFrom(value, 'limits', new Set(['family', 'requests']));
  return Object.freeze({
    family: oneOf(family, 'limits/family', LIMIT_FAMILIES),
    requests: oneOf(requests, 'limits/requests', LIMIT_SPANS),
  });
}

const DEFAULT_LIMITS: PresetLimits = Object.freeze({ family: 'openai', requests: 'minute' });
