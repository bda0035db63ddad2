import type { UseFormReturnType } from '@mantine/form';
import type { Preset } from '../../api/presets.ts';
import { words } from './words.ts';

/** The wires that a preset can name, in the order in which fields show them. */
export const WIRES = [
  ...['openai-chat', 'openai-completions', 'openai-responses', 'openai-embeddings'],
  ...['anthropic-messages', 'anthropic-count-tokens'],
] as const;

/** A preset as a person types it. Empty texts mean: none. */
export interface PresetDraft {
  id: string;
  name: string;
  base_url: string;
  auth: string;
  wires: Record<string, string>;
  drop: string[];
  /** JSON objects. */
  rename: string;
  values: string;
  usage_at: string[];
  thinking: '' | NonNullable<Preset['thinking']>;
  limit_family: Preset['limits']['family'];
  limit_span: Preset['limits']['requests'];
  prices: string;
}

export type PresetForm = UseFormReturnType<PresetDraft>;

const NO_WIRES = Object.fromEntries(WIRES.map((wire) => [wire, '']));

export const NEW_PRESET: PresetDraft = {
  ...{ id: '', name: '', base_url: '', auth: 'bearer', wires: { ...NO_WIRES, 'openai-chat': '/chat/completions' } },
  ...{
    drop: [],
    rename: '',
    values: '',
    usage_at: ['usage'],
    thinking: '',
    limit_family: 'openai',
    limit_span: 'minute',
    prices: '',
  },
};

export function draftOf({ usage, limits, thinking, prices, wires, rename, values, ...same }: Preset): PresetDraft {
  return {
    ...{ id: same.id, name: same.name, base_url: same.base_url, auth: same.auth, drop: [...same.drop] },
    wires: { ...NO_WIRES, ...wires },
    rename: textOf(rename),
    values: textOf(values),
    usage_at: [...usage.at],
    thinking: thinking ?? '',
    limit_family: limits.family,
    limit_span: limits.requests,
    prices: prices ?? '',
  };
}

function textOf(object: object): string {
  return Object.keys(object).length === 0 ? '' : JSON.stringify(object, null, 2);
}

/** Returns the wires that are served, with their paths. */
export function wiresOf({ wires }: PresetDraft): Record<string, string> {
  return Object.fromEntries(Object.entries(wires).flatMap(([wire, path]) => (path.trim() === '' ? [] : [[wire, path.trim()]])));
}

/** Returns the object that a text is; null if it is none. */
function objectIn(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Returns the fields of a preset as the API takes them, without its id. */
export function bodyOf(draft: PresetDraft) {
  return {
    ...{ name: draft.name.trim(), base_url: draft.base_url.trim(), auth: draft.auth.trim(), wires: wiresOf(draft) },
    ...{ rename: namesIn(draft.rename), values: wordsIn(draft.values), drop: draft.drop },
    usage: { at: draft.usage_at },
    thinking: draft.thinking === '' ? null : draft.thinking,
    limits: { family: draft.limit_family, requests: draft.limit_span },
    prices: draft.prices.trim() === '' ? null : draft.prices.trim(),
  };
}

// The server checks the names and words, and says what is wrong at the field.
function namesIn(text: string) {
  return (objectIn(text) ?? {}) as Record<string, string>;
}

function wordsIn(text: string) {
  return (objectIn(text) ?? {}) as Record<string, Record<string, string>>;
}

/** Returns what is missing or cannot be read, by field. The server checks the rest. */
export function faultsOf(draft: PresetDraft): Record<string, string> {
  const needed = (['id', 'name', 'base_url', 'auth'] as const).filter((name) => draft[name].trim() === '');
  const unread = (['rename', 'values'] as const).filter((name) => objectIn(draft[name]) === null);
  return Object.fromEntries([
    ...needed.map((name) => [name, words.isNeeded]),
    ...unread.map((name) => [name, words.isNoObject]),
    ...(Object.keys(wiresOf(draft)).length === 0 ? [['wires.openai-chat', words.isNeeded]] : []),
    ...(draft.usage_at.length === 0 ? [['usage_at', words.isNeeded]] : []),
  ]) as Record<string, string>;
}
