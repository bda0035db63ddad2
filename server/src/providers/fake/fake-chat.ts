import { isObject } from '../../dialects/json.ts';
import { valueFitting } from './fake-json.ts';
import { answerTokens, hashOf, promptTokensOf, randomFrom, tokensOf } from './fake-text.ts';

/** Part of every answer, so that nobody mistakes it for a model's. */
const FINGERPRINT = 'fp_headgate_fake_not_a_model';
const ANSWERS_MAX = 128;

/** The parts of an OpenAI chat request that the fake uses. */
export interface FakeChat {
  readonly promptTokens: number;
  readonly answers: readonly FakeAnswer[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

interface FakeAnswer {
  /** The text, or the arguments of the called tool, already cut at the output cap. */
  readonly tokens: readonly string[];
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  /** The tool that is called in place of a text. */
  readonly call: { readonly id: string; readonly name: string } | null;
}

/** The fields that identify one answer. */
export interface FakeAnswerId {
  readonly id: string;
  readonly createdSeconds: number;
  readonly model: string;
}

/** Parses a chat request as OpenAI would, or returns its problem. */
export function readFakeChat(
  body: Record<string, unknown>,
  options: { readonly sentences: { readonly min: number; readonly max: number } },
): FakeChat | { readonly problem: string; readonly param: string } {
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    return { problem: "'messages' must be an array with at least one message", param: 'messages' };
  }
  const cap = body.max_completion_tokens ?? body.max_tokens ?? Number.MAX_SAFE_INTEGER;
  if (!isWholeBetween(cap, 1, Number.MAX_SAFE_INTEGER))
    return { problem: "'max_tokens' must be at least 1", param: 'max_tokens' };
  const n = body.n ?? 1;
  if (!isWholeBetween(n, 1, ANSWERS_MAX)) return { problem: `'n' must be between 1 and ${ANSWERS_MAX}`, param: 'n' };

  const tool = toolToCall(body);
  if (tool !== null && 'problem' in tool) return tool;
  const prompt = JSON.stringify(body.messages);
  const answers = Array.from({ length: n }, (_, index) => {
    const seed = hashOf(`${index}:${prompt}`);
    const tokens = tool === null ? textFor(body, seed, options.sentences) : tokensOf(jsonFitting(tool.parameters, seed));
    const call = tool === null ? null : { id: `call_fake_${seed.toString(36)}`, name: tool.name };
    return tokens.length > cap
      ? { tokens: tokens.slice(0, cap), finishReason: 'length' as const, call }
      : { tokens, finishReason: call === null ? ('stop' as const) : ('tool_calls' as const), call };
  });
  return {
    promptTokens: promptTokensOf(prompt.length + lengthOf(body.tools)) + 3,
    answers,
    stream: body.stream === true,
    includeUsage: (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
  };
}

interface FakeTool {
  readonly name: string;
  readonly parameters: unknown;
}

/**
 * Returns the function that `tool_choice` demands, or that the last message of a user names where the choice is free. Null: none is
 * called. After a tool's result the answer is a text, so that an agent comes to an end.
 */
function toolToCall(body: Record<string, unknown>): FakeTool | { readonly problem: string; readonly param: string } | null {
  const tools = functionsOf(body.tools);
  const choice = body.tool_choice ?? 'auto';
  if (tools.length === 0 || choice === 'none') return null;
  if (choice === 'required') return tools[0] ?? null;
  const chosen = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined;
  if (chosen !== undefined) {
    const tool = tools.find(({ name }) => name === chosen);
    return tool ?? { problem: "'tool_choice' names a function that is not in 'tools'", param: 'tool_choice' };
  }
  const allowed = isObject(choice) && isObject(choice.allowed_tools) ? choice.allowed_tools : null;
  const among =
    allowed === null ? tools : functionsOf(allowed.tools).flatMap(({ name }) => tools.filter((tool) => tool.name === name));
  if (allowed?.mode === 'required') return among[0] ?? null;
  const last = (body.messages as readonly unknown[]).at(-1);
  if (!isObject(last) || last.role !== 'user') return null;
  const asked = JSON.stringify(last.content ?? '');
  return among.find(({ name }) => name.length > 2 && asked.includes(name)) ?? null;
}

function functionsOf(tools: unknown): readonly FakeTool[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown) => {
    const named = isObject(tool) && isObject(tool.function) ? tool.function : null;
    return typeof named?.name === 'string' ? [{ name: named.name, parameters: named.parameters ?? { type: 'object' } }] : [];
  });
}

/** Returns a text, or JSON if the request wants an object or what fits a schema. */
function textFor(
  body: Record<string, unknown>,
  seed: number,
  { min, max }: { readonly min: number; readonly max: number },
): string[] {
  const format = isObject(body.response_format) ? body.response_format : {};
  const text = answerTokens(seed, min + (seed % (max - min + 1)));
  if (format.type === 'json_object') return tokensOf(JSON.stringify({ answer: text.join('') }));
  if (format.type !== 'json_schema' || !isObject(format.json_schema)) return text;
  return tokensOf(jsonFitting(format.json_schema.schema ?? {}, seed));
}

function jsonFitting(schema: unknown, seed: number): string {
  return JSON.stringify(valueFitting(schema, randomFrom(seed)));
}

/** Returns the whole answer, as OpenAI sends it: indented JSON. */
export function wholeChat(chat: FakeChat, id: FakeAnswerId): Buffer {
  return json({
    id: id.id,
    object: 'chat.completion',
    created: id.createdSeconds,
    model: id.model,
    choices: chat.answers.map((answer, index) => ({
      index,
      message: { role: 'assistant', ...contentOf(answer), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: answer.finishReason,
    })),
    usage: usageOf(chat),
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
  });
}

function contentOf({ tokens, call }: FakeAnswer): object {
  const text = tokens.join('');
  if (call === null) return { content: text };
  return { content: null, tool_calls: [{ id: call.id, type: 'function', function: { name: call.name, arguments: text } }] };
}

/**
 * Returns the answer as server-sent events, one chunk each: role, tokens (answers in turn), finish, usage if requested, `[DONE]`.
 */
export function streamedChat(chat: FakeChat, id: FakeAnswerId): Buffer[] {
  const event = (choices: readonly object[], usage: object | null) =>
    sse({
      id: id.id,
      object: 'chat.completion.chunk',
      created: id.createdSeconds,
      model: id.model,
      service_tier: 'default',
      system_fingerprint: FINGERPRINT,
      choices,
      ...(chat.includeUsage ? { usage } : {}),
    });
  const choice = (index: number, delta: object, finishReason: string | null = null) =>
    event([{ index, delta, logprobs: null, finish_reason: finishReason }], null);

  const events = chat.answers.map(({ call }, index) =>
    choice(index, { role: 'assistant', ...(call === null ? { content: '' } : opening(call)), refusal: null }),
  );
  const longest = Math.max(...chat.answers.map((answer) => answer.tokens.length));
  for (let at = 0; at < longest; at++) {
    chat.answers.forEach((answer, index) => {
      const token = answer.tokens[at];
      if (token !== undefined) events.push(choice(index, answer.call === null ? { content: token } : piece(token)));
    });
  }
  chat.answers.forEach((answer, index) => {
    events.push(choice(index, {}, answer.finishReason));
  });
  if (chat.includeUsage) events.push(event([], usageOf(chat)));
  events.push(Buffer.from('data: [DONE]\n\n'));
  return events;
}

function opening(call: { readonly id: string; readonly name: string }): object {
  return {
    content: null,
    tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
  };
}

function piece(token: string): object {
  return { tool_calls: [{ index: 0, function: { arguments: token } }] };
}

/** Formats a value with indentation, as in OpenAI's whole answers. */
export function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function sse(value: unknown): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

function usageOf(chat: FakeChat): object {
  const completion = chat.answers.reduce((sum, answer) => sum + answer.tokens.length, 0);
  return {
    prompt_tokens: chat.promptTokens,
    completion_tokens: completion,
    total_tokens: chat.promptTokens + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function isWholeBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function lengthOf(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}
