/**
 * The table of losses: every field of a request of each dialect that is translated, and the wires towards which a translation loses it. Whatever
 * is lost is said. docs/translation.md shows this table.
 *
 * A field that is absent, null, or one of the `harmless` values loses nothing. A field that is not in the table is dropped
 * towards every wire. The rows of parts of a field (`text.verbosity`) name all parts of it that are known.
 */
import type { ClientWire, ServerWire } from './dialect.ts';

/** `refused`: without the field, the answer would mean something else. `dropped`: it is left out, and said. */
export type Loss = 'refused' | 'dropped';

export interface FieldRow {
  readonly lost: Readonly<Partial<Record<ServerWire, Loss>>>;
  /** The values that ask for nothing beyond the default. */
  readonly harmless?: readonly unknown[];
  /** The end of the sentence that refuses it. */
  readonly why?: string;
}

/** Carried, or handled by the gateway itself. What an encoder must weaken for one model, it says itself. */
const CARRIED: FieldRow = { lost: {} };

const [CHAT, MESSAGES, RESPONSES, GEMINI] = ['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini'] as const;
const COHERE = 'cohere-chat';
const CONVERSE = 'bedrock-converse';
const WIRES: readonly ServerWire[] = [CHAT, MESSAGES, RESPONSES, GEMINI, COHERE, CONVERSE];

function lost(loss: Loss, towards: readonly ServerWire[], more: Omit<FieldRow, 'lost'> = {}): FieldRow {
  return { lost: Object.fromEntries(towards.map((wire) => [wire, loss])), ...more };
}

function dropped(towards: readonly ServerWire[] = WIRES, ...harmless: readonly unknown[]): FieldRow {
  return lost('dropped', towards, { harmless });
}

function refused(why: string, towards: readonly ServerWire[] = WIRES, ...harmless: readonly unknown[]): FieldRow {
  return lost('refused', towards, { why, harmless });
}

const NO_PROBABILITIES = 'this model does not report the probabilities of its tokens';
const NO_AUDIO = 'this model cannot answer in audio';
const NO_SEARCH = 'this model has no web search here';

const CHAT_FIELDS: Readonly<Record<string, FieldRow>> = {
  model: CARRIED,
  messages: CARRIED,
  stream: CARRIED,
  stream_options: CARRIED,
  'stream_options.include_usage': CARRIED,
  'stream_options.include_obfuscation': dropped(WIRES, false),
  max_tokens: CARRIED,
  max_completion_tokens: CARRIED,
  n: refused('n must be 1: this model gives one answer per request', WIRES, 1),
  temperature: CARRIED,
  top_p: CARRIED,
  top_k: dropped([RESPONSES]),
  stop: refused('this model supports no stop sequences', [RESPONSES], []),
  presence_penalty: dropped([MESSAGES, RESPONSES, CONVERSE], 0),
  frequency_penalty: dropped([MESSAGES, RESPONSES, CONVERSE], 0),
  logit_bias: dropped(WIRES, {}),
  logprobs: refused(NO_PROBABILITIES, WIRES, false),
  top_logprobs: refused(NO_PROBABILITIES, WIRES, 0),
  user: dropped([GEMINI, COHERE, CONVERSE]),
  seed: dropped([MESSAGES, RESPONSES, CONVERSE]),
  tools: CARRIED,
  tool_choice: CARRIED,
  parallel_tool_calls: dropped([GEMINI, COHERE, CONVERSE], true),
  functions: refused('functions is not supported by this model: use tools instead', WIRES, []),
  function_call: refused('function_call is not supported by this model: use tool_choice instead'),
  response_format: CARRIED,
  reasoning_effort: CARRIED,
  reasoning: CARRIED,
  thinking: CARRIED,
  metadata: dropped(WIRES, {}),
  store: dropped(WIRES, false),
  service_tier: dropped([MESSAGES, GEMINI, COHERE], 'auto', 'default'),
  modalities: refused(`modalities must be ["text"]: ${NO_AUDIO}`, WIRES, ['text'], []),
  audio: refused(NO_AUDIO),
  prediction: dropped(),
  web_search_options: refused(NO_SEARCH),
  verbosity: dropped([MESSAGES, GEMINI, COHERE, CONVERSE]),
  prompt_cache_key: dropped(),
  prompt_cache_retention: dropped(),
  prompt_cache_options: dropped(),
  safety_identifier: dropped([GEMINI, COHERE, CONVERSE]),
  moderation: dropped(),
};

const RESPONSES_FIELDS: Readonly<Record<string, FieldRow>> = {
  model: CARRIED,
  input: CARRIED,
  instructions: CARRIED,
  stream: CARRIED,
  stream_options: dropped(WIRES, {}),
  max_output_tokens: CARRIED,
  max_tool_calls: dropped(),
  temperature: CARRIED,
  top_p: CARRIED,
  top_logprobs: refused(NO_PROBABILITIES, WIRES, 0),
  user: dropped([GEMINI, COHERE, CONVERSE]),
  tools: CARRIED,
  tool_choice: CARRIED,
  parallel_tool_calls: dropped([GEMINI, COHERE, CONVERSE], true),
  text: CARRIED,
  'text.format': CARRIED,
  'text.verbosity': dropped([MESSAGES, GEMINI, COHERE, CONVERSE]),
  reasoning: CARRIED,
  'reasoning.effort': CARRIED,
  'reasoning.summary': dropped(),
  'reasoning.generate_summary': dropped(),
  metadata: dropped(WIRES, {}),
  store: dropped(WIRES, false),
  // Its values are read one by one.
  include: CARRIED,
  service_tier: dropped([MESSAGES, GEMINI, COHERE], 'auto', 'default'),
  truncation: dropped(WIRES, 'disabled'),
  // The gateway stores responses and runs them in the background. Providers do neither.
  background: CARRIED,
  previous_response_id: CARRIED,
  conversation: CARRIED,
  prompt: refused('prompt is not supported by this model: send the text of the prompt'),
  context_management: dropped(WIRES, []),
  prompt_cache_key: dropped(),
  prompt_cache_retention: dropped(),
  prompt_cache_options: dropped(),
  safety_identifier: dropped([GEMINI, COHERE, CONVERSE]),
  client_metadata: dropped(),
};

const MESSAGES_FIELDS: Readonly<Record<string, FieldRow>> = {
  model: CARRIED,
  messages: CARRIED,
  system: CARRIED,
  max_tokens: CARRIED,
  stream: CARRIED,
  stop_sequences: refused('this model supports no stop sequences', [RESPONSES], []),
  temperature: CARRIED,
  top_p: CARRIED,
  top_k: dropped([CHAT, RESPONSES]),
  tools: CARRIED,
  tool_choice: CARRIED,
  metadata: CARRIED,
  'metadata.user_id': dropped([GEMINI, COHERE, CONVERSE]),
  thinking: CARRIED,
  'thinking.type': CARRIED,
  'thinking.budget_tokens': CARRIED,
  'thinking.display': dropped(),
  output_config: CARRIED,
  'output_config.effort': CARRIED,
  'output_config.format': CARRIED,
  'output_config.task_budget': dropped(),
  output_format: CARRIED,
  service_tier: dropped([GEMINI, COHERE], 'auto'),
  container: refused('this model has no container'),
  context_management: dropped(WIRES, {}),
  mcp_servers: refused('this model cannot call MCP servers', WIRES, []),
  cache_control: dropped(),
  speed: dropped(WIRES, 'standard'),
  inference_geo: refused('this model cannot be held to a place', WIRES, 'global', 'not_available'),
  diagnostics: dropped(),
  thread: refused('this model keeps no threads'),
};

/** Of a Responses request that Cursor sends to a path of chat. It asks for usage as a chat does. */
const CURSOR_FIELDS: Readonly<Record<string, FieldRow>> = {
  ...RESPONSES_FIELDS,
  stream_options: CARRIED,
  'stream_options.include_usage': CARRIED,
  'stream_options.include_obfuscation': dropped(WIRES, false),
};

const ONE_TEXT = 'this model answers one text with one text';

const COMPLETIONS_FIELDS: Readonly<Record<string, FieldRow>> = {
  model: CARRIED,
  // Its decoder refuses tokens, and several prompts.
  prompt: CARRIED,
  suffix: refused(`suffix is not supported: ${ONE_TEXT}`, WIRES, ''),
  stream: CARRIED,
  stream_options: CARRIED,
  'stream_options.include_usage': CARRIED,
  'stream_options.include_obfuscation': dropped(WIRES, false),
  max_tokens: CARRIED,
  n: refused(`n must be 1: ${ONE_TEXT}`, WIRES, 1),
  best_of: refused(`best_of must be 1: ${ONE_TEXT}`, WIRES, 0, 1),
  echo: refused('echo must be false: this model does not repeat its prompt', WIRES, false),
  // Here 0 asks for the probability of each token that was chosen.
  logprobs: refused(NO_PROBABILITIES),
  temperature: CARRIED,
  top_p: CARRIED,
  stop: refused('this model supports no stop sequences', [RESPONSES], []),
  presence_penalty: dropped([MESSAGES, RESPONSES, CONVERSE], 0),
  frequency_penalty: dropped([MESSAGES, RESPONSES, CONVERSE], 0),
  logit_bias: dropped(WIRES, {}),
  seed: dropped([MESSAGES, RESPONSES, CONVERSE]),
  user: dropped([GEMINI, COHERE, CONVERSE]),
};

/** Clients may write each of these names with underscores too. */
const GEMINI_FIELDS: Readonly<Record<string, FieldRow>> = {
  model: CARRIED,
  contents: CARRIED,
  systemInstruction: CARRIED,
  generationConfig: CARRIED,
  'generationConfig.temperature': CARRIED,
  'generationConfig.topP': CARRIED,
  'generationConfig.topK': dropped([CHAT, RESPONSES]),
  'generationConfig.candidateCount': refused('candidateCount must be 1: this model gives one answer per request', WIRES, 1),
  'generationConfig.maxOutputTokens': CARRIED,
  'generationConfig.stopSequences': refused('this model supports no stop sequences', [RESPONSES], []),
  'generationConfig.presencePenalty': dropped([MESSAGES, RESPONSES, CONVERSE], 0),
  'generationConfig.frequencyPenalty': dropped([MESSAGES, RESPONSES, CONVERSE], 0),
  'generationConfig.seed': dropped([MESSAGES, RESPONSES, CONVERSE]),
  'generationConfig.responseMimeType': CARRIED,
  'generationConfig.responseSchema': CARRIED,
  'generationConfig.responseJsonSchema': CARRIED,
  'generationConfig._responseJsonSchema': CARRIED,
  'generationConfig.responseLogprobs': refused(NO_PROBABILITIES, WIRES, false),
  'generationConfig.logprobs': refused(NO_PROBABILITIES, WIRES, 0),
  'generationConfig.responseModalities': refused(
    'generationConfig.responseModalities must be ["TEXT"]: this model answers in text only',
    ...[WIRES, ['TEXT'], ['Text'], ['text'], ['MODALITY_UNSPECIFIED'], []],
  ),
  'generationConfig.thinkingConfig': CARRIED,
  'generationConfig.speechConfig': dropped(),
  'generationConfig.imageConfig': dropped(),
  'generationConfig.mediaResolution': dropped(WIRES, 'MEDIA_RESOLUTION_UNSPECIFIED'),
  'generationConfig.audioTimestamp': dropped(WIRES, false),
  'generationConfig.enableAffectiveDialog': dropped(WIRES, false),
  'generationConfig.enableEnhancedCivicAnswers': dropped(WIRES, false),
  generateContentRequest: refused('generateContentRequest is for counts of tokens: send its fields themselves'),
  tools: CARRIED,
  toolConfig: CARRIED,
  'toolConfig.functionCallingConfig': CARRIED,
  'toolConfig.retrievalConfig': dropped(),
  'toolConfig.includeServerSideToolInvocations': dropped(WIRES, false),
  safetySettings: dropped(WIRES, []),
  cachedContent: refused('this model reads no content that Google stores', WIRES, ''),
  serviceTier: dropped([MESSAGES, COHERE], 'standard', 'STANDARD', 'SERVICE_TIER_UNSPECIFIED'),
  labels: dropped(WIRES, {}),
  store: dropped(WIRES, false),
};

export const LOSS_TABLE: Readonly<Record<ClientWire, Readonly<Record<string, FieldRow>>>> = {
  'openai-chat': CHAT_FIELDS,
  'openai-completions': COMPLETIONS_FIELDS,
  'openai-responses': RESPONSES_FIELDS,
  'cursor-responses': CURSOR_FIELDS,
  'anthropic-messages': MESSAGES_FIELDS,
  gemini: GEMINI_FIELDS,
};
