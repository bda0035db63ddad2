import { answerTokens, hashOf, promptTokensOf } from './fake-text.ts';

/** Part of every answer, so that nobody mistakes it for a model's. */
const FINGERPRINT = 'fp_headgate_fake_not_a_model';
const ANSWERS_MAX = 128;

/** The parts of an OpenAI chat request that the fake uses. */
export interface FakeChat {
  readonly promptTokens: number;
  /** One list of tokens for each answer requested, already cut at the output cap. */
  readonly answers: readonly { readonly tokens: readonly string[]; readonly finishReason: 'stop' | 'length' }[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
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

  const prompt = JSON.stringify(body.messages);
  const { min, max } = options.sentences;
  const answers = Array.from({ length: n }, (_, index) => {
    const seed = hashOf(`${index}:${prompt}`);
    const tokens = answerTokens(seed, min + (seed % (max - min + 1)));
    return tokens.length > cap
      ? { tokens: tokens.slice(0, cap), finishReason: 'length' as const }
      : { tokens, finishReason: 'stop' as const };
  });
  return {
    promptTokens: promptTokensOf(prompt.length + lengthOf(body.tools)) + 3,
    answers,
    stream: body.stream === true,
    includeUsage: (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
  };
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
      message: { role: 'assistant', content: answer.tokens.join(''), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: answer.finishReason,
    })),
    usage: usageOf(chat),
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
  });
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

  const events = chat.answers.map((_, index) => choice(index, { role: 'assistant', content: '', refusal: null }));
  const longest = Math.max(...chat.answers.map((answer) => answer.tokens.length));
  for (let at = 0; at < longest; at++) {
    chat.answers.forEach((answer, index) => {
      const token = answer.tokens[at];
      if (token !== undefined) events.push(choice(index, { content: token }));
    });
  }
  chat.answers.forEach((answer, index) => {
    events.push(choice(index, {}, answer.finishReason));
  });
  if (chat.includeUsage) events.push(event([], usageOf(chat)));
  events.push(Buffer.from('data: [DONE]\n\n'));
  return events;
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
