import { cacheMarkOf } from '../cache-marks.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { MESSAGES_MESSAGE } from '../inner-fields.ts';
import { arrayOr, isObject, numberOr, objectOr, objectsIn, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { NeutralMessage, NeutralRequest, NeutralTool, OutputFormat, Reasoning, TextPart, ToolChoice } from '../neutral.ts';
import { readBlocks } from './decode-blocks.ts';

/**
 * Decodes an Anthropic messages request into the neutral form. Throws Untranslatable for anything that no other dialect can
 * express, such as tools that the provider runs.
 */
export function decodeMessagesRequest(body: JsonObject, losses: Losses): NeutralRequest {
  const choice = objectOr(body.tool_choice);
  const parallel = choice.disable_parallel_tool_use;
  return {
    system: systemOf(body.system, losses),
    messages: objectsIn(body.messages).map((message, index) => messageOf(message, index, losses)),
    temperature: numberOr(body.temperature, null),
    topP: numberOr(body.top_p, null),
    topK: numberOr(body.top_k, null),
    stopSequences: arrayOr(body.stop_sequences).filter((stop) => typeof stop === 'string'),
    tools: objectsIn(body.tools).map((tool, index) => toolOf(tool, index, losses)),
    toolChoice: toolChoiceOf(choice),
    parallelTools: typeof parallel === 'boolean' ? (parallel ? 'one_at_a_time' : 'allowed') : null,
    output: outputOf(body),
    reasoning: reasoningOf(body),
    endUser: stringOr(objectOr(body.metadata).user_id, null),
    serviceTier: body.service_tier === 'auto' ? 'auto' : body.service_tier === 'standard_only' ? 'standard' : null,
    hints: {},
  };
}

/** Claude Code's first block of instructions differs with each request, and would defeat every other provider's prompt cache. */
const BILLING_BLOCK = 'x-anthropic-billing-header:';

function systemOf(system: unknown, losses: Losses): TextPart[] {
  const parts = readBlocks(system, 'system', losses);
  return parts.filter((part): part is TextPart => part.is === 'text' && !part.text.startsWith(BILLING_BLOCK));
}

function messageOf(message: JsonObject, index: number, losses: Losses): NeutralMessage {
  const { role } = message;
  const where = `messages[${index}]`;
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    throw new Untranslatable(`${where}.role`, `${where}.role must be user, assistant or system`);
  }
  losses.dropOthers(message, MESSAGES_MESSAGE, 'messages');
  return { role, parts: readBlocks(message.content, `${where}.content`, losses) };
}

const TOOL_FIELDS: ReadonlySet<string> = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);

function toolOf(tool: JsonObject, index: number, losses: Losses): NeutralTool {
  const custom = tool.type === undefined || tool.type === null || tool.type === 'custom';
  if (!custom || typeof tool.name !== 'string') {
    const what = custom ? 'must have a name' : `is of type ${JSON.stringify(tool.type)}, which this model cannot run`;
    throw new Untranslatable(`tools[${index}]`, `tools[${index}] ${what}`);
  }
  losses.dropOthers(tool, TOOL_FIELDS, 'tools');
  return {
    is: 'function',
    name: tool.name,
    description: stringOr(tool.description, null),
    schema: objectOr(tool.input_schema),
    strict: typeof tool.strict === 'boolean' ? tool.strict : null,
    cache: cacheMarkOf(tool),
  };
}

function toolChoiceOf({ type, name }: JsonObject): ToolChoice | null {
  if (type === 'auto' || type === 'none' || type === 'any') return { is: type };
  return type === 'tool' && typeof name === 'string' ? { is: 'tool', name } : null;
}

/** Reads `output_config.format`, or the older `output_format`. */
function outputOf(body: JsonObject): OutputFormat | null {
  const format = objectOr(objectOr(body.output_config).format ?? body.output_format);
  if (format.type !== 'json_schema' || !isObject(format.schema)) return null;
  return { is: 'schema', name: null, schema: format.schema, strict: null };
}

function reasoningOf(body: JsonObject): Reasoning | null {
  const thinking = objectOr(body.thinking);
  const effort = stringOr(objectOr(body.output_config).effort, null);
  if (thinking.type === 'disabled') return { mode: 'off', effort: null, budgetTokens: null };
  if (thinking.type === undefined) return effort === null ? null : { mode: 'unsaid', effort, budgetTokens: null };
  return { mode: 'on', effort, budgetTokens: numberOr(thinking.budget_tokens, null) };
}
