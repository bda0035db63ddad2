import { describe, expect, test } from 'vitest';
import { deployment, type House, model, openHouse } from '../../../test/support/walk.ts';
import type { AuditContentMode } from '../../domain/tenancy/tenancy.ts';

const CANARY = 'the merger is on friday';

/** Sends one request and returns the content that was kept, as JSON; null if none was. The test's sealer does not encrypt. */
async function kept(auditContent: AuditContentMode, body: object, more: House & { path?: string } = {}) {
  const { path, ...house } = more;
  const opened = await openHouse({
    targets: [model('fast', [deployment()])],
    ...house,
    organization: { auditContent, ...house.organization },
  });
  try {
    const said = await opened.ask({ model: 'fast', max_tokens: 20, ...body }, path === undefined ? {} : { path });
    const [row] = opened.rows;
    const text = row?.content?.toString() ?? null;
    return { said, text, content: text === null ? null : JSON.parse(text) };
  } finally {
    await opened.close();
  }
}

const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: CANARY },
];

describe('what is kept of a request', () => {
  test('is nothing where the organization keeps none', async () => {
    expect((await kept('off', { messages })).content).toBeNull();
  });

  // promise: A mode whose engine is not built yet is 400, never stored as another.
  test('is nothing under a mode whose engine is not built, never what another mode keeps', async () => {
    expect((await kept('redacted', { messages })).content).toBeNull();
  });

  // promise: `metadata` (adds roles, sizes, tool names)
  test('as metadata is roles, sizes and tool names, and no word that was said', async () => {
    const tools = [{ type: 'function', function: { name: 'find_invoice', description: CANARY, parameters: {} } }];
    const { content, text, said } = await kept('metadata', { messages, tools });
    expect(content).toMatchObject({
      mode: 'metadata',
      request: {
        messages: [
          { role: 'system', bytes: 11 },
          { role: 'user', bytes: CANARY.length + 2 },
        ],
        tools: ['find_invoice'],
        output_cap: 20,
        media_parts: 0,
      },
      response: { bytes: Buffer.byteLength(said.text) },
    });
    expect(text).not.toContain('merger');
    const [choice] = said.json().choices as { message: { content: string } }[];
    expect(text).not.toContain(choice?.message.content);
  });

  test('as metadata of a text completion is the size of each prompt, whose tokens are one', async () => {
    const targets = [model('fast', [deployment({ mode: 'completion' })], { mode: 'completion' })];
    const of = async (prompt: unknown) => (await kept('metadata', { prompt }, { targets, path: '/v1/completions' })).content;
    expect((await of([CANARY, 'b'])).request.messages).toEqual([
      { role: 'user', bytes: CANARY.length + 2 },
      { role: 'user', bytes: 3 },
    ]);
    expect((await of([1, 2, 3])).request.messages).toEqual([{ role: 'user', bytes: 7 }]);
    expect(JSON.stringify(await of(CANARY))).not.toContain('merger');
  });

  test('as metadata counts bytes, not characters', async () => {
    const { content } = await kept('metadata', { messages: [{ role: 'user', content: 'für €' }] });
    expect(content.request.messages[0].bytes).toBe(Buffer.byteLength('"für €"'));
  });

  test('as metadata is the same of the Anthropic dialect, and of a stream', async () => {
    const body = {
      messages: [{ role: 'user', content: [{ type: 'text', text: CANARY }] }],
      tools: [{ name: 'find_invoice', input_schema: {} }],
      stream: true,
    };
    const { content, text, said } = await kept('metadata', body, { path: '/v1/messages' });
    expect(content.request).toMatchObject({ messages: [{ role: 'user' }], tools: ['find_invoice'] });
    expect(content.response).toEqual({ bytes: Buffer.byteLength(said.text) });
    expect(text).not.toContain('merger');
  });

  test('as metadata of a Responses request is the same of its items', async () => {
    const tools = [{ type: 'function', name: 'find_invoice', parameters: {} }];
    const input = [
      { role: 'user', content: [{ type: 'input_text', text: CANARY }] },
      { type: 'function_call', call_id: 'c', name: 'find_invoice', arguments: `{"text":"${CANARY}"}` },
      { type: 'function_call_output', call_id: 'c', output: CANARY },
    ];
    const { content, text } = await kept('metadata', { max_tokens: undefined, input, tools }, { path: '/v1/responses' });
    expect(content.request).toMatchObject({
      messages: [{ role: 'user' }, { role: 'function_call' }, { role: 'function_call_output', bytes: CANARY.length + 2 }],
      tools: ['find_invoice'],
    });
    expect(text).not.toContain('merger');
    const words = await kept('metadata', { max_tokens: undefined, input: CANARY }, { path: '/v1/responses' });
    expect(words.content.request.messages).toEqual([{ role: 'user', bytes: CANARY.length + 2 }]);
  });

  test('in full is both bodies, of a stream every event as the client saw it', async () => {
    for (const stream of [false, true]) {
      const { content, said } = await kept('full', { messages, stream });
      expect(content.mode).toBe('full');
      expect(JSON.parse(content.request)).toEqual({ model: 'fast', max_tokens: 20, messages, stream });
      expect(content.response).toBe(said.text);
    }
  });

  test('in full of a failed request is what was asked, and no answer', async () => {
    const failing = deployment({ upstreamModel: 'fake-500' });
    const { content, said } = await kept('full', { messages }, { targets: [model('fast', [failing])] });
    expect(said.status).toBe(502);
    expect(content.request).toContain(CANARY);
    expect(content.response).toBeNull();
  });

  test('is bounded: of a long body the beginning, and how long it was', async () => {
    const opened = await openHouse({ organization: { auditContent: 'full' } });
    await opened.close();
    const gateway = { settings: { ...opened.gateway.settings, contentBytesMax: 100 } };
    const { content } = await kept('full', { messages: [{ role: 'user', content: 'x'.repeat(500) }] }, { gateway });
    expect(content.request).toMatch(/^\{"model":"fast".*x…\[\d+ bytes\]$/);
    expect(content.request.length).toBeLessThan(130);
  });

  test('as metadata is bounded: a name is cut, and so are the lists', async () => {
    const many = Array.from({ length: 1_200 }, () => ({ role: 'user', content: 'x' }));
    const tools = Array.from({ length: 300 }, () => ({ type: 'function', function: { name: 'n'.repeat(500) } }));
    const { content } = await kept('metadata', { messages: many, tools });
    expect(content.request.messages).toHaveLength(1_000);
    expect(content.request.tools).toHaveLength(200);
    expect(content.request.tools[0]).toHaveLength(128);
  });

  test('is nothing of a refused one: it reached nobody', async () => {
    const { said, content } = await kept('full', { messages, model: 'nowhere' });
    expect(said.status).toBe(404);
    expect(content).toBeNull();
  });
});
