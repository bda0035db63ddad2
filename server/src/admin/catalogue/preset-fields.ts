import { z } from 'zod';
import {
  AUTH_WORD,
  DROPPED_FIELD,
  DROPS_MAX,
  FIELD_NAME,
  FIELDS_WITH_VALUES_MAX,
  NAME,
  NAME_CHARS_MAX,
  PLACES_OF_USAGE_MAX,
  PRESET_ID,
  PRICE_LIST_NAME,
  RENAMES_MAX,
  USAGE_PATH,
  VALUES_MAX,
  WIRE_PATH,
  WORD,
} from '../../domain/presets/forms.ts';
import {
  LIMIT_FAMILIES,
  LIMIT_SPANS,
  PRESET_WIRES,
  type Preset,
  type PresetWire,
  THINKING_PLACES,
} from '../../domain/presets/preset.ts';
import { baseUrlText } from './credential-fields.ts';

/** The fields of presets in requests and answers. readPreset (domain/presets) judges them once more, with the rules between them. */

/** Returns a check of the number of an object's fields, which the contract states as `maxProperties`. */
function atMost(most: number) {
  return (object: object) => Object.keys(object).length <= most;
}

const fieldName = z.string().regex(FIELD_NAME, 'must be the name of a field, and not one that the gateway itself writes');
const word = z.string().regex(WORD, 'must have 1 to 64 letters, digits, dots, hyphens and underscores');
const wirePath = z.string().regex(WIRE_PATH, 'must be a path such as /chat/completions');

const presetId = z
  .string()
  .regex(PRESET_ID, 'must be 2 to 40 lower-case letters, digits and hyphens, and no known provider')
  .meta({
    description: 'The name of the provider in credentials, deployments and usage. It never changes.',
    examples: ['acme-llm'],
  });

const wires = z
  .strictObject(
    Object.fromEntries(PRESET_WIRES.map((wire) => [wire, wirePath.optional()])) as Record<
      PresetWire,
      z.ZodOptional<typeof wirePath>
    >,
  )
  .refine((given) => Object.keys(given).length > 0, 'must name at least one wire')
  .meta({
    description:
      'The wire formats that the vendor serves, each with its path below `base_url`. Chats in any other format are translated into the first of them.',
    examples: [{ 'openai-chat': '/chat/completions' }],
    minProperties: 1,
  });

const usage = z.strictObject({
  at: z.array(z.string().regex(USAGE_PATH, 'must be a place such as usage or x_groq.usage')).min(1).max(PLACES_OF_USAGE_MAX),
});
const limits = z.strictObject({ family: z.enum(LIMIT_FAMILIES).optional(), requests: z.enum(LIMIT_SPANS).optional() });

const settings = {
  name: z
    .string()
    .regex(NAME, `must be a text of 1 to ${NAME_CHARS_MAX} characters`)
    .meta({ examples: ['Acme'] }),
  base_url: baseUrlText.meta({
    description:
      'The base URL of the API, by the rules of credentials. Each new credential gets it unless it has one of its own.',
  }),
  auth: z
    .string()
    .regex(AUTH_WORD, 'must be bearer, none, or the name of a header such as x-api-key')
    .meta({
      description: 'How the key is sent: `bearer`, in a header (`x-api-key`, `api-key`, any `x-…`), or `none`.',
      examples: ['bearer'],
    }),
  wires,
};

const quirks = {
  rename: z
    .record(fieldName, fieldName)
    .refine(atMost(RENAMES_MAX), `must have at most ${RENAMES_MAX} fields`)
    .meta({
      maxProperties: RENAMES_MAX,
      examples: [{ seed: 'random_seed' }],
      description: 'Other names for fields of chat requests.',
    }),
  values: z
    .record(
      fieldName,
      z
        .record(word, word)
        .refine(atMost(VALUES_MAX), `must have at most ${VALUES_MAX} words`)
        .meta({ maxProperties: VALUES_MAX }),
    )
    .refine(atMost(FIELDS_WITH_VALUES_MAX), `must have at most ${FIELDS_WITH_VALUES_MAX} fields`)
    .meta({
      maxProperties: FIELDS_WITH_VALUES_MAX,
      examples: [{ tool_choice: { required: 'any' } }],
      description: 'Other words in fields of chat requests.',
    }),
  drop: z
    .array(z.string().regex(DROPPED_FIELD, 'must be the name of a field, and not one that the gateway itself writes'))
    .max(DROPS_MAX)
    .meta({
      examples: [['top_k']],
      description: 'The fields of chat requests that the vendor refuses. They are left out, and `x-headgate-dropped` says so.',
    }),
};

const THINKING_WORDS = 'The place in which the vendor takes thinking of earlier answers back. Null: as the model’s name says.';
const LIMIT_WORDS = 'The rate-limit headers that the vendor sends, and whether its limit of requests is for a minute or a day.';
const PRICES_WORDS = 'The vendor’s name in the published list of prices. Null: prices are set by hand.';

const optionalSettings = {
  rename: quirks.rename.optional(),
  values: quirks.values.optional(),
  drop: quirks.drop.optional(),
  thinking: z.enum(THINKING_PLACES).nullish().meta({ description: THINKING_WORDS }),
  usage: usage.optional().meta({ description: 'The places of the usage in an answer; the first that is there counts.' }),
  limits: limits.optional().meta({ description: LIMIT_WORDS }),
  prices: z
    .string()
    .regex(PRICE_LIST_NAME, 'must be a vendor of the price list, such as groq')
    .nullish()
    .meta({ description: PRICES_WORDS }),
};

const EXAMPLE = {
  ...{ name: 'Acme', base_url: 'https://llm.acme.example/v1', auth: 'bearer' },
  wires: { 'openai-chat': '/chat/completions' },
};

export const createBody = z
  .strictObject({ id: presetId, ...settings, ...optionalSettings })
  .meta({ 'x-example': { id: 'acme-llm', ...EXAMPLE } });
export const patchBody = z
  .strictObject({
    name: settings.name.optional(),
    base_url: settings.base_url.optional(),
    auth: settings.auth.optional(),
    wires: settings.wires.optional(),
    ...optionalSettings,
  })
  .meta({ 'x-example': { name: 'Acme' } });

export type PresetSettings = z.output<typeof patchBody>;

export const presetFieldsOut = {
  id: z.string(),
  name: z.string(),
  base_url: z.string(),
  auth: z.string(),
  wires: z.record(z.string(), z.string()),
  rename: z.record(z.string(), z.string()),
  values: z.record(z.string(), z.record(z.string(), z.string())),
  drop: z.array(z.string()),
  thinking: z.enum(THINKING_PLACES).nullable().meta({ description: THINKING_WORDS }),
  usage: z.object({ at: z.array(z.string()) }),
  limits: z.object({ family: z.enum(LIMIT_FAMILIES), requests: z.enum(LIMIT_SPANS) }).meta({ description: LIMIT_WORDS }),
  prices: z.string().nullable().meta({ description: PRICES_WORDS }),
};

/** Returns a preset as the API shows it, which is also the form in which it is stored. */
export function factsOf({ id, name, baseUrl: base_url, auth, wires, quirks, limits, prices }: Preset) {
  return {
    ...{ id, name, base_url, auth: typeof auth === 'string' ? auth : auth.header },
    wires: { ...wires },
    rename: Object.fromEntries(quirks.rename),
    values: Object.fromEntries(quirks.values.map(([field, words]) => [field, Object.fromEntries(words)])),
    drop: [...quirks.drop],
    thinking: quirks.thinking,
    usage: { at: quirks.usageAt.map((place) => place.join('.')) },
    limits: { ...limits },
    prices,
  };
}
