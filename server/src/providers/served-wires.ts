/** The wires in which vendors serve clients, and the paths of OpenAI's API. Several vendors share them. */
import type { InboundWire, Wire } from '../dialects/dialect.ts';

type ServedWires = Readonly<Record<InboundWire, Wire | null>>;

const NO_CHAT = {
  'openai-compact': null,
  'openai-input-tokens': null,
  'openai-embeddings': null,
  'anthropic-count-tokens': null,
  'gemini-count-tokens': null,
  'cohere-rerank': null,
  'openai-moderations': null,
  'openai-images': null,
  'openai-speech': null,
  'openai-transcriptions': null,
  'openai-translations': null,
  'openai-image-edits': null,
  'openai-image-variations': null,
} as const satisfies Partial<ServedWires>;

function chatsIn<const W extends Wire>(wire: W) {
  return {
    'openai-chat': wire,
    'anthropic-messages': wire,
    'openai-responses': wire,
    'openai-completions': wire,
    'cursor-responses': wire,
    gemini: wire,
  } as const;
}

/** The wires of a server of OpenAI's API, and of the compatible ones, some of which put documents in order. */
export const CHAT_WIRES: ServedWires = {
  ...NO_CHAT,
  ...chatsIn('openai-chat'),
  'openai-embeddings': 'openai-embeddings',
  'cohere-rerank': 'cohere-rerank',
  'openai-moderations': 'openai-moderations',
  'openai-images': 'openai-images',
  'openai-speech': 'openai-speech',
  'openai-transcriptions': 'openai-transcriptions',
  'openai-translations': 'openai-translations',
  'openai-image-edits': 'openai-image-edits',
  'openai-image-variations': 'openai-image-variations',
};

/** The wires of a server of Anthropic's messages. */
export const MESSAGES_WIRES: ServedWires = {
  ...NO_CHAT,
  ...chatsIn('anthropic-messages'),
  'openai-input-tokens': 'anthropic-count-tokens',
  'anthropic-count-tokens': 'anthropic-count-tokens',
};

/** The wires of a server of Gemini's API. */
export const CONTENT_WIRES: ServedWires = { ...NO_CHAT, ...chatsIn('gemini'), 'gemini-count-tokens': 'gemini-count-tokens' };

const OPENAI_PATHS: Readonly<Partial<Record<Wire, string>>> = {
  'openai-completions': '/completions',
  'openai-embeddings': '/embeddings',
  'openai-moderations': '/moderations',
  'openai-images': '/images/generations',
  'openai-speech': '/audio/speech',
  'openai-transcriptions': '/audio/transcriptions',
  'openai-translations': '/audio/translations',
  'openai-image-edits': '/images/edits',
  'openai-image-variations': '/images/variations',
  'cohere-rerank': '/rerank',
  'openai-responses': '/responses',
  'openai-compact': '/responses/compact',
  'openai-input-tokens': '/responses/input_tokens',
};

/** Returns the path of a wire of OpenAI's API, without what comes before it. */
export function openAiPath(wire: Wire): string {
  return OPENAI_PATHS[wire] ?? '/chat/completions';
}

/** The client's headers that say which trace a call belongs to. */
export const TRACE_HEADERS: readonly (readonly [string, null])[] = [
  ['traceparent', null],
  ['tracestate', null],
];

/** The client's headers that servers of Anthropic's messages may see. */
export const MESSAGES_HEADERS: ReadonlyMap<string, string | null> = new Map([
  ['anthropic-version', '2023-06-01'],
  ['anthropic-beta', null],
  ['x-client-request-id', null],
  ...TRACE_HEADERS,
]);

/** The client's headers that servers of OpenAI's API may see. */
export const OPENAI_HEADERS: ReadonlyMap<string, null> = new Map([['x-client-request-id', null], ...TRACE_HEADERS]);
