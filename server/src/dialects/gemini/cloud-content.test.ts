import { describe, expect, it } from 'vitest';
import { whole } from '../../lib/pieces.ts';
import type { ExchangeOptions, InboundWire, JsonObject } from '../dialect.ts';
import { openExchange, readFacts } from '../exchange.ts';

function sent(client: InboundWire, body: JsonObject, change: Partial<ExchangeOptions> = {}): JsonObject {
  const upstream = client === 'gemini-count-tokens' ? client : 'gemini';
  const read = readFacts(client, body, undefined, { model: 'm', stream: false, framing: 'events' });
  if (!read.ok) throw new Error(read.problem.message);
  const options = {
    client,
    upstream,
    body,
    facts: read.facts,
    upstreamModel: 'gemini-x',
    outputCap: null,
    maxOutputTokens: null,
  } as const;
  const { upstreamBody } = openExchange({ ...options, contentForm: 'google-cloud', ...change });
  return JSON.parse(whole(upstreamBody).toString()) as JsonObject;
}

const call = { name: 'f', args: { id: 'kept' } };
const response = { name: 'f', response: { id: 'kept' } };

describe('a request of Gemini’s for Google Cloud', () => {
  it.each([
    ['functionCall', 'functionResponse'],
    ['function_call', 'function_response'],
  ])('has no ids of %s and %s, and everything else as it came', (calls, responses) => {
    const contents = (more: object) => [
      { role: 'user', parts: [{ text: 'hi', id: 'kept' }] },
      { role: 'model', parts: [{ [calls]: { ...call, ...more }, thoughtSignature: 's' }] },
      { role: 'user', parts: [{ [responses]: { ...response, ...more } }] },
    ];
    expect(sent('gemini', { contents: contents({ id: 'c1' }), odd: 1 })).toEqual({ contents: contents({}), odd: 1 });
    const single = (more: object) => ({ parts: { [calls]: { ...call, ...more } } });
    expect(sent('gemini', { contents: single({ id: 'c1' }) })).toEqual({ contents: single({}) });
  });

  it('is the received bytes if there is nothing to leave out', () => {
    const ourBytes = Buffer.from('{"contents":[{"parts":[{"text":"hi"}]}]}');
    const body = JSON.parse(ourBytes.toString()) as JsonObject;
    const read = readFacts('gemini', body, undefined, { model: 'm', stream: false, framing: 'events' });
    if (!read.ok) throw new Error(read.problem.message);
    const options = {
      client: 'gemini',
      upstream: 'gemini',
      body,
      ourBytes,
      facts: read.facts,
      upstreamModel: 'x',
      outputCap: null,
      maxOutputTokens: null,
      contentForm: 'google-cloud',
    } as const;
    expect(openExchange(options).upstreamBody).toBe(ourBytes);
  });

  it('says nothing of storing, and has a clamped cap', () => {
    const contents = [{ parts: [{ text: 'hi' }] }];
    const body = { contents, store: true };
    expect(sent('gemini', body, { outputCap: 7 })).toEqual({ contents, generationConfig: { maxOutputTokens: 7 } });
    expect(sent('gemini', body, { contentForm: null })).toEqual({ contents, store: false });
  });

  it('that was translated has none either', () => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c1', content: '{"a":1}' },
    ];
    const body = { model: 'm', messages, tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] };
    expect(JSON.stringify(sent('openai-chat', body))).not.toContain('c1');
    expect(JSON.stringify(sent('openai-chat', body, { contentForm: null }))).toContain('c1');
  });

  it('to count has the fields of the request that it names', () => {
    const contents = [{ parts: [{ functionCall: { id: 'c1', ...call } }] }];
    const bare = [{ parts: [{ functionCall: call }] }];
    const request = { model: 'models/x', contents, system_instruction: { parts: [{ text: 's' }] }, safetySettings: [] };
    expect(sent('gemini-count-tokens', { generateContentRequest: request })).toEqual({
      contents: bare,
      system_instruction: request.system_instruction,
    });
    expect(sent('gemini-count-tokens', { contents, tools: [] })).toEqual({ contents: bare, tools: [] });
  });
});
