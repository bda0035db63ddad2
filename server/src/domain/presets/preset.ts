/** Vendors that are described by data: the address, the wires and the differences of a server that speaks a known API. */

import type { CodedProvider } from '../routing/provider-name.ts';
import { PRESET_ID } from './forms.ts';

/** The wires that a preset can name. `openai-*` are run by OpenAI's code, `anthropic-*` by Anthropic's. */
export const PRESET_WIRES = [
  'openai-chat',
  'openai-completions',
  'openai-responses',
  'openai-embeddings',
  'anthropic-messages',
  'anthropic-count-tokens',
] as const;
export type PresetWire = (typeof PRESET_WIRES)[number];

/** The places in which a vendor takes the thinking of earlier answers back; `none`: it refuses or ignores it. */
export const THINKING_PLACES = ['reasoning_content', 'reasoning', 'content', 'none'] as const;
export type ThinkingPlace = (typeof THINKING_PLACES)[number];

/** The families of rate-limit headers; `none`: the headers are not read. */
export const LIMIT_FAMILIES = ['openai', 'anthropic', 'none'] as const;
export type LimitFamily = (typeof LIMIT_FAMILIES)[number];
export const LIMIT_SPANS = ['minute', 'day'] as const;
export type LimitSpan = (typeof LIMIT_SPANS)[number];

/** The differences of a vendor's requests and answers from the API that it speaks. Plain data, which threads can pass on. */
export interface Quirks {
  /** The names of fields, ours and the vendor's. */
  readonly rename: readonly (readonly [field: string, theirs: string])[];
  /** The words of fields, ours and the vendor's. */
  readonly values: readonly (readonly [field: string, words: readonly (readonly [ours: string, theirs: string])[]])[];
  /** The fields that the vendor refuses. They are left out, and said. */
  readonly drop: readonly string[];
  /** Null: as the model's name says. */
  readonly thinking: ThinkingPlace | null;
  /** The places of the usage in an answer, in order. The last name of each is `usage`. */
  readonly usageAt: readonly (readonly string[])[];
}

export interface PresetLimits {
  readonly family: LimitFamily;
  /** The time that the vendor's limit of requests is for. */
  readonly requests: LimitSpan;
}

/** The header that carries the key. `bearer`: `authorization`. */
export type PresetAuth = 'bearer' | 'none' | { readonly header: string };

export interface Preset {
  /** The name of the provider in credentials, deployments and rows. */
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly auth: PresetAuth;
  readonly wires: Readonly<Partial<Record<PresetWire, string>>>;
  readonly quirks: Quirks;
  readonly limits: PresetLimits;
  /** The vendor's name in the published list of prices; null: the list does not have it. */
  readonly prices: string | null;
}

/** The vendors with code of their own. No preset may take their names. */
export const CODED_PROVIDERS: ReadonlySet<string> = new Set([
  'openai',
  'anthropic',
  'gemini',
  'azure',
  'bedrock',
  'vertex',
  'cohere',
  'voyage',
  'fake',
] satisfies CodedProvider[]);

/** The most rows of a list of presets, shipped or added. */
export const PRESETS_MAX = 200;

/** Reports whether a text can be the id of a preset. It need not be one. */
export function isPresetId(text: string): boolean {
  return PRESET_ID.test(text);
}
