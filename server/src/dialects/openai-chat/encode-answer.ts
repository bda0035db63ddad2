import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { AnswerOptions, NeutralAnswer, Part } from '../neutral.ts';
import { textOf } from '../neutral.ts';
import { reportOf } from '../plausible.ts';
import { annotationOf } from './citations.ts';
import { thinkingFields } from './encode-parts.ts';
import { finishReasonOf } from './stop-words.ts';
import { chatUsage } from './usage.ts';

/** The service tiers of Anthropic in OpenAI's words. Tiers without an equivalent are left out. */
const TIERS: Readonly<Record<string, string>> = { standard: 'default', priority: 'priority' };

/** Encodes a neutral answer as an OpenAI chat completion. */
export function encodeChatAnswer(answer: NeutralAnswer, options: AnswerOptions): JsonObject {
  const { usage } = reportOf(answer.usage);
  return defined({
    id: answer.id,
    object: 'chat.completion',
    created: Math.floor(options.createdAtMs / 1000),
    model: answer.model ?? options.model,
    choices: [{ index: 0, message: messageOf(answer.parts), logprobs: null, finish_reason: finishReasonOf(answer.stop) }],
    usage: usage === null ? undefined : chatUsage(usage),
    service_tier: answer.serviceTier === null ? undefined : TIERS[answer.serviceTier],
  });
}

function messageOf(parts: readonly Part[]): JsonObject {
  const calls = parts.flatMap((part) => (part.is === 'tool_call' ? [toolCallOf(part.id, part.name, part.arguments)] : []));
  const annotations = annotationsOf(parts);
  const hasText = parts.some((part) => part.is === 'text');
  return defined({
    role: 'assistant',
    content: hasText ? textOf(parts) : calls.length > 0 ? null : '',
    refusal: null,
    ...thinkingFields(parts),
    annotations: annotations.length > 0 ? annotations : undefined,
    tool_calls: calls.length > 0 ? calls : undefined,
  });
}

function toolCallOf(id: string, name: string, args: string): JsonObject {
  return { id, type: 'function', function: { name, arguments: args === '' ? '{}' : args } };
}

function annotationsOf(parts: readonly Part[]): JsonObject[] {
  let start = 0;
  return parts.flatMap((part) => {
    if (part.is !== 'text') return [];
    const end = start + part.text.length;
    const annotations = part.citations.map((citation) => annotationOf(citation, start, end));
    start = end;
    return annotations;
  });
}
