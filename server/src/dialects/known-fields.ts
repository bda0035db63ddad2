import type { InboundWire } from './dialect.ts';
import { snakeOf } from './gemini/fields.ts';

const ANTHROPIC = [
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'metadata',
  'thinking',
  'output_config',
  'output_format',
  'service_tier',
  'container',
  'context_management',
  'mcp_servers',
  'cache_control',
  'speed',
  'inference_geo',
  'diagnostics',
  'thread',
];

const RESPONSES = [
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'max_output_tokens',
  'max_tool_calls',
  'temperature',
  'top_p',
  'top_logprobs',
  'user',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'metadata',
  'store',
  'include',
  'service_tier',
  'truncation',
  'background',
  'previous_response_id',
  'conversation',
  'prompt',
  'context_management',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'safety_identifier',
  'client_metadata',
];

const GEMINI = [
  'model',
  'contents',
  'systemInstruction',
  'generationConfig',
  'generateContentRequest',
  'tools',
  'toolConfig',
  'safetySettings',
  'cachedContent',
  'serviceTier',
  'labels',
  'store',
];

/** The top-level request fields that each wire of clients defines. */
export const KNOWN_FIELDS: Readonly<Record<InboundWire, ReadonlySet<string>>> = {
  'openai-chat': new Set([
    'model',
    'messages',
    'stream',
    'stream_options',
    'max_tokens',
    'max_completion_tokens',
    'n',
    'temperature',
    'top_p',
    'stop',
    'presence_penalty',
    'frequency_penalty',
    'logit_bias',
    'logprobs',
    'top_logprobs',
    'user',
    'seed',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'functions',
    'function_call',
    'response_format',
    'reasoning_effort',
    'metadata',
    'store',
    'service_tier',
    'modalities',
    'audio',
    'prediction',
    'web_search_options',
    'verbosity',
    'prompt_cache_key',
    'prompt_cache_retention',
    'prompt_cache_options',
    'safety_identifier',
    'moderation',
  ]),
  'openai-completions': new Set([
    ...['model', 'prompt', 'suffix', 'stream', 'stream_options', 'max_tokens', 'n', 'best_of', 'echo', 'logprobs', 'stop'],
    ...['temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'seed', 'user'],
  ]),
  'openai-responses': new Set(RESPONSES),
  'cursor-responses': new Set(RESPONSES),
  'openai-compact': new Set(RESPONSES),
  'openai-input-tokens': new Set(RESPONSES),
  'anthropic-messages': new Set(ANTHROPIC),
  'anthropic-count-tokens': new Set(ANTHROPIC),
  gemini: new Set([...GEMINI, ...GEMINI.map(snakeOf)]),
  'gemini-count-tokens': new Set([...GEMINI, ...GEMINI.map(snakeOf)]),
  // `input_type` is not OpenAI's. Other vendors tell queries from documents by it.
  // `rank_fields` is of Cohere's first version, `return_documents` and `truncation` of Jina's and Voyage's.
  'cohere-rerank': new Set([
    ...[
      'model',
      'query',
      'documents',
      'top_n',
      'max_tokens_per_doc',
      'priority',
      'rank_fields',
      'return_documents',
      'truncation',
    ],
  ]),
  'openai-moderations': new Set(['model', 'input']),
  'openai-images': new Set([
    ...['model', 'prompt', 'n', 'size', 'quality', 'stream', 'partial_images', 'background', 'moderation', 'output_compression'],
    ...['output_format', 'response_format', 'style', 'user'],
  ]),
  'openai-transcriptions': new Set([
    ...[
      'file',
      'model',
      'language',
      'prompt',
      'response_format',
      'temperature',
      'timestamp_granularities[]',
      'include[]',
      'stream',
    ],
    ...['chunking_strategy', 'known_speaker_names[]', 'known_speaker_references[]'],
  ]),
  'openai-translations': new Set(['file', 'model', 'prompt', 'response_format', 'temperature']),
  'openai-image-edits': new Set([
    ...['image', 'image[]', 'mask', 'model', 'prompt', 'n', 'size', 'quality', 'stream', 'partial_images', 'background'],
    ...['input_fidelity', 'output_compression', 'output_format', 'response_format', 'user'],
  ]),
  'openai-image-variations': new Set(['image', 'model', 'n', 'size', 'response_format', 'user']),
  'openai-speech': new Set(['model', 'input', 'voice', 'instructions', 'response_format', 'speed', 'stream_format']),
  'openai-embeddings': new Set(['model', 'input', 'encoding_format', 'dimensions', 'user', 'input_type']),
};

/** The known fields, by themselves in lower case. */
const KNOWN_ANYWHERE: ReadonlyMap<string, string> = new Map(
  Object.values(KNOWN_FIELDS).flatMap((fields) => [...fields].map((name) => [name.toLowerCase(), name] as const)),
);

/** Returns the known field that `key` equals except in case. Null if it is a known field itself, or equals none. */
export function knownFieldInAnotherCase(key: string): string | null {
  if (KNOWN_ANYWHERE.get(key) === key) return null;
  // Upper case first: it folds the long s (U+017F), which some servers also match to an s.
  const known = KNOWN_ANYWHERE.get(key.toUpperCase().toLowerCase());
  return known === undefined || known === key ? null : known;
}

/** The name of the output cap in each dialect that does not call it `max_tokens`. */
export const OUTPUT_CAP_NAMES: Readonly<Partial<Record<InboundWire, string>>> = {
  'openai-responses': 'max_output_tokens',
  'cursor-responses': 'max_output_tokens',
  gemini: 'generationConfig.maxOutputTokens',
};
