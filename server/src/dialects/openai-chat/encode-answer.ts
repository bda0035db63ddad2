import { textOfArguments } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { defined, objectOr, objectsIn } from '../json.ts';
import type { AnswerOptions, NeutralAnswer, Part, ToolCallPart } from '../neutral.ts';
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
    choices: [
      {
        index: 0,
        message: messageOf(answer.parts, customToolsIn(options.asked)),
        logprobs: null,
        finish_reason: finishReasonOf(answer.stop),
      },
    ],
    usage: usage === null ? undefined : chatUsage(usage),
    service_tier: answer.serviceTier === null ? undefined : TIERS[answer.serviceTier],
  });
}

function messageOf(parts: readonly Part[], custom: ReadonlySet<string>): JsonObject {
  const calls = parts.flatMap((part) => (part.is === 'tool_call' ? [toolCallOf(part, custom)] : []));
  const words = parts.filter((part) => part.is === 'text');
  const refusal = textOf(parts.filter((part) => part.is === 'refusal'));
  const annotations = annotationsOf(parts);
  return defined({
    role: 'assistant',
    content: words.length > 0 ? textOf(words) : calls.length > 0 || refusal !== '' ? null : '',
    refusal: refusal === '' ? null : refusal,
    ...thinkingFields(parts),
    annotations: annotations.length > 0 ? annotations : undefined,
    tool_calls: calls.length > 0 ? calls : undefined,
  });
}

function toolCallOf({ id, name, arguments: args }: ToolCallPart, custom: ReadonlySet<string>): JsonObject {
  if (custom.has(name)) return { id, type: 'custom', custom: { name, input: textOfArguments(args) } };
  return { id, type: 'function', function: { name, arguments: args === '' ? '{}' : args } };
}

/** Returns the names of the tools that take free text in the client's request, which may be one of the Responses API. */
export function customToolsIn(asked: JsonObject): ReadonlySet<string> {
  const names = objectsIn(asked.tools).map((tool) => (tool.type === 'custom' ? (objectOr(tool.custom).name ?? tool.name) : null));
  return new Set(names.filter((name) => typeof name === 'string'));
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
