import { asFunction, textOfArguments } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { effortOfBudget } from '../effort.ts';
import { defined } from '../json.ts';
import type { Losses } from '../losses.ts';
import { takesReasoningEffort } from '../model-names.ts';
import type {
  EncodeOptions,
  MediaPart,
  NeutralMessage,
  NeutralRequest,
  NeutralTool,
  OutputFormat,
  Part,
  ToolChoice,
} from '../neutral.ts';
import { textOf } from '../neutral.ts';

/**
 * Encodes a neutral request as a Responses request. The provider stores nothing. Thinking of other vendors is left out. Throws
 * Untranslatable for content that this dialect cannot express.
 */
export function encodeResponsesRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const { losses, upstreamModel } = options;
  const writer: Writer = {
    losses,
    customTools: new Set(request.tools.flatMap((tool) => (tool.is === 'custom' ? [tool.name] : []))),
  };
  if (request.stopSequences.length > 0) losses.refuse('stop', 'this model supports no stop sequences');
  loseWhatIsLacking(request, losses);
  const { verbosity, otherTier } = request.hints;
  const text = defined({ format: request.output === null ? undefined : formatOf(request.output), verbosity });
  const instructions = textOf(request.system.map((part) => ({ ...part, text: `${part.text}\n\n` }))).trim();
  return defined({
    model: options.upstreamModel,
    instructions: instructions === '' ? undefined : instructions,
    input: request.messages.flatMap((message) => itemsOf(message, writer)),
    store: false,
    // Only such models have reasoning to return; others refuse this value.
    include: takesReasoningEffort(upstreamModel) ? ['reasoning.encrypted_content'] : undefined,
    stream: options.stream || undefined,
    max_output_tokens: options.outputCap ?? undefined,
    temperature: request.temperature ?? undefined,
    top_p: request.topP ?? undefined,
    tools: request.tools.length > 0 ? request.tools.map(toolOf) : undefined,
    tool_choice: request.toolChoice === null ? undefined : toolChoiceOf(request.toolChoice, writer),
    parallel_tool_calls:
      request.parallelTools !== null && request.tools.length > 0 ? request.parallelTools === 'allowed' : undefined,
    text: Object.keys(text).length > 0 ? text : undefined,
    reasoning: effortOf(request),
    safety_identifier: request.endUser !== null && request.endUser.length <= USER_CHARS_MAX ? request.endUser : undefined,
    service_tier: request.serviceTier === null ? otherTier : request.serviceTier === 'auto' ? 'auto' : 'default',
  });
}

const USER_CHARS_MAX = 64;

interface Writer {
  readonly losses: Losses;
  /** The names of the tools that take free text. */
  readonly customTools: ReadonlySet<string>;
}

function loseWhatIsLacking({ endUser, system, tools, reasoning }: NeutralRequest, losses: Losses): void {
  if (endUser !== null && endUser.length > USER_CHARS_MAX) losses.drop('end_user');
  if (system.some(({ cache }) => cache !== null) || tools.some(({ cache }) => cache !== null)) losses.drop('cache_mark');
  if (reasoning !== null && reasoning.mode !== 'off' && reasoning.effort === null && reasoning.budgetTokens === null)
    losses.drop('reasoning');
}

function effortOf({ reasoning }: NeutralRequest): JsonObject | undefined {
  if (reasoning === null) return undefined;
  if (reasoning.mode === 'off') return { effort: 'none' };
  const { effort, budgetTokens } = reasoning;
  if (effort !== null) return { effort: effort === 'max' ? 'xhigh' : effort };
  return budgetTokens === null ? undefined : { effort: effortOfBudget(budgetTokens) };
}

function itemsOf({ role, parts }: NeutralMessage, writer: Writer): JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] = [];
  const flush = () => {
    if (content.length > 0) items.push({ type: 'message', role: role === 'system' ? 'developer' : role, content });
    content = [];
  };
  for (const part of parts) {
    if ('cache' in part && part.cache !== null) writer.losses.drop('cache_mark');
    const item = itemOf(part, writer);
    if (item === null) content.push(...contentOf(part, role));
    else {
      flush();
      items.push(item);
    }
  }
  flush();
  return items;
}

function itemOf(part: Part, { losses, customTools }: Writer): JsonObject | null {
  if (part.is === 'thinking' || part.is === 'redacted_thinking') return reasoningOf(part, losses);
  if (part.is === 'tool_call') {
    const { id: call_id, name } = part;
    if (customTools.has(name)) return { type: 'custom_tool_call', call_id, name, input: textOfArguments(part.arguments) };
    return { type: 'function_call', call_id, name, arguments: part.arguments || '{}' };
  }
  if (part.is !== 'tool_result') return null;
  if (part.failed) losses.drop('failed_result');
  const isText = part.parts.every(({ is }) => is === 'text');
  const output = isText ? textOf(part.parts) : part.parts.flatMap((inner) => contentOf(inner, 'user'));
  return { type: 'function_call_output', call_id: part.callId, output };
}

/** Returns the reasoning of an earlier answer, if OpenAI itself encrypted it. */
function reasoningOf(part: Extract<Part, { is: 'thinking' | 'redacted_thinking' }>, losses: Losses): JsonObject | null {
  const sealed = part.is === 'thinking' ? part.signature : part.data;
  if (sealed?.issuer === 'openai') {
    const summary = part.is === 'thinking' ? [{ type: 'summary_text', text: part.text }] : [];
    return { type: 'reasoning', summary, encrypted_content: sealed.data };
  }
  losses.drop(sealed === null ? 'thinking' : 'signature');
  return null;
}

function contentOf(part: Part, role: NeutralMessage['role']): JsonObject[] {
  switch (part.is) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text }];
    case 'image':
      return [{ type: 'input_image', image_url: urlOf(part) }];
    case 'audio':
    case 'video':
      throw new Untranslatable(part.at, `this model does not support ${part.is}`);
    case 'document':
      return [fileOf(part)];
    default:
      return [];
  }
}

function fileOf(part: MediaPart): JsonObject {
  const { source, title } = part;
  if (source.is === 'text') return { type: 'input_text', text: title === null ? source.text : `${title}\n\n${source.text}` };
  if (source.is === 'url') return { type: 'input_file', file_url: source.url };
  return { type: 'input_file', filename: title ?? 'document.pdf', file_data: urlOf(part) };
}

function urlOf({ source, at }: MediaPart): string {
  if (source.is === 'url') return source.url;
  if (source.is === 'base64') return `data:${source.mediaType};base64,${source.data}`;
  throw new Untranslatable(at, 'this model needs images and documents as data or as a URL: it does not support stored files');
}

function toolOf(tool: NeutralTool): JsonObject {
  if (tool.is === 'custom') {
    const format = tool.grammar === null ? undefined : { type: 'grammar', ...tool.grammar };
    return defined({ type: 'custom', name: tool.name, description: tool.description ?? undefined, format });
  }
  const { name, description, schema, strict } = asFunction(tool);
  return { type: 'function', name, description, parameters: schema, strict: strict ?? false };
}

function toolChoiceOf(choice: ToolChoice, { customTools }: Writer): unknown {
  const named = (name: string) => ({ type: customTools.has(name) ? 'custom' : 'function', name });
  if (choice.is === 'tool') return named(choice.name);
  if (choice.is !== 'among') return choice.is === 'any' ? 'required' : choice.is;
  return {
    type: 'allowed_tools',
    mode: choice.must ? 'required' : 'auto',
    tools: choice.names.map(named),
  };
}

function formatOf(output: OutputFormat): JsonObject {
  if (output.is === 'json') return { type: 'json_object' };
  const { name, schema, strict } = output;
  return defined({ type: 'json_schema', name: name ?? 'structured_output', schema, strict: strict ?? undefined });
}
