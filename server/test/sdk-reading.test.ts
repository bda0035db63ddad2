import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { InboundWire, Wire } from '../src/dialects/dialect.ts';
import { openExchange, readBody, readFacts } from '../src/dialects/exchange.ts';
import { meaningOf } from './answer-meaning.ts';
import { answersOf, bytesOf, type Recording } from './recordings.ts';

/** The wire of a recorded answer. */
function upstreamOf({ kind, provider }: Recording): Wire {
  if (kind === 'embeddings' && provider === 'voyage') return 'voyage-embed';
  if (kind === 'cohere-chat' || kind === 'cohere-embed' || kind === 'gemini-embed') return kind;
  return kind === 'chat' ? 'openai-chat' : 'anthropic-messages';
}

/** A server for one call: reads the request as we do and answers with the recording, said in the client's dialect. */
function answering(recording: Recording, client: InboundWire): typeof fetch {
  const upstream = upstreamOf(recording);
  return async (_url, init) => {
    const body = readBody(Buffer.from(String(init?.body)));
    if (!body.ok) throw new Error(body.problem.message);
    const reading = readFacts(client, body.body);
    if (!reading.ok) throw new Error(reading.problem.message);
    const { facts } = reading;
    const names = { upstreamModel: 'up', outputCap: null, maxOutputTokens: null };
    const exchange = openExchange({ client, upstream, body: body.body, facts, ...names });
    if (!recording.stream)
      return new Response(new Uint8Array(exchange.whole(bytesOf(recording)).bytes), {
        headers: { 'content-type': 'application/json' },
      });
    const stream = exchange.stream();
    const bytes = Buffer.concat([stream.push(bytesOf(recording)), stream.end({ clean: true })]);
    return new Response(new Uint8Array(bytes), { headers: { 'content-type': 'text/event-stream' } });
  };
}

/** What the recorded answer says answered; else the deployment's name for it. */
const modelIn = (recording: Recording) => /"model":\s*"([^"]+)"/.exec(bytesOf(recording).toString())?.[1] ?? 'up';

const messages = [{ role: 'user' as const, content: 'hi' }];
const ofAnthropic = answersOf('anthropic', 'messages').filter(
  ({ response }) => !/chunks\.txt/.test(response) || /advisor|web-search|tool-no-args|json-other/.test(response),
);
const ofOpenAi = answersOf('openai', 'chat');
const named = (recordings: readonly Recording[]) => recordings.map((recording) => [recording.response, recording] as const);

describe('the OpenAI SDK reads an Anthropic answer', () => {
  it.each(named(ofAnthropic))('%s', async (_name, recording) => {
    const want = meaningOf('messages', recording.stream, bytesOf(recording));
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://test/v1',
      fetch: answering(recording, 'openai-chat'),
      maxRetries: 0,
    });
    const asked = { model: 'claude', messages, stream_options: { include_usage: true } } as const;
    const answer = recording.stream
      ? await client.chat.completions.stream({ ...asked, stream: true }).finalChatCompletion()
      : await client.chat.completions.create({ model: 'claude', messages });
    const [choice] = answer.choices;
    expect(answer.model).toBe(modelIn(recording));
    expect(choice?.message.content ?? '').toBe(want.text);
    const calls = choice?.message.tool_calls ?? [];
    expect(
      calls.map((call) => (call.type === 'function' ? [call.function.name, JSON.parse(call.function.arguments)] : null)),
    ).toEqual(want.tools);
    expect(answer.usage?.completion_tokens).toBe(want.output);
  });
});

describe('the OpenAI SDK reads an answer as a text completion', () => {
  const texts = [...ofOpenAi, ...ofAnthropic].filter(({ response }) => !/tool|advisor/.test(response));

  it.each(named(texts))('%s', async (_name, recording) => {
    const want = meaningOf(recording.kind as 'chat' | 'messages', recording.stream, bytesOf(recording));
    const fetch = answering(recording, 'openai-completions');
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://test/v1', fetch, maxRetries: 0 });
    const asked = { model: 'any', prompt: 'hi' };
    if (!recording.stream) {
      const { choices, usage } = await client.completions.create(asked);
      expect([choices[0]?.text, usage?.completion_tokens]).toEqual([want.text, want.output]);
      return;
    }
    let text = '';
    let output: number | undefined;
    for await (const chunk of await client.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    })) {
      text += chunk.choices[0]?.text ?? '';
      output = chunk.usage?.completion_tokens ?? output;
    }
    expect([text, output]).toEqual([want.text, want.output]);
  });
});

describe('the Anthropic SDK reads an OpenAI answer', () => {
  it.each(named(ofOpenAi))('%s', async (_name, recording) => {
    const want = meaningOf('chat', recording.stream, bytesOf(recording));
    const client = new Anthropic({
      apiKey: 'k',
      baseURL: 'http://test',
      fetch: answering(recording, 'anthropic-messages'),
      maxRetries: 0,
    });
    const asked = { model: 'gpt', max_tokens: 10, messages };
    const answer = recording.stream ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
    expect(answer.model).toBe(modelIn(recording));
    expect(answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')).toBe(want.text);
    const calls = answer.content.flatMap((block) => (block.type === 'tool_use' ? [[block.name, block.input]] : []));
    expect(calls).toEqual(want.tools);
    expect(answer.usage.output_tokens).toBe(want.output ?? 0);
  });
});

describe('the OpenAI SDK reads embeddings of another vendor', () => {
  const embeddings = [
    ...answersOf('cohere', 'cohere-embed'),
    ...answersOf('voyage', 'embeddings'),
    ...answersOf('gemini', 'gemini-embed'),
  ];
  const vectorsIn = (text: string): number[][] => {
    const { embeddings: listed, data } = JSON.parse(text);
    return (data ?? listed.float ?? listed).map((one: number[] | { embedding?: number[]; values?: number[] }) =>
      Array.isArray(one) ? one : (one.embedding ?? one.values),
    );
  };

  it.each(named(embeddings))('%s', async (_name, recording) => {
    const want = vectorsIn(bytesOf(recording).toString());
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://test/v1',
      fetch: answering(recording, 'openai-embeddings'),
      maxRetries: 0,
    });
    // The SDK asks for base64 unless it is told otherwise, and reads 32-bit floats from it.
    const input = want.map((_, at) => `text ${at}`);
    const { data, usage } = await client.embeddings.create({ model: 'any', input });
    expect(data.map(({ embedding }) => embedding)).toEqual(want.map((vector) => vector.map(Math.fround)));
    expect(usage.prompt_tokens).toBeGreaterThan(0);
    const plain = await client.embeddings.create({ model: 'any', input, encoding_format: 'float' });
    expect(plain.data.map(({ embedding }) => embedding)).toEqual(want);
  });
});
