import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExchangeNames, exchangeOf } from '../../test/exchanges.ts';
import type { ChatWire, ClientWire, JsonObject, ServerWire } from './dialect.ts';
import { Untranslatable } from './dialect.ts';
import { KNOWN_FIELDS } from './known-fields.ts';
import { LOSS_TABLE } from './loss-table.ts';
import { NOTHING_DROPPED } from './losses.ts';

const WIRES = ['openai-chat', 'anthropic-messages', 'openai-responses', 'gemini'] as const satisfies readonly ChatWire[];
const SERVERS = [...WIRES, 'cohere-chat', 'bedrock-converse'] as const satisfies readonly ServerWire[];
/** Models that know most of their wire's features. */
const MODELS: Readonly<Record<ServerWire, string>> = {
  'openai-chat': 'gpt-5.6',
  'anthropic-messages': 'claude-opus-4-6',
  'openai-responses': 'gpt-5.6',
  gemini: 'gemini-3-flash-preview',
  'cohere-chat': 'command-a-reasoning-08-2025',
  'bedrock-converse': 'us.anthropic.claude-opus-4-6-v1',
};
const CLIENTS = [...WIRES, 'openai-completions', 'cursor-responses'] as const satisfies readonly ClientWire[];
/** Cursor's requests reach a provider of responses in their own dialect. */
const isTranslated = (client: ClientWire, wire: ServerWire) =>
  wire !== client && !(client === 'cursor-responses' && wire === 'openai-responses');
const PAIRS = CLIENTS.flatMap((client) =>
  SERVERS.filter((wire) => isTranslated(client, wire)).map((upstream) => [client, upstream] as const),
);

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const chatTool = { type: 'function', function: { name: 'weather', parameters: schema } };
const hi = [{ role: 'user', content: 'hi' }];

/** The least request of each dialect. */
const LEAST: Readonly<Record<ClientWire, JsonObject>> = {
  'openai-chat': { messages: hi },
  'anthropic-messages': { messages: hi, max_tokens: 100 },
  'openai-completions': { prompt: 'hi' },
  'openai-responses': { input: 'hi' },
  'cursor-responses': { input: 'hi' },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
};

const RESPONSES: Readonly<Record<string, unknown>> = {
  model: 'other',
  input: 'bye',
  instructions: 'be brief',
  stream: true,
  stream_options: { include_obfuscation: true },
  max_output_tokens: 7,
  max_tool_calls: 3,
  temperature: 0.5,
  top_p: 0.5,
  top_logprobs: 2,
  user: 'u',
  tools: [{ type: 'function', name: 'weather', parameters: schema }],
  tool_choice: 'required',
  parallel_tool_calls: false,
  text: { format: { type: 'json_schema', name: 'a', schema } },
  'text.format': { type: 'json_schema', name: 'a', schema },
  'text.verbosity': 'low',
  reasoning: { effort: 'high' },
  'reasoning.effort': 'high',
  'reasoning.summary': 'auto',
  'reasoning.generate_summary': 'auto',
  metadata: { a: 'b' },
  store: true,
  include: ['file_search_call.results'],
  service_tier: 'flex',
  truncation: 'auto',
  prompt: { variables: { a: 'b' } },
  context_management: [{ type: 'other' }],
  prompt_cache_key: 'k',
  prompt_cache_retention: '24h',
  prompt_cache_options: { a: 1 },
  safety_identifier: 's',
  client_metadata: { a: 'b' },
};

/** A value for each field that asks for something, and the fields that it needs beside it. */
const ASKING: Readonly<Record<ClientWire, Readonly<Record<string, unknown>>>> = {
  'openai-chat': {
    model: 'other',
    messages: [{ role: 'user', content: 'bye' }],
    stream: true,
    stream_options: { include_usage: true },
    'stream_options.include_obfuscation': true,
    max_tokens: 7,
    max_completion_tokens: 7,
    n: 2,
    temperature: 0.5,
    top_p: 0.5,
    top_k: 5,
    stop: ['end'],
    presence_penalty: 1,
    frequency_penalty: 1,
    logit_bias: { 5: 1 },
    logprobs: true,
    top_logprobs: 2,
    user: 'u',
    seed: 7,
    tools: [chatTool],
    tool_choice: 'required',
    parallel_tool_calls: false,
    functions: [{ name: 'f' }],
    function_call: 'auto',
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
    reasoning_effort: 'high',
    reasoning: { effort: 'high' },
    thinking: { type: 'enabled', budget_tokens: 2000 },
    metadata: { a: 'b' },
    store: true,
    service_tier: 'flex',
    modalities: ['text', 'audio'],
    audio: { voice: 'alloy', format: 'wav' },
    prediction: { type: 'content', content: 'x' },
    web_search_options: {},
    verbosity: 'low',
    prompt_cache_key: 'k',
    prompt_cache_retention: '24h',
    prompt_cache_options: { a: 1 },
    safety_identifier: 's',
    moderation: { a: 1 },
  },
  'openai-completions': {
    model: 'other',
    prompt: 'bye',
    suffix: 'end',
    stream: true,
    stream_options: { include_usage: true },
    'stream_options.include_obfuscation': true,
    max_tokens: 7,
    n: 2,
    best_of: 2,
    echo: true,
    logprobs: 0,
    temperature: 0.5,
    top_p: 0.5,
    stop: ['end'],
    presence_penalty: 1,
    frequency_penalty: 1,
    logit_bias: { 5: 1 },
    seed: 7,
    user: 'u',
  },
  'openai-responses': RESPONSES,
  'cursor-responses': { ...RESPONSES, 'stream_options.include_obfuscation': true },
  'anthropic-messages': {
    model: 'other',
    messages: [{ role: 'user', content: 'bye' }],
    system: 'be brief',
    max_tokens: 7,
    stream: true,
    stop_sequences: ['end'],
    temperature: 0.5,
    top_p: 0.5,
    top_k: 5,
    tools: [{ name: 'weather', input_schema: schema }],
    tool_choice: { type: 'any' },
    metadata: { user_id: 'u' },
    'metadata.user_id': 'u',
    thinking: { type: 'adaptive' },
    'thinking.type': 'disabled',
    'thinking.budget_tokens': 2000,
    'thinking.display': 'omitted',
    output_config: { effort: 'high' },
    'output_config.effort': 'high',
    'output_config.format': { type: 'json_schema', schema },
    'output_config.task_budget': { total: 1 },
    output_format: { type: 'json_schema', schema },
    service_tier: 'standard_only',
    container: 'c',
    context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
    mcp_servers: [{ type: 'url', url: 'https://example.com' }],
    cache_control: { type: 'ephemeral' },
    speed: 'fast',
    inference_geo: 'us',
    diagnostics: { a: 1 },
    thread: 't',
  },
  gemini: {
    contents: [{ role: 'user', parts: [{ text: 'bye' }] }],
    systemInstruction: { parts: [{ text: 'be brief' }] },
    generationConfig: { temperature: 0.5 },
    'generationConfig.temperature': 0.5,
    'generationConfig.topP': 0.5,
    'generationConfig.topK': 5,
    'generationConfig.candidateCount': 2,
    'generationConfig.maxOutputTokens': 7,
    'generationConfig.stopSequences': ['end'],
    'generationConfig.presencePenalty': 1,
    'generationConfig.frequencyPenalty': 1,
    'generationConfig.seed': 7,
    'generationConfig.responseMimeType': 'application/json',
    'generationConfig.responseSchema': { type: 'OBJECT', properties: { city: { type: 'STRING' } } },
    'generationConfig.responseJsonSchema': schema,
    'generationConfig._responseJsonSchema': schema,
    'generationConfig.responseLogprobs': true,
    'generationConfig.logprobs': 2,
    'generationConfig.responseModalities': ['TEXT', 'IMAGE'],
    'generationConfig.thinkingConfig': { thinkingLevel: 'high' },
    'generationConfig.speechConfig': { languageCode: 'de-DE' },
    'generationConfig.imageConfig': { aspectRatio: '1:1' },
    'generationConfig.mediaResolution': 'MEDIA_RESOLUTION_LOW',
    'generationConfig.audioTimestamp': true,
    'generationConfig.enableAffectiveDialog': true,
    'generationConfig.enableEnhancedCivicAnswers': true,
    generateContentRequest: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }],
    toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    'toolConfig.functionCallingConfig': { mode: 'ANY' },
    'toolConfig.retrievalConfig': { languageCode: 'de' },
    'toolConfig.includeServerSideToolInvocations': true,
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    serviceTier: 'flex',
    labels: { a: 'b' },
    store: true,
  },
};

/** Fields that the gateway itself handles: before a translation, or in the answer. */
const GATEWAYS_OWN: readonly string[] = [
  ...[
    'model',
    'stream_options',
    'stream_options.include_usage',
    'background',
    'previous_response_id',
    'conversation',
    'cachedContent',
  ],
];
/** The fields that mean nothing without others. */
const NEEDS: Readonly<Record<string, JsonObject>> = {
  'openai-chat tool_choice': { tools: [chatTool] },
  'openai-chat parallel_tool_calls': { tools: [chatTool] },
  'openai-responses tool_choice': { tools: [{ type: 'function', name: 'weather', parameters: schema }] },
  'openai-responses parallel_tool_calls': { tools: [{ type: 'function', name: 'weather', parameters: schema }] },
  'cursor-responses tool_choice': { tools: [{ type: 'function', name: 'weather', parameters: schema }] },
  'cursor-responses parallel_tool_calls': { tools: [{ type: 'function', name: 'weather', parameters: schema }] },
  'gemini toolConfig': { tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }] },
  'gemini toolConfig.functionCallingConfig': {
    tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }],
  },
  'anthropic-messages tool_choice': { tools: [{ name: 'weather', input_schema: schema }] },
};

function bodyWith(client: ClientWire, field: string, value: unknown): JsonObject {
  const before = { ...LEAST[client], ...NEEDS[`${client} ${field}`] };
  const [name = '', part] = field.split('.');
  if (part === undefined) return { ...before, [name]: value };
  const type = field === 'thinking.budget_tokens' || field === 'thinking.display' ? { type: 'enabled' } : {};
  return { ...before, [name]: { ...type, [part]: value } };
}

/** Translates, and says how the request's fields fared. */
function fate(client: ClientWire, upstream: ServerWire, body: JsonObject, names: ExchangeNames = {}) {
  try {
    const { upstreamBody, dropped } = exchangeOf(client, upstream, body, { upstreamModel: MODELS[upstream], ...names });
    return { sent: upstreamBody.toString(), dropped, refused: null };
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return { sent: '', dropped: NOTHING_DROPPED, refused: error.param };
  }
}

/** The known fields, in one spelling. */
const knownOf = (client: ClientWire) => [...KNOWN_FIELDS[client]].filter((name) => client !== 'gemini' || !name.includes('_'));
const fieldsOf = (client: ClientWire) => [...new Set([...knownOf(client), ...Object.keys(LOSS_TABLE[client])])];
const cases = PAIRS.flatMap(([client, upstream]) => fieldsOf(client).map((field) => [client, upstream, field] as const))
  // Towards Gemini and Bedrock the path says it.
  .filter(([, upstream, field]) => (upstream !== 'gemini' && upstream !== 'bedrock-converse') || field !== 'stream');

describe('the table of losses', () => {
  it.each(CLIENTS)('has every known field of %s, and a value for each', (client) => {
    for (const field of knownOf(client)) expect(Object.keys(LOSS_TABLE[client])).toContain(field);
    const asked = fieldsOf(client).filter((field) => !GATEWAYS_OWN.includes(field));
    expect(asked.filter((field) => ASKING[client][field] === undefined)).toEqual([]);
  });

  // promise: A translation says what it loses: every field of a request that is translated is carried, or named as dropped
  it.each(cases.filter(([, , field]) => !GATEWAYS_OWN.includes(field)))('%s → %s: %s', (client, upstream, field) => {
    const body = bodyWith(client, field, ASKING[client][field]);
    const without = fate(client, upstream, { ...LEAST[client], ...NEEDS[`${client} ${field}`] });
    const { sent, dropped, refused } = fate(client, upstream, body);
    const loss = LOSS_TABLE[client][field]?.lost[upstream] ?? 'carried';
    const [name] = field.split('.');
    if (loss === 'refused') expect(refused).toBe(field);
    else if (loss === 'dropped') {
      expect(refused).toBeNull();
      expect(dropped).toContain(field);
      expect(fate(client, upstream, body, { isStrict: true }).refused).toBe(field);
    } else {
      expect(refused).toBeNull();
      const isSaid = dropped.some((one) => one === name || one.startsWith(`${name}.`));
      expect(isSaid || sent !== without.sent).toBe(true);
    }
  });

  it('drops nothing of the least request, and shares one empty list', () => {
    for (const [client, upstream] of PAIRS) expect(fate(client, upstream, LEAST[client]).dropped).toBe(NOTHING_DROPPED);
    for (const wire of WIRES) expect(exchangeOf(wire, wire, { ...LEAST[wire], seed: 1 }).dropped).toBe(NOTHING_DROPPED);
  });

  it('says nothing of values that ask for nothing', () => {
    const plain = { n: 1, presence_penalty: 0, logprobs: false, store: false, modalities: ['text'], seed: null };
    expect(fate('openai-chat', 'anthropic-messages', { ...LEAST['openai-chat'], ...plain }).dropped).toEqual([]);
  });

  it('reads the fields of Gemini in either spelling, and names them as they came', () => {
    const body = { ...LEAST.gemini, safety_settings: [{}], generation_config: { topK: 5, image_config: {} } };
    expect(fate('gemini', 'openai-chat', body).dropped).toEqual([
      ...['safety_settings', 'generation_config.topK', 'generation_config.image_config'],
    ]);
    expect(fate('gemini', 'openai-chat', { ...LEAST.gemini, generation_config: { candidate_count: 2 } }).refused).toBe(
      'generation_config.candidate_count',
    );
  });

  it('names any field that nobody knows, at most 20, in letters that a header can hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), fc.constant(1), { maxKeys: 40 }), (more) => {
        const body = { ...more, ...LEAST['openai-chat'], model: 'm' };
        const { dropped, refused } = fate('openai-chat', 'anthropic-messages', body);
        if (refused !== null) return;
        expect(dropped.length).toBeLessThanOrEqual(20);
        for (const name of dropped) expect(name).toMatch(/^[\w.[\]-]{1,64}$/);
      }),
    );
  });
});

describe('what depends on the content or the model', () => {
  const chat = { messages: hi };
  const dropsOf = (client: ChatWire, upstream: ServerWire, body: JsonObject, upstreamModel = MODELS[upstream]) =>
    fate(client, upstream, body, { upstreamModel }).dropped;

  it.each<[string, ChatWire, ServerWire, JsonObject, string, string[]]>([
    [
      'a temperature that is clamped',
      'openai-chat',
      'anthropic-messages',
      { ...chat, temperature: 1.5 },
      'claude-3-opus',
      ['temperature'],
    ],
    [
      'sampling that a thinking model does not take',
      'openai-chat',
      'anthropic-messages',
      { ...chat, temperature: 0.2, top_p: 0.5, top_k: 3, reasoning_effort: 'high' },
      'claude-opus-4-6',
      ['temperature', 'top_p', 'top_k'],
    ],
    [
      'a strict tool of an old model',
      'openai-chat',
      'anthropic-messages',
      { ...chat, tools: [{ type: 'function', function: { ...chatTool.function, strict: true } }] },
      'claude-3-opus',
      ['tools.strict'],
    ],
    [
      'effort on the chat wire',
      'anthropic-messages',
      'openai-chat',
      { ...LEAST['anthropic-messages'], thinking: { type: 'adaptive' } },
      'gpt-4o',
      ['thinking'],
    ],
    [
      'marks of a cache',
      'anthropic-messages',
      'openai-chat',
      {
        max_tokens: 9,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }],
      },
      'gpt-4o',
      ['cache_control'],
    ],
    [
      'verbosity of an old model',
      'openai-responses',
      'openai-chat',
      { input: 'hi', text: { verbosity: 'low' } },
      'gpt-4o',
      ['text.verbosity'],
    ],
    [
      'a failed result',
      'anthropic-messages',
      'openai-responses',
      {
        max_tokens: 9,
        messages: [
          { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', is_error: true, content: 'no' }] },
        ],
      },
      'gpt-5',
      ['messages.is_error'],
    ],
    [
      'two names of the end user',
      'openai-chat',
      'anthropic-messages',
      { ...chat, user: 'a', safety_identifier: 'b' },
      'claude-opus-4-6',
      ['safety_identifier'],
    ],
    [
      'the name of a speaker',
      'openai-chat',
      'anthropic-messages',
      { messages: [{ role: 'user', name: 'ada', content: 'hi' }] },
      'claude-opus-4-6',
      ['messages.name'],
    ],
    [
      'steps of a provider’s own tools',
      'anthropic-messages',
      'openai-chat',
      {
        max_tokens: 9,
        messages: [
          { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }] },
          { role: 'user', content: 'hi' },
        ],
      },
      'gpt-5',
      ['messages.server_tool_use'],
    ],
    [
      'fields of a tool',
      'anthropic-messages',
      'openai-chat',
      { ...LEAST['anthropic-messages'], tools: [{ name: 'weather', input_schema: schema, defer_loading: true }] },
      'gpt-5',
      ['tools.defer_loading'],
    ],
    [
      'fields of a function, of a choice and of thinking, and a step of code that Google ran',
      'gemini',
      'openai-chat',
      {
        contents: [
          {
            role: 'user',
            parts: [{ fileData: { fileUri: 'https://a.example/b.png', mimeType: 'image/png' }, videoMetadata: {} }],
          },
          { role: 'model', parts: [{ executableCode: { code: '1' } }, { codeExecutionResult: {} }, { text: 'one' }] },
        ],
        generationConfig: { thinkingConfig: { includeThoughts: true, other: 1 } },
        tools: [{ functionDeclarations: [{ name: 'f', behavior: 'BLOCKING' }] }],
        toolConfig: { functionCallingConfig: { mode: 'AUTO', streamFunctionCallArguments: true } },
      },
      'gpt-5.6',
      [
        ...['contents.parts.videoMetadata', 'contents.parts.executableCode', 'contents.parts.codeExecutionResult'],
        ...['tools.functionDeclarations.behavior', 'toolConfig.functionCallingConfig.streamFunctionCallArguments'],
        ...['generationConfig.thinkingConfig.other', 'generationConfig.thinkingConfig'],
      ],
    ],
    [
      'marks, strictness and effort that Gemini has not',
      'openai-chat',
      'gemini',
      {
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }],
        tools: [{ type: 'function', function: { ...chatTool.function, strict: true } }],
        response_format: { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } },
        reasoning_effort: 'high',
      },
      'gemini-2.0-flash',
      ['cache_control', 'tools.strict', 'reasoning_effort', 'response_format.json_schema.strict'],
    ],
    [
      'the steps of a provider’s own tools towards Gemini',
      'anthropic-messages',
      'gemini',
      {
        max_tokens: 9,
        messages: [
          { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }] },
          { role: 'user', content: 'hi' },
        ],
      },
      'gemini-3-flash-preview',
      ['messages.server_tool_use'],
    ],
    [
      'what Cohere bounds or has not: sampling, both penalties, one strict tool of two, marks',
      'openai-chat',
      'cohere-chat',
      {
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }],
        ...{ top_p: 1, top_k: 600, presence_penalty: 0.5, frequency_penalty: 1.5 },
        tools: [{ type: 'function', function: { ...chatTool.function, strict: true } }, chatTool],
        reasoning_effort: 'high',
      },
      'command-r7b-12-2024',
      ['cache_control', 'frequency_penalty', 'presence_penalty', 'top_p', 'top_k', 'tools.strict', 'reasoning_effort'],
    ],
    [
      'thinking that Cohere takes back only as the plan before a call',
      'openai-chat',
      'cohere-chat',
      {
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: 'ho', reasoning_content: 'hm' },
          { role: 'user', content: 'and?' },
        ],
      },
      'command-r7b-12-2024',
      ['messages.reasoning_content'],
    ],
  ])('says %s', (_what, client, upstream, body, model, want) => {
    expect(dropsOf(client, upstream, body, model)).toEqual(want);
  });

  it.each<[string, ChatWire, ServerWire, JsonObject, string]>([
    [
      'a grammar',
      'openai-responses',
      'anthropic-messages',
      { input: 'hi', tools: [{ type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'x' } }] },
      'tools[0].format',
    ],
    [
      'a grammar of chat',
      'openai-chat',
      'anthropic-messages',
      {
        ...chat,
        tools: [
          { type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } } } },
        ],
      },
      'tools[0].format',
    ],
    [
      'a provider’s own tool',
      'anthropic-messages',
      'openai-chat',
      { ...LEAST['anthropic-messages'], tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      'tools[0]',
    ],
    [
      'a demand to compact',
      'openai-responses',
      'anthropic-messages',
      { input: [{ role: 'user', content: 'hi' }, { type: 'compaction_trigger' }] },
      'input[1].type',
    ],
    [
      'sound',
      'openai-chat',
      'anthropic-messages',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }] }] },
      'messages[0].content[0]',
    ],
    [
      'a stored picture in a response',
      'anthropic-messages',
      'openai-responses',
      { max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
      'messages[0].content[0]',
    ],
    [
      'a picture that is no URL',
      'openai-responses',
      'anthropic-messages',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'ftp://a/b' }] }] },
      'input[0].content[0]',
    ],
    [
      'stop words',
      'anthropic-messages',
      'openai-responses',
      { ...LEAST['anthropic-messages'], stop_sequences: ['x'] },
      'stop_sequences',
    ],
    [
      'a search that Google runs',
      'gemini',
      'anthropic-messages',
      { ...LEAST.gemini, tools: [{ googleSearch: {} }] },
      'tools[0].googleSearch',
    ],
    [
      'a part that nobody knows',
      'gemini',
      'openai-chat',
      { contents: [{ role: 'user', parts: [{ hologram: {} }] }] },
      'contents[0].parts[0].hologram',
    ],
    [
      'a member of an enum',
      'gemini',
      'openai-chat',
      { ...LEAST.gemini, generationConfig: { responseMimeType: 'text/x.enum' } },
      'generationConfig.responseMimeType',
    ],
    [
      'a grammar towards Gemini',
      'openai-responses',
      'gemini',
      { input: 'hi', tools: [{ type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'x' } }] },
      'tools[0].format',
    ],
    [
      'more stop sequences than Cohere takes',
      'anthropic-messages',
      'cohere-chat',
      { ...LEAST['anthropic-messages'], stop_sequences: ['a', 'b', 'c', 'd', 'e', 'f'] },
      'stop_sequences',
    ],
    [
      'a document that Cohere cannot read',
      'anthropic-messages',
      'cohere-chat',
      {
        max_tokens: 9,
        messages: [
          {
            role: 'user',
            content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } }],
          },
        ],
      },
      'messages[0].content[0]',
    ],
  ])('refuses %s by the caller’s name for it', (_what, client, upstream, body, param) => {
    expect(fate(client, upstream, body).refused).toBe(param);
  });
});

describe('a field inside a message', () => {
  const inside: readonly (readonly [string, ClientWire, JsonObject, string])[] = [
    ['a message of chat', 'openai-chat', { messages: [{ role: 'user', content: 'hi', x_new: 1 }] }, 'messages.x_new'],
    [
      'a part of chat',
      'openai-chat',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', x_new: 1 }] }] },
      'messages.x_new',
    ],
    ['a message of Messages', 'anthropic-messages', { messages: [{ role: 'user', content: 'hi', x_new: 1 }] }, 'messages.x_new'],
    [
      'a block of Messages',
      'anthropic-messages',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', x_new: 1 }] }] },
      'messages.x_new',
    ],
    ['an item of Responses', 'openai-responses', { input: [{ role: 'user', content: 'hi', x_new: 1 }] }, 'input.x_new'],
    [
      'a part of Responses',
      'openai-responses',
      { input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi', x_new: 1 }] }] },
      'input.x_new',
    ],
    ['a turn of Gemini', 'gemini', { contents: [{ role: 'user', parts: [{ text: 'hi' }], x_new: 1 }] }, 'contents.x_new'],
    ['a part of Gemini', 'gemini', { contents: [{ role: 'user', parts: [{ text: 'hi', x_new: 1 }] }] }, 'contents.parts.x_new'],
  ];

  it.each(inside)('that nobody knows is named: %s', (_what, client, body, field) => {
    for (const upstream of SERVERS.filter((wire) => wire !== client))
      expect(fate(client, upstream, { ...(client === 'anthropic-messages' && { max_tokens: 9 }), ...body }).dropped).toEqual([
        field,
      ]);
  });

  it('that an answer had, or that says nothing, is not named', () => {
    const said = { role: 'assistant', content: 'ho', refusal: null, annotations: [], audio: null, function_call: null };
    const messages = [{ role: 'user', content: 'hi' }, said, { role: 'user', content: 'and?' }];
    expect(fate('openai-chat', 'anthropic-messages', { messages }).dropped).toEqual([]);
    const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', phase: 'final_answer' };
    const content = [{ type: 'output_text', text: 'ho', annotations: [], logprobs: [] }];
    const input = [
      { role: 'user', content: 'hi' },
      { ...item, content },
      { role: 'user', content: 'and?' },
    ];
    expect(fate('openai-responses', 'anthropic-messages', { input }).dropped).toEqual([]);
  });
});

describe('sealed data returns only to its issuer', () => {
  const claudes = { type: 'thinking', thinking: 'hm', signature: 'sig' };
  const openais = { type: 'thinking', thinking: 'hm', signature: 'headgate.openai.gAAA' };
  const history = (block: JsonObject) => ({
    max_tokens: 9,
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [block, { type: 'text', text: 'ho' }] },
      { role: 'user', content: 'and?' },
    ],
  });

  // promise: Sealed data returns only to its issuer.
  it('goes back to OpenAI from a client of Messages', () => {
    const { sent, dropped } = fate('anthropic-messages', 'openai-responses', history(openais));
    expect(JSON.parse(sent).input[1]).toEqual({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'gAAA',
    });
    expect(dropped).toEqual([]);
  });

  it.each<[string, ServerWire, string]>([
    ['Cohere', 'cohere-chat', 'command-a-reasoning-08-2025'],
    ['Responses', 'openai-responses', 'gpt-5'],
    ['DeepSeek', 'openai-chat', 'deepseek-reasoner'],
    ['an ordinary chat model', 'openai-chat', 'gpt-4o'],
    ['Gemini', 'gemini', 'gemini-3-flash-preview'],
  ])('Claude’s does not reach %s', (_who, upstream, upstreamModel) => {
    const { sent, dropped } = fate('anthropic-messages', upstream, history(claudes), { upstreamModel });
    expect(sent).not.toContain('"sig"');
    expect(dropped).toEqual(['messages.signature']);
  });

  it('OpenAI’s does not reach Claude', () => {
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
    ];
    const { sent, dropped } = fate('openai-responses', 'anthropic-messages', { input });
    expect(sent).not.toContain('gAAA');
    expect(dropped).toEqual(['input.encrypted_content']);
  });
});
