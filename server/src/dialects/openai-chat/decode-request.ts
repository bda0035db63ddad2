import { cacheMarkOf } from '../cache-marks.ts';
import { argumentsOfText } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { endUserOf } from '../end-user.ts';
import { CHAT_MESSAGE, CHAT_TOOL_CALL } from '../inner-fields.ts';
import { arrayOr, isObject, numberOr, objectOr, objectsIn, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type {
  CustomTool,
  Hints,
  NeutralMessage,
  NeutralRequest,
  NeutralTool,
  OutputFormat,
  Part,
  Reasoning,
  TextPart,
  ToolChoice,
} from '../neutral.ts';
import { blockOpaque, readContent } from './decode-parts.ts';

/**
 * Decodes an OpenAI chat request into the neutral form. Throws Untranslatable for anything that no other dialect can express.
 * `losses` takes what is left out here; the table of losses has the rest.
 */
export function decodeChatRequest(body: JsonObject, losses: Losses): NeutralRequest {
  const messages = objectsIn(body.messages).map((message, index) => messageOf(message, index, losses));
  const leading = messages.findIndex((message) => message.role !== 'system');
  const head = leading === -1 ? messages : messages.slice(0, leading);
  return {
    system: head.flatMap((message) => message.parts).filter((part): part is TextPart => part.is === 'text'),
    messages: leading === -1 ? [] : messages.slice(leading),
    temperature: numberOr(body.temperature, null),
    topP: numberOr(body.top_p, null),
    topK: numberOr(body.top_k, null),
    stopSequences: typeof body.stop === 'string' ? [body.stop] : arrayOr(body.stop).filter((stop) => typeof stop === 'string'),
    tools: arrayOr(body.tools).map((tool, index) => toolOf(tool, index, losses)),
    toolChoice: toolChoiceOf(body.tool_choice),
    parallelTools:
      typeof body.parallel_tool_calls === 'boolean' ? (body.parallel_tool_calls ? 'allowed' : 'one_at_a_time') : null,
    output: outputOf(objectOr(body.response_format)),
    reasoning: reasoningOf(body),
    endUser: endUserOf(body, losses),
    serviceTier: body.service_tier === 'auto' ? 'auto' : body.service_tier === 'default' ? 'standard' : null,
    hints: hintsOf(body),
  };
}

function hintsOf({ verbosity, service_tier: tier, seed, presence_penalty, frequency_penalty }: JsonObject): Hints {
  return {
    ...(typeof seed === 'number' && { seed }),
    ...(typeof presence_penalty === 'number' && { presencePenalty: presence_penalty }),
    ...(typeof frequency_penalty === 'number' && { frequencyPenalty: frequency_penalty }),
    ...(typeof verbosity === 'string' && { verbosity }),
    ...(typeof tier === 'string' && tier !== 'auto' && tier !== 'default' && { otherTier: tier }),
  };
}

function messageOf(message: JsonObject, index: number, losses: Losses): NeutralMessage {
  const where = `messages[${index}]`;
  losses.dropOthers(message, CHAT_MESSAGE, 'messages');
  if (typeof message.name === 'string' && message.role !== 'tool') losses.dropField('messages.name');
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', parts: readContent(message.content, where, cacheMarkOf(message), losses) };
    case 'user':
      return { role: 'user', parts: readContent(message.content, where, cacheMarkOf(message), losses) };
    case 'assistant':
      return { role: 'assistant', parts: assistantParts(message, where, losses) };
    case 'tool':
      return { role: 'user', parts: [toolResultOf(message, where, losses)] };
    default:
      throw new Untranslatable(`${where}.role`, `${where}.role must be system, developer, user, assistant or tool`);
  }
}

function assistantParts(message: JsonObject, where: string, losses: Losses): Part[] {
  if (isObject(message.audio))
    throw new Untranslatable(`${where}.audio`, 'this model cannot hear its earlier answer: send its text');
  const refusal = stringOr(message.refusal, '');
  return [
    ...thinkingParts(message),
    ...readContent(message.content, where, cacheMarkOf(message), losses),
    ...(refusal === '' ? [] : [{ is: 'refusal', text: refusal } as const]),
    ...objectsIn(message.tool_calls).map((call) => toolCallOf(call, losses)),
  ];
}

/**
 * Decodes thinking that the caller sends back: our blocks (`thinking_blocks`), OpenRouter's `reasoning_details`, or plain text
 * without a signature.
 */
function thinkingParts(message: JsonObject): Part[] {
  const blocks = objectsIn(message.thinking_blocks);
  const details = objectsIn(message.reasoning_details);
  if (blocks.length > 0) return blocks.flatMap((block) => thinkingOf(block.thinking, block.signature, block.data));
  if (details.length > 0) return details.flatMap((detail) => thinkingOf(detail.text, detail.signature, detail.data));
  const plain = stringOr(message.reasoning_content, stringOr(message.reasoning, ''));
  return plain === '' ? [] : [{ is: 'thinking', text: plain, signature: null }];
}

function thinkingOf(thinking: unknown, signature: unknown, data: unknown): Part[] {
  if (typeof thinking === 'string') return [{ is: 'thinking', text: thinking, signature: blockOpaque(signature) }];
  const opaque = blockOpaque(data);
  return opaque === null ? [] : [{ is: 'redacted_thinking', data: opaque }];
}

function toolCallOf(call: JsonObject, losses: Losses): Part {
  losses.dropOthers(call, CHAT_TOOL_CALL, 'messages.tool_calls');
  const fn = objectOr(call.function);
  const custom = objectOr(call.custom);
  const name = stringOr(fn.name, stringOr(custom.name, ''));
  const args = typeof custom.input === 'string' ? argumentsOfText(custom.input) : stringOr(fn.arguments, '');
  return { is: 'tool_call', id: stringOr(call.id, ''), name, arguments: args, signature: null, cache: cacheMarkOf(call) };
}

function toolResultOf(message: JsonObject, where: string, losses: Losses): Part {
  return {
    is: 'tool_result',
    callId: stringOr(message.tool_call_id, ''),
    parts: readContent(message.content, where, null, losses),
    failed: false,
    cache: cacheMarkOf(message),
  };
}

const TOOL_FIELDS: ReadonlySet<string> = new Set(['type', 'function', 'custom', 'cache_control', 'prompt_cache_breakpoint']);
const FUNCTION_FIELDS: ReadonlySet<string> = new Set([
  ...['name', 'description', 'parameters', 'strict', 'cache_control', 'prompt_cache_breakpoint'],
]);

function toolOf(tool: unknown, index: number, losses: Losses): NeutralTool {
  if (isObject(tool)) losses.dropOthers(tool, TOOL_FIELDS, 'tools');
  if (isObject(tool) && tool.type === 'custom') return customTool(tool, `tools[${index}]`);
  const fn = objectOr(objectOr(tool).function);
  losses.dropOthers(fn, FUNCTION_FIELDS, 'tools.function');
  if (!isObject(tool) || tool.type !== 'function' || typeof fn.name !== 'string') {
    throw new Untranslatable(
      `tools[${index}]`,
      `tools[${index}] must be of type function with a name: this model supports no other tools here`,
    );
  }
  return {
    is: 'function',
    name: fn.name,
    description: stringOr(fn.description, null),
    schema: objectOr(fn.parameters),
    strict: typeof fn.strict === 'boolean' ? fn.strict : null,
    cache: cacheMarkOf(tool) ?? cacheMarkOf(fn),
  };
}

function customTool(tool: JsonObject, at: string): CustomTool {
  const { name, description, format } = objectOr(tool.custom);
  if (typeof name !== 'string') throw new Untranslatable(at, `${at} must have a name`);
  const { type, grammar } = objectOr(format);
  const { syntax, definition } = objectOr(grammar);
  return {
    is: 'custom',
    name,
    description: stringOr(description, null),
    grammar: type === 'grammar' ? { syntax: stringOr(syntax, ''), definition: stringOr(definition, '') } : null,
    cache: cacheMarkOf(tool),
    at,
  };
}

function toolChoiceOf(choice: unknown): ToolChoice | null {
  if (choice === 'auto' || choice === 'none') return { is: choice };
  if (choice === 'required') return { is: 'any' };
  if (!isObject(choice)) return null;
  const allowed = objectOr(choice.allowed_tools);
  if (choice.type === 'allowed_tools') {
    const names = objectsIn(allowed.tools).map((tool) => stringOr(objectOr(tool.function ?? tool.custom).name, ''));
    return { is: 'among', names, must: allowed.mode === 'required' };
  }
  const { name } = objectOr(choice.function ?? choice.custom);
  return typeof name === 'string' ? { is: 'tool', name } : null;
}

function outputOf(format: JsonObject): OutputFormat | null {
  if (format.type === 'json_object') return { is: 'json' };
  if (format.type !== 'json_schema') return null;
  const { name, schema, strict } = objectOr(format.json_schema);
  if (!isObject(schema)) return { is: 'json' };
  return { is: 'schema', name: stringOr(name, null), schema, strict: typeof strict === 'boolean' ? strict : null };
}

/**
 * Reads `reasoning_effort`, or the fields that callers of Anthropic models use in this dialect: OpenRouter's `reasoning`, or
 * `thinking` itself.
 */
function reasoningOf(body: JsonObject): Reasoning | null {
  const router = objectOr(body.reasoning);
  const thinking = objectOr(body.thinking);
  const effort = stringOr(body.reasoning_effort, stringOr(router.effort, null));
  const budgetTokens = numberOr(thinking.budget_tokens, numberOr(router.max_tokens, null));
  if (effort === 'none' || thinking.type === 'disabled') return { mode: 'off', effort: null, budgetTokens: null };
  if (effort === null && budgetTokens === null && thinking.type === undefined) return null;
  return { mode: 'on', effort, budgetTokens };
}
