import { type FakeAnswerId, json } from './fake-chat.ts';
import { answerTokens, hashOf, promptTokensOf } from './fake-text.ts';

const CHOICES_MAX = 128;
const PROMPTS_MAX = 2_048;
/** The output cap of a request that names none, as at OpenAI. */
const CAP_DEFAULT = 16;

/** The answer to a text completion, whole or as events, or its problem. */
type Made =
  | { readonly bytes: Buffer }
  | { readonly events: readonly Buffer[] }
  | { readonly problem: string; readonly param: string };

interface Text {
  readonly tokens: readonly string[];
  readonly finishReason: 'stop' | 'length';
}

/** Answers a request to OpenAI's text completions with text that depends only on the prompt. */
export function fakeCompletion(
  body: Record<string, unknown>,
  id: FakeAnswerId,
  options: { readonly sentences: { readonly min: number; readonly max: number } },
): Made {
  const prompts = promptsOf(body.prompt);
  if (prompts === null) return { problem: `'prompt' must be a text or a list of 1 to ${PROMPTS_MAX} prompts`, param: 'prompt' };
  const cap = body.max_tokens ?? CAP_DEFAULT;
  if (!isWhole(cap, 0)) return { problem: "'max_tokens' must be at least 0", param: 'max_tokens' };
  const n = body.n ?? 1;
  if (!isWhole(n, 1) || n > CHOICES_MAX) return { problem: `'n' must be between 1 and ${CHOICES_MAX}`, param: 'n' };
  const made = Math.max(n, isWhole(body.best_of, 0) ? body.best_of : 0);
  const written = prompts.map((prompt) => Array.from({ length: made }, (_, at) => textFor(`${at}:${prompt.text}`, cap, options)));
  const choices = written.flatMap((texts) => texts.slice(0, n));
  const completion = written.flat().reduce((sum, { tokens }) => sum + tokens.length, 0);
  const prompt = prompts.reduce((sum, { tokens }) => sum + tokens, 0);
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  const head = { id: id.id, object: 'text_completion', created: id.createdSeconds, model: id.model };
  if (body.stream === true) return { events: eventsOf(choices, head, asksForUsage(body) ? usage : null) };
  const whole = choices.map(({ tokens, finishReason }, index) => choice(index, tokens.join(''), finishReason));
  return { bytes: json({ ...head, choices: whole, usage }) };
}

function eventsOf(texts: readonly Text[], head: object, usage: object | null): Buffer[] {
  const event = (choices: readonly object[], report: object | null) =>
    Buffer.from(`data: ${JSON.stringify({ ...head, choices, ...(usage === null ? {} : { usage: report }) })}\n\n`);
  const events = texts.flatMap(({ tokens, finishReason }, index) => [
    ...tokens.map((token) => event([choice(index, token, null)], null)),
    event([choice(index, '', finishReason)], null),
  ]);
  return [...events, ...(usage === null ? [] : [event([], usage)]), Buffer.from('data: [DONE]\n\n')];
}

function choice(index: number, text: string, finishReason: string | null): object {
  return { text, index, logprobs: null, finish_reason: finishReason };
}

function textFor(seed: string, cap: number, { sentences: { min, max } }: Parameters<typeof fakeCompletion>[2]): Text {
  const hash = hashOf(seed);
  const tokens = answerTokens(hash, min + (hash % (max - min + 1)));
  return tokens.length > cap ? { tokens: tokens.slice(0, cap), finishReason: 'length' } : { tokens, finishReason: 'stop' };
}

interface Prompt {
  readonly text: string;
  readonly tokens: number;
}

function promptsOf(prompt: unknown): readonly Prompt[] | null {
  const list = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt ?? ''];
  if (list.length < 1 || list.length > PROMPTS_MAX) return null;
  const read = list.map(promptOf);
  return read.every((one) => one !== null) ? read : null;
}

function promptOf(item: unknown): Prompt | null {
  if (typeof item === 'string') return { text: item, tokens: Math.max(1, promptTokensOf(item.length)) };
  const isTokens = Array.isArray(item) && item.length > 0 && item.every((id) => Number.isInteger(id));
  return isTokens ? { text: item.join(), tokens: item.length } : null;
}

function asksForUsage({ stream_options: options }: Record<string, unknown>): boolean {
  return (options as { include_usage?: unknown } | null | undefined)?.include_usage === true;
}

function isWhole(value: unknown, min: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min;
}
