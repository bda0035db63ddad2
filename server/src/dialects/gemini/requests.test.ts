import { describe, expect, test } from 'vitest';
import { sentTo } from '../../../test/exchanges.ts';
import type { InboundWire, JsonObject, Wire } from '../dialect.ts';
import { FEATURE_NAMES } from '../feature-names.ts';
import { Losses } from '../losses.ts';
import { decodeChatRequest } from '../openai-chat/decode-request.ts';
import { readFacts } from '../read-facts.ts';
import { decodeContentRequest } from './decode-request.ts';
import { encodeContentRequest } from './encode-request.ts';

const hi = [{ role: 'user', parts: [{ text: 'hi' }] }];
const sent = (upstream: Wire, body: JsonObject, model = 'up') => sentTo('gemini', upstream, body, { upstreamModel: model });
const toGemini = (client: InboundWire, body: JsonObject, model = 'gemini-3-pro-preview') =>
  sentTo(client, 'gemini', body, { upstreamModel: model });
const factsOf = (body: JsonObject, wire: Wire = 'gemini') =>
  readFacts(wire, body, undefined, { model: 'm', stream: false, framing: 'events' });

/** Encodes a chat request for Gemini. Returns what was left out. */
function droppedOf(body: JsonObject, model: string): readonly string[] {
  const losses = new Losses({ names: FEATURE_NAMES['openai-chat'], isStrict: false });
  const request = decodeChatRequest(body, losses);
  encodeContentRequest(request, {
    ...{ upstreamModel: model, stream: false, outputCap: null, outputCapDefault: 1, losses },
    capField: 'max_tokens',
  });
  return losses.dropped();
}

describe('a request in Gemini’s format', () => {
  const everything = {
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [
      { role: 'user', parts: [{ text: 'Draw it.' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
      { role: 'model', parts: [{ text: 'I look.', thought: true }, { functionCall: { name: 'look', args: { at: 1 } } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'a cat' } } }] },
    ],
    tools: [
      {
        functionDeclarations: [
          {
            name: 'look',
            description: 'Looks.',
            parameters: { type: 'OBJECT', properties: { at: { type: 'INTEGER', nullable: true } }, required: ['at'] },
          },
        ],
      },
    ],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
    generationConfig: {
      temperature: 0.5,
      topP: 0.9,
      topK: 7,
      maxOutputTokens: 99,
      stopSequences: ['END'],
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', format: 'enum', enum: ['x'] } } },
    },
  };
  const inSnakeCase = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((item) => inSnakeCase(item, key));
    if (typeof value !== 'object' || value === null || key === 'properties') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        inSnakeCase(inner, name),
      ]),
    );
  };

  test('says the same to a Claude model, whichever spelling its fields have', () => {
    const written = sent('anthropic-messages', everything, 'claude-sonnet-4-5');
    expect(written).toMatchObject({
      max_tokens: 99,
      temperature: 0.5,
      top_k: 7,
      system: 'Be brief.',
      stop_sequences: ['END'],
      tool_choice: { type: 'tool', name: 'look' },
      tools: [
        {
          name: 'look',
          description: 'Looks.',
          input_schema: { type: 'object', properties: { at: { type: ['integer', 'null'] } }, required: ['at'] },
        },
      ],
      output_config: {
        format: { type: 'json_schema', schema: { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } } },
      },
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Draw it.' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1_1', name: 'look', input: { at: 1 } }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'call_1_1', content: [{ type: 'text', text: 'a cat' }] }],
        },
      ],
    });
    expect(sent('anthropic-messages', inSnakeCase(everything) as JsonObject, 'claude-sonnet-4-5')).toEqual(written);
  });

  test('names calls by their place, and finds the call that a result without an id answers', () => {
    const calls = ['a', 'b', 'a'].map((name) => ({ functionCall: { name, args: {} } }));
    const results = ['b', 'a', 'a'].map((name, at) => ({ functionResponse: { name, response: { output: String(at) } } }));
    const { messages } = sent('openai-chat', {
      contents: [...hi, { role: 'model', parts: calls }, { role: 'user', parts: results }],
    }) as { messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[] };
    expect(messages[1]?.tool_calls?.map(({ id }) => id)).toEqual(['call_1_0', 'call_1_1', 'call_1_2']);
    expect(messages.slice(2).map(({ tool_call_id }) => tool_call_id)).toEqual(['call_1_1', 'call_1_0', 'call_1_2']);
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['a failed result', { response: { error: 'no' } }, { content: [{ type: 'text', text: 'no' }], is_error: true }],
    ['a result of several fields', { response: { a: 1, b: 2 } }, { content: [{ type: 'text', text: '{"a":1,"b":2}' }] }],
    ['a result that is no object', { response: [1] }, { content: [{ type: 'text', text: '[1]' }] }],
    [
      'a picture in a result',
      { response: { output: 'here' }, parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }] },
      { content: [{ type: 'text' }, { type: 'image' }] },
    ],
  ])('%s', (_name, result, want) => {
    const { messages } = sent('anthropic-messages', {
      contents: [
        ...hi,
        { role: 'model', parts: [{ functionCall: { name: 'f' } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f', ...result } }] },
      ],
    }) as { messages: { content: JsonObject[] }[] };
    expect(messages[2]?.content[0]).toMatchObject(want);
  });

  test.each([[null], [5], ['x'], [[1]], [{ a: 1 }]])('arguments %j reach Claude as an object', (args) => {
    const { messages } = sent('anthropic-messages', {
      contents: [...hi, { role: 'model', parts: [{ functionCall: { name: 'f', args } }] }, ...hi],
    }) as { messages: { content: { input: unknown }[] }[] };
    expect(messages[1]?.content[0]?.input).toEqual(expect.any(Object));
    expect(messages[1]?.content[0]?.input).not.toBeInstanceOf(Array);
  });

  test.each<[JsonObject, string]>([
    [{}, 'contents'],
    [{ contents: 'hi' }, 'contents'],
    [{ contents: [null] }, 'contents[0]'],
    [{ contents: [{ parts: 'hi' }] }, 'contents[0].parts'],
    [{ contents: [{ parts: [3] }] }, 'contents[0].parts[0]'],
    [{ contents: hi, generationConfig: [] }, 'generationConfig'],
    [{ contents: hi, generationConfig: { maxOutputTokens: '9' } }, 'generationConfig.maxOutputTokens'],
    [{ contents: hi, generationConfig: { maxOutputTokens: 0 } }, 'generationConfig.maxOutputTokens'],
    [{ contents: hi, generationConfig: { candidateCount: 1e9 } }, 'generationConfig.candidateCount'],
    [{ contents: hi, generationConfig: {}, generation_config: {} }, 'generation_config'],
    [{ contents: hi, generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } }, 'max_output_tokens'],
    [{ contents: hi, cachedContent: 'cachedContents/x' }, 'cachedContent'],
    [{ contents: hi, cached_content: 'cachedContents/x' }, 'cachedContent'],
    [{ contents: hi, tools: [{ fileSearch: { fileSearchStoreNames: ['x'] } }] }, 'tools[0].fileSearch'],
    [{ contents: hi, tools: [{ file_search: {} }] }, 'tools[0].fileSearch'],
    [{ generateContentRequest: { contents: hi, cachedContent: 'x' } }, 'cachedContent'],
  ])('is refused: %j', (body, param) => {
    expect(factsOf(body)).toMatchObject({ ok: false, problem: { param } });
    if (param !== 'cachedContent' && !param.startsWith('tools') && !param.startsWith('gen') && !param.startsWith('max')) return;
    expect(factsOf(body, 'gemini-count-tokens')).toMatchObject({ ok: false });
  });

  test.each<[JsonObject, string]>([
    [{ candidateCount: 2 }, 'generationConfig.candidateCount'],
    [{ responseLogprobs: true }, 'generationConfig.responseLogprobs'],
    [{ responseModalities: ['AUDIO'] }, 'generationConfig.responseModalities'],
    [{ responseMimeType: 'text/x.enum' }, 'generationConfig.responseMimeType'],
  ])('is not translated, since the answer would be another: %j', (generationConfig, param) => {
    for (const upstream of ['openai-chat', 'anthropic-messages', 'openai-responses'] as const)
      expect(() => sent(upstream, { contents: hi, generationConfig })).toThrow(expect.objectContaining({ param }));
  });

  test.each([
    'files/abc',
    'gs://bucket/abc',
    'https://generativelanguage.googleapis.com/v1beta/files/abc',
    'https://GenerativeLanguage.googleapis.com./v1beta/files/abc',
    'http://generativelanguage.googleapis.com:443/v1beta/files/abc',
    'https://example.com/v1beta/files/abc',
    'https://example.com/v1beta/%66iles/abc',
    'https://example.com//upload//v1beta//files/abc',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    '',
    7,
  ])('a file stored at Google is nobody’s to name: %s', (fileUri) => {
    const contents = [{ parts: [{ fileData: { fileUri } }] }];
    expect(factsOf({ contents })).toMatchObject({ ok: false, problem: { param: 'contents[0].parts[0].fileData.fileUri' } });
    const inResult = [
      { parts: [{ function_response: { name: 'f', response: {}, parts: [{ file_data: { file_uri: fileUri } }] } }] },
    ];
    expect(factsOf({ contents: inResult })).toMatchObject({ ok: false });
    if (typeof fileUri !== 'string' || fileUri.startsWith('data:') || fileUri === '') return;
    const image = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: fileUri } }] }];
    expect(() => toGemini('openai-chat', { messages: image })).toThrow(/address on the web/);
  });

  test('an address on the web is left to the provider', () => {
    const fileUri = 'https://example.com/a.png';
    expect(factsOf({ contents: [{ parts: [{ fileData: { fileUri } }] }] })).toMatchObject({ ok: true, facts: { mediaParts: 1 } });
    const { contents } = toGemini('openai-chat', {
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: fileUri } }] }],
    });
    expect(contents).toEqual([{ role: 'user', parts: [{ fileData: { mimeType: 'image/png', fileUri } }] }]);
  });

  test('states its media, and what is billed beyond tokens', () => {
    const reading = factsOf({
      contents: { parts: { inline_data: { mime_type: 'audio/wav', data: 'AAAA' } } },
      tools: [{ googleSearch: {} }, { url_context: {} }, { codeExecution: {} }, { googleMaps: {} }, { functionDeclarations: [] }],
      generationConfig: { responseModalities: ['TEXT', 'IMAGE'], candidateCount: 2 },
      serviceTier: 'PRIORITY',
    });
    expect(reading).toMatchObject({ ok: true, facts: { mediaParts: 1, mediaBytes: 4, answers: 2, outputCap: null } });
    expect(
      reading.ok && reading.facts.beyond.map((one) => ('unit' in one ? one.unit : 'lookups' in one ? one.lookups.unit : one.is)),
    ).toEqual(['search', 'fetch', 'fetch', 'tool:googleMaps', 'bucket', 'bucket', 'tier']);
  });

  test('counts a part that it does not know, and none for what it knows as text', () => {
    const partsOf = (part: object) => {
      const reading = factsOf({ contents: [{ parts: [part] }] });
      return reading.ok ? reading.facts.mediaParts : reading.problem;
    };
    expect(partsOf({ hologram: { uri: 'https://example.test/a' } })).toBe(1);
    expect(partsOf({ text: 'x', imageUrl: 'https://example.test/a.png' })).toBe(1);
    expect(partsOf({ text: 'x', thought: true, thought_signature: 'y', function_call: { name: 'f' } })).toBe(0);
    expect(partsOf({ inline_data: { mime_type: 'image/png', data: 'AAAA' }, video_metadata: { fps: 1 } })).toBe(1);
  });
});

describe('a request for Gemini', () => {
  test('has what a chat request asks for, and no model and no stream', () => {
    expect(
      toGemini('openai-chat', {
        stream: true,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'hi' },
        ],
        max_tokens: 5,
        stop: ['a'],
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
        tool_choice: 'required',
        reasoning_effort: 'low',
      }),
    ).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
      generationConfig: {
        maxOutputTokens: 5,
        stopSequences: ['a'],
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
        thinkingConfig: { includeThoughts: true, thinkingLevel: 'low' },
      },
    });
  });

  const history = (signature?: string): JsonObject => ({
    messages: [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        tool_calls: [
          {
            id: 'c1',
            type: 'function',
            function: { name: 'f', arguments: '{"a":1}' },
            ...(signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }),
          },
          { id: 'c2', type: 'function', function: { name: 'g', arguments: 'not json' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c2', content: '{"ok":true}' },
      { role: 'tool', tool_call_id: 'c1', content: 'fine' },
    ],
  });

  test('gives the first call without a signature the word for it, which loses nothing that was sent', () => {
    const { contents } = toGemini('openai-chat', history()) as { contents: JsonObject[] };
    expect(contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'c1', name: 'f', args: { a: 1 } }, thoughtSignature: 'skip_thought_signature_validator' },
          { functionCall: { id: 'c2', name: 'g', args: { arguments: 'not json' } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c2', name: 'g', response: { ok: true } } },
          { functionResponse: { id: 'c1', name: 'f', response: { output: 'fine' } } },
        ],
      },
    ]);
    expect(droppedOf(history(), 'gemini-3-pro')).toEqual([]);
    expect(droppedOf(history(), 'gemini-2.5-flash')).toEqual([]);
    expect(JSON.stringify(toGemini('openai-chat', history(), 'gemini-2.5-flash'))).not.toContain('skip_');
  });

  test('carries Google’s signature of a call, and never another vendor’s', () => {
    const anthropic = {
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'claude-signed' },
            { type: 'tool_use', id: 'c1', name: 'f', input: {} },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'fine' }] },
      ],
    };
    const text = JSON.stringify(toGemini('anthropic-messages', anthropic));
    expect(text).not.toContain('claude-signed');
    expect(text).toContain('skip_thought_signature_validator');
  });

  test.each<[string, JsonObject, JsonObject | undefined]>([
    ['gemini-2.5-flash', { reasoning_effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { reasoning_effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-2.5-flash', { reasoning_effort: 'medium' }, { includeThoughts: true, thinkingBudget: 8192 }],
    ['gemini-3-pro-preview', { reasoning_effort: 'none' }, { thinkingLevel: 'low' }],
    ['gemini-3-pro-preview', { reasoning_effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'high' }],
    ['gemini-3-flash', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'minimal' }],
    ['gemini-2.0-flash', { reasoning_effort: 'high' }, undefined],
  ])('%s with %j thinks by %j', (model, asked, want) => {
    const { generationConfig } = toGemini('openai-chat', { messages: [{ role: 'user', content: 'hi' }], ...asked }, model);
    expect((generationConfig as JsonObject | undefined)?.thinkingConfig).toEqual(want);
  });
});

describe('a native request', () => {
  const native = (body: JsonObject, cap?: number, wire: InboundWire = 'gemini') =>
    sentTo(wire, wire, body, { upstreamModel: 'gemini-3-pro', ...(cap === undefined ? {} : { outputCap: cap }) });

  test('passes as it came, unknown fields too, without its model and without what Google would keep', () => {
    const body = { contents: hi, newField: { deep: [1] } };
    expect(native(body)).toEqual(body);
    expect(native({ ...body, store: true })).toEqual({ ...body, store: false });
  });

  test('has a clamped cap in the caller’s own spelling', () => {
    expect(native({ contents: hi, generation_config: { max_output_tokens: 9, topK: 1 } }, 5)).toEqual({
      contents: hi,
      generation_config: { max_output_tokens: 5, topK: 1 },
    });
    expect(native({ contents: hi }, 5)).toEqual({ contents: hi, generationConfig: { maxOutputTokens: 5 } });
  });

  test('counts for the model that was called, whatever the body names', () => {
    const body = { generateContentRequest: { model: 'models/another', contents: hi } };
    expect(native(body, undefined, 'gemini-count-tokens')).toEqual({
      generateContentRequest: { model: 'models/gemini-3-pro', contents: hi },
    });
  });
});

test('a signature of another vendor passes Gemini’s clients as base64, in either alphabet, and comes back whole', () => {
  const losses = new Losses({ names: FEATURE_NAMES.gemini, isStrict: false });
  const marked = Buffer.from('headgate.anthropic.a+/b?~').toString('base64');
  for (const thoughtSignature of [marked, marked.replaceAll('+', '-').replaceAll('/', '_')]) {
    const request = decodeContentRequest(
      { contents: [{ role: 'model', parts: [{ text: 'hm', thought: true, thoughtSignature }] }] },
      losses,
    );
    expect(request.messages[0]?.parts).toEqual([
      { is: 'thinking', text: 'hm', signature: { issuer: 'anthropic', data: 'a+/b?~' } },
    ]);
  }
  const own = decodeContentRequest({ contents: [{ role: 'model', parts: [{ text: '', thoughtSignature: 'AbC=' }] }] }, losses);
  expect(own.messages[0]?.parts).toEqual([{ is: 'thinking', text: '', signature: { issuer: 'google', data: 'AbC=' } }]);
});
