import { KNOWN_FIELDS } from './known-fields.ts';

/**
 * The request features that are known to cost nothing beyond tokens. Any other feature counts as unpriced until it is listed
 * here: a blocking budget refuses it, and otherwise it is marked. Sources: Anthropic's and OpenAI's API references and SDKs, and
 * the requests of Claude Code and Codex.
 */

/** Tools that the caller runs, by `type`, in OpenAI's chat completions and responses. `tool_search` counts only if the client searches. */
export const CLIENT_CHAT_TOOLS: ReadonlySet<string> = new Set(['function', 'custom', 'namespace', 'local_shell', 'apply_patch']);

/**
 * Tools that the caller runs, by the beginning of their versioned `type`, in Anthropic's messages. `tool_search_tool_*` only
 * picks among tools.
 */
const CLIENT_MESSAGE_TOOLS = ['bash_', 'text_editor_', 'computer_', 'browser_toolset_', 'memory_', 'tool_search_tool_'] as const;

/**
 * Fields of a chat request that cost nothing beyond the tokens of the body and of the capped output, or that are read for themselves
 * (output caps, `n`, `service_tier`, `modalities`, `audio`, `cache_control`, searches). Of OpenAI, of OpenRouter, and of the vendors
 * and servers that speak their API (Mistral, DeepSeek, Alibaba, Fireworks, Groq, Perplexity, vLLM, SGLang, llama.cpp).
 *
 * Not here is what makes more output than the cap (`n_predict`, `max_new_tokens`, `prediction`, `best_of`, `use_beam_search`), more
 * input than the body (`chat_template`, `preset`), a search (`plugins`, `web_search`, `enable_search`), or calls a dearer model or
 * provider (`models`, `provider`).
 */
export const PRICE_NEUTRAL_CHAT_FIELDS: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n', 'temperature', 'top_p'],
  ...['stop', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'top_logprobs', 'user', 'seed', 'tools'],
  ...['tool_choice', 'parallel_tool_calls', 'functions', 'function_call', 'response_format', 'reasoning_effort', 'metadata'],
  ...['store', 'service_tier', 'modalities', 'audio', 'web_search_options', 'search_parameters', 'verbosity', 'moderation'],
  ...['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options', 'safety_identifier', 'cache_control'],
  // How tokens are chosen.
  ...['top_k', 'top_a', 'min_p', 'typical_p', 'tfs_z', 'epsilon_cutoff', 'eta_cutoff', 'repetition_penalty', 'repeat_penalty'],
  ...['repeat_last_n', 'length_penalty', 'no_repeat_ngram_size', 'do_sample', 'random_seed', 'min_tokens', 'ignore_eos'],
  ...['stop_token_ids', 'include_stop_str_in_output', 'skip_special_tokens', 'spaces_between_special_tokens', 'bad_words'],
  ...['allowed_token_ids', 'mirostat', 'mirostat_eta', 'mirostat_lr', 'mirostat_target', 'mirostat_tau', 'dynatemp_range'],
  ...['dynatemp_exponent', 'xtc_probability', 'xtc_threshold', 'dry_multiplier', 'dry_base', 'dry_allowed_length', 'samplers'],
  // The form of the answer.
  ...['guided_json', 'guided_regex', 'guided_choice', 'guided_grammar', 'guided_decoding_backend', 'structured_outputs'],
  ...['guided_whitespace_pattern', 'grammar', 'json_schema', 'regex', 'ebnf', 'format', 'tool_stream', 'parse_tool_calls'],
  ...['return_token_ids', 'return_tokens_as_token_ids', 'prompt_logprobs', 'timings_per_token', 'citation_options'],
  ...['incremental_output', 'raw_output', 'perf_metrics_in_response', 'usage', 'disable_tool_validation', 'partial'],
  // Thinking, which is output.
  ...['reasoning', 'thinking', 'thinking_budget', 'enable_thinking', 'preserve_thinking', 'include_reasoning', 'think'],
  ...['reasoning_format', 'reasoning_split', 'reasoning_history', 'separate_reasoning', 'stream_reasoning', 'prompt_mode'],
  ...['chat_template_kwargs', 'add_generation_prompt', 'continue_final_message', 'safe_prompt'],
  // What narrows the input, or a search that the model makes anyway.
  ...['transforms', 'route', 'truncation', 'truncate_prompt_tokens', 'prompt_truncate_len', 'context_length_exceeded_behavior'],
  ...['disable_search', 'search_domain_filter', 'search_recency_filter', 'search_after_date_filter', 'search_before_date_filter'],
  ...['last_updated_after_filter', 'last_updated_before_filter'],
  // Names and order of requests.
  ...['request_id', 'session_id', 'priority', 'cache_prompt', 'cache_salt', 'prompt_cache_isolation_key', 'id_slot', 'trace'],
  // Of Anthropic's messages and of OpenAI's responses, which clients of more than one API leave in a chat request.
  ...['system', 'output_config', 'anthropic_version', 'safety_settings'],
]);

/** Fields of chat that ask for more in other APIs too, where nothing counts them. */
const OF_CHAT_ALONE: ReadonlySet<string> = new Set([
  'messages',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'functions',
  'prompt',
]);
const SHARED = [...PRICE_NEUTRAL_CHAT_FIELDS].filter((field) => !OF_CHAT_ALONE.has(field));

/** The same of a text completion, whose texts and choices are counted for themselves. */
export const PRICE_NEUTRAL_COMPLETION_FIELDS: ReadonlySet<string> = new Set([
  ...[...SHARED, ...KNOWN_FIELDS['openai-completions']],
]);

/** The same of a request to Responses. Compactions are read for themselves. */
export const PRICE_NEUTRAL_RESPONSES_FIELDS: ReadonlySet<string> = new Set([...SHARED, ...KNOWN_FIELDS['openai-responses']]);

/** The same of a message of Anthropic's. Containers, servers of tools, speeds and places are read for themselves. */
export const PRICE_NEUTRAL_MESSAGE_FIELDS: ReadonlySet<string> = new Set([...SHARED, ...KNOWN_FIELDS['anthropic-messages']]);

/** Betas that change how tokens are made, expressed or cached, and bill nothing else. */
const TOKEN_BETAS: ReadonlySet<string> = new Set([
  ...['claude-code-20250219', 'oauth-2025-04-20', 'interleaved-thinking-2025-05-14', 'dev-full-thinking-2025-05-14'],
  ...['context-management-2025-06-27', 'per-turn-control-2026-07-01', 'mid-conversation-tool-changes-2026-07-01'],
  ...['thinking-token-count-2026-05-13', 'advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19', 'effort-2025-11-24'],
  ...['prompt-caching-2024-07-31', 'prompt-caching-scope-2026-01-05', 'extended-cache-ttl-2025-04-11'],
  ...['token-efficient-tools-2025-02-19', 'token-efficient-tools-2026-03-28', 'fine-grained-tool-streaming-2025-05-14'],
  ...['max-tokens-3-5-sonnet-2024-07-15', 'output-128k-2025-02-19', 'output-300k-2026-03-24'],
  ...['model-context-window-exceeded-2025-08-26', 'redact-thinking-2026-02-12', 'task-budgets-2026-03-13'],
  ...['files-api-2025-04-14', 'search-results-2025-06-09', 'token-counting-2024-11-01', 'message-batches-2024-09-24'],
]);

/**
 * Betas without an effect of their own, whatever their date. The body asks for the feature they allow and is judged there (a
 * tool, `speed`, `mcp_servers`, `container`), or the feature costs only tokens.
 */
const BETA_FAMILIES = [
  ...['computer-use-', 'pdfs-', 'structured-outputs-', 'fast-mode-', 'mcp-client-'],
  ...['web-search-', 'web-fetch-', 'code-execution-', 'skills-', 'advisor-tool-'],
] as const;

/** A context beyond the ordinary length, which has a tier of its own in the price. */
const LONG_CONTEXT_BETA = 'context-1m-';

/** Returns the kind of bill of a beta, by its name: nothing beyond tokens, a long context, or unknown. */
export function judgeBeta(name: string): 'neutral' | 'context' | 'unknown' {
  if (TOKEN_BETAS.has(name) || BETA_FAMILIES.some((family) => name.startsWith(family))) return 'neutral';
  return name.startsWith(LONG_CONTEXT_BETA) ? 'context' : 'unknown';
}

/** Reports whether the caller runs this tool of Anthropic's. */
export function isClientMessageTool(type: string): boolean {
  return CLIENT_MESSAGE_TOOLS.some((start) => type.startsWith(start));
}
