import { hash } from 'node:crypto';
import { asFunction, textOfArguments } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { effortOfBudget } from '../effort.ts';
import { defined } from '../json.ts';
import { gptVersion, takesReasoningBack, takesReasoningEffort } from '../model-names.ts';
import type {
  CacheMark,
  CustomTool,
  EncodeOptions,
  FunctionTool,
  NeutralMessage,
  NeutralRequest,
  NeutralTool,
  OutputFormat,
  Part,
  Reasoning,
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
} from '../neutral.ts';
import { text } from '../neutral.ts';
import { contentOf, thinkingFields, thinkingParts, type Writer } from './encode-parts.ts';
import { isStrictSchema } from './strict-schema.ts';

const USER_CHARS_MAX = 64;

/** Encodes a neutral request as an OpenAI chat request. Throws Untranslatable for content that this dialect cannot express. */
export function encodeChatRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const { upstreamModel, losses } = options;
  const version = gptVersion(upstreamModel) ?? 0;
  const writer: RequestWriter = {
    losses,
    marksCache: version >= 5.6,
    thinking: options.thinking ?? (takesReasoningBack(upstreamModel) ? 'reasoning_content' : 'none'),
    takesSignatures: /claude/i.test(upstreamModel),
    customTools: customNames(request.tools, upstreamModel),
  };
  const effort = takesReasoningEffort(upstreamModel) ? effortOf(request.reasoning, upstreamModel) : undefined;
  if (effort === undefined && request.reasoning !== null && request.reasoning.mode !== 'off') losses.drop('reasoning');
  const { verbosity, otherTier, seed, presencePenalty, frequencyPenalty } = request.hints;
  if (verbosity !== undefined && version < VERBOSE_FROM) losses.drop('verbosity');
  const system: NeutralMessage[] = request.system.length === 0 ? [] : [{ role: 'system', parts: request.system }];
  return defined({
    model: upstreamModel,
    messages: [...system, ...request.messages].flatMap((message) => messagesOf(message, writer)),
    [options.capField]: options.outputCap ?? undefined,
    stream: options.stream || undefined,
    stream_options: options.stream ? { include_usage: true } : undefined,
    temperature: request.temperature ?? undefined,
    top_p: request.topP ?? undefined,
    seed,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    stop: request.stopSequences.length > 0 ? request.stopSequences : undefined,
    tools: request.tools.length > 0 ? toolsOf(request.tools, writer) : undefined,
    tool_choice: request.toolChoice === null ? undefined : toolChoiceOf(request.toolChoice, writer),
    // Without tools this field is an error.
    parallel_tool_calls:
      request.parallelTools !== null && request.tools.length > 0 ? request.parallelTools === 'allowed' : undefined,
    response_format: request.output === null ? undefined : formatOf(request.output),
    reasoning_effort: effort,
    verbosity: version >= VERBOSE_FROM ? verbosity : undefined,
    user: request.endUser === null ? undefined : userOf(request.endUser),
    service_tier: request.serviceTier === null ? otherTier : request.serviceTier === 'auto' ? 'auto' : 'default',
  });
}

/** The first version of OpenAI's models that knows `verbosity` and tools with free text. */
const VERBOSE_FROM = 5;

interface RequestWriter extends Writer {
  /** True if it is a model of Anthropic behind this wire. */
  readonly takesSignatures: boolean;
  /** The names of the tools that take free text, if the model knows such tools. */
  readonly customTools: ReadonlySet<string>;
}

function customNames(tools: readonly NeutralTool[], model: string): ReadonlySet<string> {
  if ((gptVersion(model) ?? 0) < VERBOSE_FROM) return new Set();
  return new Set(tools.flatMap((tool) => (tool.is === 'custom' ? [tool.name] : [])));
}

/** Texts of a person or an instruction are apart. Those of a model are pieces of one text. */
const BLANK_LINE = '\n\n';

/** Returns content as a string if it is text alone: some compatible servers accept no list. */
function plainOr(content: readonly JsonObject[], between: string): string | readonly JsonObject[] {
  const isPlain = content.every(({ type, prompt_cache_breakpoint: mark }) => type === 'text' && mark === undefined);
  return isPlain ? content.map(({ text }) => text).join(between) : content;
}

function messagesOf(message: NeutralMessage, writer: RequestWriter): JsonObject[] {
  if (message.role === 'system') return [{ role: 'system', content: plainOr(contentOf(message.parts, writer), BLANK_LINE) }];
  if (message.role === 'assistant') return [assistantOf(message.parts, writer)];
  const results = message.parts.filter((part) => part.is === 'tool_result');
  const others = message.parts.filter((part) => part.is !== 'tool_result');
  // A tool message holds only text. Pictures and files of a tool follow in the user's message, which comes after all results.
  const user = [...results.flatMap(attachmentsOf), ...others];
  return [
    ...results.map((result) => toolMessage(result, writer)),
    ...(user.length > 0 || results.length === 0 ? [{ role: 'user', content: plainOr(contentOf(user, writer), BLANK_LINE) }] : []),
  ];
}

function assistantOf(parts: readonly Part[], writer: RequestWriter): JsonObject {
  loseThinking(parts, writer);
  const calls = parts.filter((part) => part.is === 'tool_call');
  const thought = writer.thinking === 'none' ? [] : parts.flatMap((part) => readableThinking(part, writer));
  const said = parts.filter((part) => part.is === 'text' || part.is === 'refusal');
  const content = [...(writer.thinking === 'content' ? thinkingParts(thought) : []), ...contentOf(said, writer)];
  return defined({
    role: 'assistant',
    content: content.length === 0 ? null : plainOr(content, ''),
    ...thinkingFields(thought, writer.thinking),
    tool_calls: calls.length > 0 ? calls.map((call) => callOf(call, writer)) : undefined,
  });
}

/** Returns thinking as this model's server may read it: only a server of Claude takes signatures back. */
function readableThinking(part: Part, { takesSignatures, losses }: RequestWriter): Part[] {
  const opaque = part.is === 'thinking' ? part.signature : part.is === 'redacted_thinking' ? part.data : null;
  if (opaque === null || (takesSignatures && opaque.issuer === 'anthropic')) return [part];
  losses.drop('signature');
  return part.is === 'thinking' ? [{ ...part, signature: null }] : [];
}

/** Notes thinking that is left out, because the model's server does not take it back. */
function loseThinking(parts: readonly Part[], { thinking, losses }: RequestWriter): void {
  if (thinking !== 'none') return;
  for (const part of parts) {
    if (part.is === 'thinking') losses.drop(part.signature === null ? 'thinking' : 'signature');
    if (part.is === 'redacted_thinking') losses.drop('signature');
  }
}

function callOf({ id, name, arguments: args }: ToolCallPart, { customTools }: RequestWriter): JsonObject {
  if (customTools.has(name)) return { id, type: 'custom', custom: { name, input: textOfArguments(args) } };
  return { id, type: 'function', function: { name, arguments: args || '{}' } };
}

function toolMessage(result: ToolResultPart, writer: RequestWriter): JsonObject {
  if (result.failed) writer.losses.drop('failed_result');
  const texts = result.parts.filter((part) => part.is === 'text');
  if (texts.length === 0) texts.push(text(result.parts.length === 0 ? '' : 'The result is attached to the next message.'));
  // A mark on the result itself, or on what is attached elsewhere, ends the prefix with the result's text.
  const mark = result.cache ?? result.parts.map(markOf).findLast((cache) => cache !== null) ?? null;
  const last = texts.at(-1);
  if (last !== undefined && mark !== null) texts[texts.length - 1] = { ...last, cache: mark };
  return { role: 'tool', tool_call_id: result.callId, content: plainOr(contentOf(texts, writer), BLANK_LINE) };
}

function markOf(part: Part): CacheMark | null {
  return 'cache' in part ? part.cache : null;
}

function attachmentsOf(result: ToolResultPart): Part[] {
  const attachments = result.parts.filter((part) => part.is === 'image' || part.is === 'document' || part.is === 'audio');
  if (attachments.length === 0) return [];
  return [text(`Result of the tool call ${result.callId}:`), ...attachments];
}

function toolsOf(tools: readonly NeutralTool[], writer: RequestWriter): JsonObject[] {
  return tools.map((tool) => {
    if (tool.cache !== null) writer.losses.drop('cache_mark');
    if (tool.is === 'custom' && writer.customTools.has(tool.name)) return customTool(tool);
    return toolOf(asFunction(tool));
  });
}

function customTool({ name, description, grammar }: CustomTool): JsonObject {
  const format = grammar === null ? undefined : { type: 'grammar', grammar };
  return { type: 'custom', custom: defined({ name, description: description ?? undefined, format }) };
}

function toolOf(tool: FunctionTool): JsonObject {
  const { name, description, schema, strict } = tool;
  return {
    type: 'function',
    function: defined({ name, description: description ?? undefined, parameters: schema, strict: strict ?? undefined }),
  };
}

function toolChoiceOf(choice: ToolChoice, { customTools }: RequestWriter): unknown {
  const named = (name: string) =>
    customTools.has(name) ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } };
  if (choice.is === 'tool') return named(choice.name);
  if (choice.is !== 'among') return choice.is === 'any' ? 'required' : choice.is;
  const tools = choice.names.map(named);
  return { type: 'allowed_tools', allowed_tools: { mode: choice.must ? 'required' : 'auto', tools } };
}

function formatOf(output: OutputFormat): JsonObject {
  if (output.is === 'json') return { type: 'json_object' };
  const { name, schema } = output;
  // The other dialect always guarantees the schema. OpenAI's strict mode does too, but refuses schemas with optional properties.
  const strict = output.strict ?? (isStrictSchema(schema) ? true : undefined);
  return { type: 'json_schema', json_schema: defined({ name: name ?? 'structured_output', schema, strict }) };
}

function effortOf(reasoning: Reasoning | null, model: string): string | undefined {
  if (reasoning === null) return undefined;
  const version = gptVersion(model) ?? 0;
  if (reasoning.mode === 'off') return version >= 5.1 ? 'none' : undefined;
  const { effort, budgetTokens } = reasoning;
  if (effort !== null)
    return (effort === 'max' || effort === 'xhigh') && version < 5.2 ? 'high' : effort === 'max' ? 'xhigh' : effort;
  if (budgetTokens === null) return undefined;
  return effortOfBudget(budgetTokens);
}

/** Returns the name of the end user. OpenAI accepts 64 characters, so a longer name becomes its hash. */
function userOf(endUser: string): string {
  return endUser.length <= USER_CHARS_MAX ? endUser : hash('sha256', endUser, 'hex');
}
