/** The forms and bounds of the fields of presets. The reader checks them, and the contract of the admin API states them. */

/** The names that no preset may have: those of vendors with code, and of what every object has. */
const TAKEN_IDS = 'openai|anthropic|gemini|azure|bedrock|vertex|cohere|voyage|fake|constructor';
const ID = '[a-z][a-z0-9-]{1,39}';
export const PRESET_ID = new RegExp(`^(?!(?:${TAKEN_IDS})$)${ID}$`);
/** A provider with code of its own, or a preset. */
export const PROVIDER_NAME = new RegExp(`^${ID}$`);
/** The same, for what needs a credential. */
export const KEYED_PROVIDER_NAME = new RegExp(`^(?!fake$)${ID}$`);
export const NAME_CHARS_MAX = 60;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
export const NAME = /^(?!\s)(?:[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]){1,60}$(?<!\s)/;

/** The header names that may carry a key. Others have a meaning for HTTP. */
export const AUTH_HEADER = /^(?:x-[a-z0-9-]{1,60}|api-key)$/;
export const AUTH_WORD = /^(?:bearer|none|x-[a-z0-9-]{1,60}|api-key)$/;
/** A path of a wire: up to eight parts without a query. */
export const WIRE_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,40}){1,8}$/;

/** The fields that the gateway itself writes or reads. Without them a request says something else. */
const OURS = 'model|messages|input|prompt|stream|system|tools|anthropic_version|constructor';
/** The name of a field that a preset may change. */
export const FIELD_NAME = new RegExp(`^(?!(?:${OURS}|stream_options)$)[a-z][a-z0-9_]{0,63}$`);
/** The same for a field that is left out. The gateway writes `stream_options`, and a vendor that always reports usage may refuse it. */
export const DROPPED_FIELD = new RegExp(`^(?!(?:${OURS})$)[a-z][a-z0-9_]{0,63}$`);
/** A word that a field can have. */
export const WORD = /^(?!constructor$)[A-Za-z0-9.-][A-Za-z0-9._-]{0,63}$/;
export const RENAMES_MAX = 20;
export const FIELDS_WITH_VALUES_MAX = 10;
export const VALUES_MAX = 10;
export const DROPS_MAX = 40;

export const USAGE_PATH = /^(?:(?!constructor\.)[a-z][a-z0-9_]{0,39}\.){0,3}usage$/;
export const PLACES_OF_USAGE_MAX = 4;
export const PRICE_LIST_NAME = /^[a-z][a-z0-9_-]{0,39}$/;
