import { describe, expect, it } from 'vitest';
import { whole } from '../../lib/pieces.ts';
import { type CloudForm, type ExchangeOptions, type JsonObject, LEFT_IN_BYTES, Untranslatable } from '../dialect.ts';
import { openExchange, readFacts } from '../exchange.ts';

const VERTEX: CloudForm = { version: 'vertex-2023-10-16', omits: ['model'], listsBetas: false };
const BEDROCK: CloudForm = { version: 'bedrock-2023-05-31', omits: ['model', 'stream'], listsBetas: true };

function sent(body: JsonObject, change: Partial<ExchangeOptions> = {}): { text: string; json: JsonObject } {
  const client = change.client ?? 'anthropic-messages';
  const read = readFacts(client, body, undefined);
  if (!read.ok) throw new Error(read.problem.message);
  const { upstreamBody } = openExchange({
    client,
    upstream: 'anthropic-messages',
    body,
    ourBytes: Buffer.from(JSON.stringify(body)),
    facts: read.facts,
    upstreamModel: 'claude-sonnet-4-5@20250929',
    outputCap: null,
    maxOutputTokens: null,
    cloud: VERTEX,
    ...change,
  });
  const text = whole(upstreamBody).toString();
  return { text, json: JSON.parse(text) as JsonObject };
}

const asked = { model: 'claude', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], unknown_field: { kept: true } };

describe('a request of Anthropic’s messages for a cloud', () => {
  it('has the version in place of the model, and every other byte as it came', () => {
    const { text } = sent({ ...asked, stream: true });
    expect(text).toBe(
      '{"anthropic_version":"vertex-2023-10-16","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"unknown_field":{"kept":true},"stream":true}',
    );
  });

  it.each<[string, JsonObject, Partial<ExchangeOptions>, JsonObject]>([
    ['whose model is not the first field', { max_tokens: 9, model: 'claude' }, {}, { max_tokens: 9 }],
    ['that states a version of its own', { model: 'claude', anthropic_version: 'x' }, {}, {}],
    ['with a clamped cap', { model: 'claude', max_tokens: 9 }, { outputCap: 5 }, { max_tokens: 5 }],
    ['whose bytes are not kept', { model: 'claude', stream: true }, { ourBytes: null }, { stream: true }],
  ])('%s is written anew', (_, body, change, expected) => {
    const { json } = sent({ messages: [], ...body }, change);
    expect(json).toEqual({ anthropic_version: 'vertex-2023-10-16', messages: [], ...expected });
  });

  it('lists the client’s betas and leaves the stream out where the cloud wants that', () => {
    const { json } = sent({ ...asked, stream: true }, { cloud: BEDROCK, betas: 'context-1m-2025-08-07, effort-2025-11-24,' });
    const { model: _model, ...rest } = asked;
    const anthropic_beta = ['context-1m-2025-08-07', 'effort-2025-11-24'];
    expect(json).toEqual({ ...rest, anthropic_version: 'bedrock-2023-05-31', anthropic_beta });
    expect(sent(asked, { cloud: BEDROCK, betas: null }).json).toEqual({ ...rest, anthropic_version: 'bedrock-2023-05-31' });
  });

  it('lists only the betas that the cloud knows, and none that the body names by itself', () => {
    const cloud: CloudForm = { ...BEDROCK, knownBetas: ['effort-2025-11-24'] };
    const betas = 'claude-code-20250219,effort-2025-11-24';
    const body = { ...asked, anthropic_beta: ['context-1m-2025-08-07'] };
    expect(sent(body, { cloud, betas }).json.anthropic_beta).toEqual(['effort-2025-11-24']);
    expect(sent(body, { cloud, betas: 'claude-code-20250219' }).json).not.toHaveProperty('anthropic_beta');
  });

  it('keeps values that were left in the bytes of a large body', () => {
    const left = new Map([['messages', Buffer.from('[{"role":"user","content":"long"}]')]]);
    const { json } = sent({ ...asked }, { body: { ...asked, messages: LEFT_IN_BYTES }, ourBytes: null, left });
    expect(json.messages).toEqual([{ role: 'user', content: 'long' }]);
    expect(json).not.toHaveProperty('model');
  });

  it('keeps the model where only the version is wanted, by the deployment’s name', () => {
    expect(sent(asked, { cloud: { ...VERTEX, omits: [] } }).text).toMatch(
      /^\{"anthropic_version":"vertex-2023-10-16","model":"claude-sonnet-4-5@20250929","max_tokens":9,/,
    );
  });

  const url = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
  const file = { type: 'document', source: { type: 'file', file_id: 'file_1' } };
  const data = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  it.each<[string, unknown[], string | null]>([
    ['a URL', [{ type: 'text', text: 'x' }, url], 'messages[0].content[1].source'],
    ['a file id', [file], 'messages[0].content[0].source'],
    [
      'a URL in a tool’s result',
      [{ type: 'tool_result', tool_use_id: 't', content: [url] }],
      'messages[0].content[0].content[0].source',
    ],
    [
      'a URL in a document',
      [{ type: 'document', source: { type: 'content', content: [url] } }],
      'messages[0].content[0].source.content[0].source',
    ],
    ['data', [data], null],
    ['things that are no blocks', [null, 1, 'x', { source: null }, { source: 'url' }], null],
  ])('that names media by %s', (_, content, param) => {
    const body = { model: 'claude', max_tokens: 9, messages: [{ role: 'user', content }] };
    if (param === null) return void expect(sent(body).json.messages).toEqual(body.messages);
    for (const ourBytes of [null, Buffer.from(JSON.stringify(body))]) {
      expect(() => sent(body, { ourBytes })).toThrow(Untranslatable);
      expect(() => sent(body, { ourBytes })).toThrow(expect.objectContaining({ param }) as Error);
    }
    expect(sent(body, { cloud: null, ourBytes: null }).json.messages).toEqual(body.messages);
  });

  it('of another dialect gets the same form, and media are refused by the client’s own name', () => {
    const { json } = sent({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }, { client: 'openai-chat' });
    expect(json).toMatchObject({ anthropic_version: 'vertex-2023-10-16', max_tokens: 4096 });
    expect(json).not.toHaveProperty('model');
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const body = { model: 'm', messages: [{ role: 'user', content: [image] }] };
    const refused = () => sent(body, { client: 'openai-chat' });
    expect(refused).toThrow(/only as data/);
    expect(refused).toThrow(expect.objectContaining({ param: 'messages[0].content[0]' }) as Error);
  });
});
