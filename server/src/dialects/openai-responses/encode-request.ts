import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { defined } from '../json.ts';
import type {
  EncodeOptions,
  FunctionTool,
  NeutralMessage,
  NeutralRequest,
  OutputFormat,
  Part,
  Source,
  ToolChoice,
} from '../neutral.ts';
import { textOf } from '../neutral.ts';

/**
 * Encodes a neutral request as a Responses request. The provider stores nothing. Thinking of other providers is left out. Throws
 * Untranslatable for content that this dialect cannot express.
 */
export function encodeResponsesRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  if (request.stopSequences.length > 0) throw new Untranslatable('stop', 'this model supports no stop sequences');
  const instructions = textOf(request.system.map((part) => ({ ...part, text: `${part.text}\n\n` }))).trim();
  return defined({
    model: options.upstreamModel,
    instructions: instructions === '' ? undefined : instructions,
    input: request.messages.flatMap(itemsOf),
    store: false,
    stream: options.stream || undefined,
    max_output_tokens: options.outputCap ?? undefined,
    temperature: request.temperature ?? undefined,
    top_p: request.topP ?? undefined,
    tools: request.tools.length > 0 ? request.tools.filter((tool) => tool.is === 'function').map(toolOf) : undefined,
    tool_choice: request.toolChoice === null ? undefined : toolChoiceOf(request.toolChoice),
    parallel_tool_calls:
      request.parallelTools !== null && request.tools.length > 0 ? request.parallelTools === 'allowed' : undefined,
    text: request.output === null ? undefined : { format: formatOf(request.output) },
    reasoning: effortOf(request),
    safety_identifier: request.endUser !== null && request.endUser.length <= USER_CHARS_MAX ? request.endUser : undefined,
    service_tier: request.serviceTier === null ? undefined : request.serviceTier === 'auto' ? 'auto' : 'default',
  });
}

const USER_CHARS_MAX = 64;

function effortOf({ reasoning }: NeutralRequest): JsonObject | undefined {
  if (reasoning === null) return undefined;
  if (reasoning.mode === 'off') return { effort: 'none' };
  return reasoning.effort === null ? undefined : { effort: reasoning.effort === 'max' ? 'xhigh' : reasoning.effort };
}

function itemsOf({ role, parts }: NeutralMessage): JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] = [];
  const flush = () => {
    if (content.length > 0) items.push({ type: 'message', role: role === 'system' ? 'developer' : role, content });
    content = [];
  };
  for (const part of parts) {
    const item = itemOf(part);
    if (item === null) content.push(...contentOf(part, role));
    else {
      flush();
      items.push(item);
    }
  }
  flush();
  return items;
}

function itemOf(part: Part): JsonObject | null {
  if (part.is === 'tool_call')
    return { type: 'function_call', call_id: part.id, name: part.name, arguments: part.arguments || '{}' };
  if (part.is !== 'tool_result') return null;
  const isText = part.parts.every(({ is }) => is === 'text');
  const output = isText ? textOf(part.parts) : part.parts.flatMap((inner) => contentOf(inner, 'user'));
  return { type: 'function_call_output', call_id: part.callId, output };
}

function contentOf(part: Part, role: NeutralMessage['role']): JsonObject[] {
  switch (part.is) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text }];
    case 'image':
      return [{ type: 'input_image', image_url: urlOf(part.source) }];
    case 'document':
      return [fileOf(part.source, part.title)];
    default:
      return [];
  }
}

function fileOf(source: Source, title: string | null): JsonObject {
  if (source.is === 'text') return { type: 'input_text', text: title === null ? source.text : `${title}\n\n${source.text}` };
  if (source.is === 'url') return { type: 'input_file', file_url: source.url };
  return { type: 'input_file', filename: title ?? 'document.pdf', file_data: urlOf(source) };
}

function urlOf(source: Source): string {
  if (source.is === 'url') return source.url;
  if (source.is === 'base64') return `data:${source.mediaType};base64,${source.data}`;
  throw new Untranslatable(
    'messages',
    'this model needs images and documents as data or as a URL: it does not support stored files',
  );
}

function toolOf({ name, description, schema, strict }: FunctionTool): JsonObject {
  return { type: 'function', name, description, parameters: schema, strict: strict ?? false };
}

function toolChoiceOf(choice: ToolChoice): unknown {
  if (choice.is === 'tool') return { type: 'function', name: choice.name };
  if (choice.is !== 'among') return choice.is === 'any' ? 'required' : choice.is;
  return {
    type: 'allowed_tools',
    mode: choice.must ? 'required' : 'auto',
    tools: choice.names.map((name) => ({ type: 'function', name })),
  };
}

function formatOf(output: OutputFormat): JsonObject {
  if (output.is === 'json') return { type: 'json_object' };
  const { name, schema, strict } = output;
  return defined({ type: 'json_schema', name: name ?? 'structured_output', schema, strict: strict ?? undefined });
}
