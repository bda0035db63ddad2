import type { Wire } from './dialect.ts';

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

/** The top-level request fields that each wire defines. */
const KNOWN_FIELDS: Readonly<Record<Wire, ReadonlySet<string>>> = {
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
  'anthropic-messages': new Set(ANTHROPIC),
  'anthropic-count-tokens': new Set(ANTHROPIC),
  'openai-embeddings': new Set(['model', 'input', 'encoding_format', 'dimensions', 'user']),
};

const KNOWN_ANYWHERE: ReadonlySet<string> = new Set(Object.values(KNOWN_FIELDS).flatMap((fields) => [...fields]));

/** Returns the known field that `key` equals except in case. Null if it is a known field itself, or equals none. */
export function knownFieldInAnotherCase(key: string): string | null {
  if (KNOWN_ANYWHERE.has(key)) return null;
  // Upper case first: it folds the long s (U+017F), which some servers also match to an s.
  const folded = key.toUpperCase().toLowerCase();
  return KNOWN_ANYWHERE.has(folded) ? folded : null;
}
