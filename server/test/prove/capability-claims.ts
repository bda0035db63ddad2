/**
 * The capabilities of providers that recorded answers show, and which recording shows each. Nothing is claimed by hand: a capability is
 * found in the bytes of an answer that a provider sent, or in its request. docs/capabilities.md shows this, and the prove vendors.table
 * serves each recording that is named.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { shippedPresets } from '../../src/providers/shipped-presets.ts';
import { meaningOf } from '../answer-meaning.ts';
import { bytesOf, type Recording, recordings } from '../recordings.ts';
import { isError, kindOf } from './served-recordings.ts';

export const CAPABILITIES = ['text', 'tools', 'thinking', 'images', 'errors', 'usage', 'stream', 'rate-limit headers'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** The recordings of each capability of a provider, by their paths. A capability that is not proven is absent. */
export interface Claims {
  readonly provider: string;
  readonly proven: ReadonlyMap<Capability, string>;
}

/** The providers with code of their own. Voyage has no chats. */
const CODED = ['openai', 'azure', 'anthropic', 'bedrock', 'gemini', 'vertex', 'cohere'];
const RECORDED = path.join(import.meta.dirname, '../recorded/cassettes');

/** Folders of recordings that are not named like their provider. Null: it is not known whose they are. */
const PROVIDERS: readonly (readonly [folder: RegExp, provider: string | null])[] = [
  [/^gemini\/chat\//, 'gemini-openai'],
  [/^openai-compatible\/chat\/vercel-xai/, 'xai'],
  [/^open-responses\/responses\/vercel-lmstudio/, 'lmstudio'],
  [/^open-responses\//, null],
];

/** Returns the provider or preset that sent a recorded answer; null if that is not known. */
export function providerOf({ response, provider, url = '' }: Recording): string | null {
  if (url.includes('aiplatform.googleapis.com')) return 'vertex';
  const known = PROVIDERS.find(([folder]) => folder.test(response));
  return known === undefined ? provider : known[1];
}

/** Returns what is proven of each provider: those with code first, and then the presets in their order. */
export function claims(): readonly Claims[] {
  const ids = [...CODED, ...shippedPresets().map(({ id }) => id)];
  const byProvider = Map.groupBy(recordings.filter(isChat), providerOf);
  return ids.map((provider) => {
    const proven = new Map<Capability, string>();
    for (const recording of byProvider.get(provider) ?? [])
      for (const capability of shownBy(recording)) if (!proven.has(capability)) proven.set(capability, recording.response);
    return { provider, proven };
  });
}

function isChat(recording: Recording): boolean {
  const kind = kindOf(recording);
  return kind !== null && kind !== 'completions' && recording.provenance !== 'quoted';
}

/** Returns the capabilities that a recorded exchange shows. */
function shownBy(recording: Recording): readonly Capability[] {
  const { status, stream, limit_headers: limits } = recording;
  const kind = kindOf(recording);
  const ofHead: Capability[] = limits === undefined ? [] : ['rate-limit headers'];
  if (kind === null || status !== 200) return [...ofHead, 'errors'];
  const bytes = bytesOf(recording);
  if (isError(kind, bytes, stream)) return [...ofHead, 'errors'];
  const { text, tools, output } = meaningOf(kind, stream, bytes);
  const shown: readonly (readonly [Capability, boolean])[] = [
    ['text', text.trim() !== ''],
    ['tools', tools.length > 0],
    ['thinking', (kind === 'gemini' ? THOUGHTS : THINKING).test(bytes.toString())],
    ['images', IMAGES.test(requestOf(recording))],
    ['usage', output !== undefined],
    ['stream', stream],
  ];
  return [...ofHead, ...shown.filter(([, isShown]) => isShown).map(([capability]) => capability)];
}

/** Thinking, as each format writes it. An empty field is none. */
const THINKING =
  /"(?:reasoning_content|reasoning)": ?"[^"]|"type": ?"(?:thinking|reasoning)"|"reasoningContent"|"thinking": ?"[^"]/;
const THOUGHTS = /"thought": ?true/;
const IMAGES = /"type": ?"(?:image_url|input_image|image)"|"(?:inlineData|inline_data)": ?\{[^}]*image\/|"image": ?\{"/;

function requestOf({ request }: Recording): string {
  return request === undefined ? '' : readFileSync(path.join(RECORDED, request), 'utf8');
}
