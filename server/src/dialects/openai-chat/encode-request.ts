import { hash } from 'node:crypto';
import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import { gptVersion, takesReasoningBack, takesReasoningEffort } from '../model-names.ts';
import type {
  CacheMark,
  EncodeOptions,
  FunctionTool,
  NeutralMessage,
  NeutralRequest,
  OutputFormat,
  Part,
  Reasoning,
  ToolChoice,
  ToolResultPart,
} from '../neutral.ts';
import { text } from '../neutral.ts';
import { contentOf, thinkingFields, type Writer } from './encode-parts.ts';
import { isStrictSchema } from './strict-schema.ts';

const USER_CHARS_MAX = 64;

/** Encodes a neutral request as an OpenAI chat request. Throws Untranslatable for content that this dialect cannot express. */
export function encodeChatRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const { upstreamModel } = options;
  const writer = { marksCache: (gptVersion(upstreamModel) ?? 0) >= 5.6, keepsThinking: takesReasoningBack(upstreamModel) };
  const system: NeutralMessage[] = request.system.length === 0 ? [] : [{ role: 'system', parts: request.system }];
  return defined({
    model: upstreamModel,
    messages: [...system, ...request.messages].flatMap((message) => messagesOf(message, writer)),
    max_completion_tokens: options.outputCap ?? undefined,
    stream: options.stream || undefined,
    stream_options: options.stream ? { include_usage: true } : undefined,
    temperature: request.temperature ?? undefined,
    top_p: request.topP ?? undefined,
    stop: request.stopSequences.length > 0 ? request.stopSequences : undefined,
    tools: request.tools.length > 0 ? request.tools.filter((tool) => tool.is === 'function').map(toolOf) : undefined,
    tool_choice: request.toolChoice === null ? undefined : toolChoiceOf(request.toolChoice),
    // Without tools this field is an error.
    parallel_tool_calls:
      request.parallelTools !== null && request.tools.length > 0 ? request.parallelTools === 'allowed' : undefined,
    response_format: request.output === null ? undefined : formatOf(request.output),
    reasoning_effort: takesReasoningEffort(upstreamModel) ? effortOf(request.reasoning, upstreamModel) : undefined,
    user: request.endUser === null ? undefined : userOf(request.endUser),
    service_tier: request.serviceTier === null ? undefined : request.serviceTier === 'auto' ? 'auto' : 'default',
  });
}

function messagesOf(message: NeutralMessage, writer: Writer): JsonObject[] {
  if (message.role === 'system') return [{ role: 'system', content: contentOf(message.parts, writer) }];
  if (message.role === 'assistant') return [assistantOf(message.parts, writer)];
  const results = message.parts.filter((part) => part.is === 'tool_result');
  const others = message.parts.filter((part) => part.is !== 'tool_result');
  // A tool message holds only text. Pictures and files of a tool follow in the user's message, which comes after all results.
  const user = [...results.flatMap(attachmentsOf), ...others];
  return [
    ...results.map((result) => toolMessage(result, writer)),
    ...(user.length > 0 || results.length === 0 ? [{ role: 'user', content: contentOf(user, writer) }] : []),
  ];
}

function assistantOf(parts: readonly Part[], writer: Writer): JsonObject {
  const calls = parts.filter((part) => part.is === 'tool_call');
  const content = contentOf(
    parts.filter((part) => part.is === 'text' || part.is === 'refusal'),
    writer,
  );
  const [only] = content;
  return defined({
    role: 'assistant',
    // Many compatible servers accept an assistant's content only as a string.
    content:
      content.length === 0 ? null : content.length === 1 && only?.prompt_cache_breakpoint === undefined ? only?.text : content,
    ...(writer.keepsThinking ? thinkingFields(parts) : {}),
    tool_calls:
      calls.length > 0
        ? calls.map(({ id, name, arguments: args }) => ({ id, type: 'function', function: { name, arguments: args || '{}' } }))
        : undefined,
  });
}

function toolMessage(result: ToolResultPart, writer: Writer): JsonObject {
  const texts = result.parts.filter((part) => part.is === 'text');
  if (texts.length === 0) texts.push(text(result.parts.length === 0 ? '' : 'The result is attached to the next message.'));
  // A mark on the result itself, or on what is attached elsewhere, ends the prefix with the result's text.
  const mark = result.cache ?? result.parts.map(markOf).findLast((cache) => cache !== null) ?? null;
  const last = texts.at(-1);
  if (last !== undefined && mark !== null) texts[texts.length - 1] = { ...last, cache: mark };
  return { role: 'tool', tool_call_id: result.callId, content: contentOf(texts, writer) };
}

function markOf(part: Part): CacheMark | null {
  return 'cache' in part ? part.cache : null;
}

function attachmentsOf(result: ToolResultPart): Part[] {
  const attachments = result.parts.filter((part) => part.is === 'image' || part.is === 'document');
  if (attachments.length === 0) return [];
  return [text(`Result of the tool call ${result.callId}:`), ...attachments];
}

function toolOf(tool: FunctionTool): JsonObject {
  const { name, description, schema, strict } = tool;
  return {
    type: 'function',
    function: defined({ name, description: description ?? undefined, parameters: schema, strict: strict ?? undefined }),
  };
}

function toolChoiceOf(choice: ToolChoice): unknown {
  if (choice.is === 'tool') return { type: 'function', function: { name: choice.name } };
  if (choice.is !== 'among') return choice.is === 'any' ? 'required' : choice.is;
  const tools = choice.names.map((name) => ({ type: 'function', function: { name } }));
  return { type: 'allowed_tools', allowed_tools: { mode: choice.must ? 'required' : 'auto', tools } };
}

function formatOf(output: OutputFormat): JsonObject {
  if (output.is === 'json') return { type: 'json_object' };
  const { name, schema } = output;
  // The other dialect always guarantees the schema. OpenAI's strict mode does too, but refuses schemas with optional properties.
  const strict = output.strict ?? (isStrictSchema(schema) ? true : undefined);
  return { type: 'json_schema', json_schema: defined({ name: name ?? 'structured_output', schema, strict }) };
}

const EFFORT_BY_BUDGET = [
  [2048, 'low'],
  [8192, 'medium'],
] as const;

function effortOf(reasoning: Reasoning | null, model: string): string | undefined {
  if (reasoning === null) return undefined;
  const version = gptVersion(model) ?? 0;
  if (reasoning.mode === 'off') return version >= 5.1 ? 'none' : undefined;
  const { effort, budgetTokens } = reasoning;
  if (effort !== null)
    return (effort === 'max' || effort === 'xhigh') && version < 5.2 ? 'high' : effort === 'max' ? 'xhigh' : effort;
  if (budgetTokens === null) return undefined;
  return EFFORT_BY_BUDGET.find(([most]) => budgetTokens <= most)?.[1] ?? 'high';
}

/** Returns the name of the end user. OpenAI accepts 64 characters, so a longer name becomes its hash. */
function userOf(endUser: string): string {
  return endUser.length <= USER_CHARS_MAX ? endUser : hash('sha256', endUser, 'hex');
}
