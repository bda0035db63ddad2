import { asFunctions } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { defined, objectsIn } from '../json.ts';
import type { Losses } from '../losses.ts';
import { claudeVersion } from '../model-names.ts';
import type { EncodeOptions, FunctionTool, NeutralMessage, NeutralRequest, TextPart, ToolChoice } from '../neutral.ts';
import { blockOf, cacheControl } from './encode-blocks.ts';
import { samplingOf } from './sampling.ts';
import { thinkingFields } from './thinking.ts';

const JSON_ONLY = 'Answer with one valid JSON object and nothing else.';

/**
 * Encodes a neutral request as an Anthropic messages request. Throws Untranslatable for content that this dialect cannot express.
 */
export function encodeMessagesRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const maxTokens = options.outputCap ?? options.outputCapDefault;
  const { losses } = options;
  const { thinking, effort } = thinkingFields(request, options.upstreamModel, maxTokens);
  if (thinking === undefined && effort === undefined && asksToThink(request)) losses.drop('reasoning');
  const format = request.output?.is === 'schema' ? { type: 'json_schema', schema: request.output.schema } : undefined;
  const outputConfig = defined({ effort, format });
  const body = defined({
    model: options.upstreamModel,
    max_tokens: maxTokens,
    system: systemOf(request, losses),
    messages: messagesOf(request.messages, losses),
    stream: options.stream || undefined,
    ...samplingOf(request, thinking, losses),
    stop_sequences: request.stopSequences.length > 0 ? request.stopSequences : undefined,
    ...toolFields(request, options),
    thinking,
    output_config: Object.keys(outputConfig).length > 0 ? outputConfig : undefined,
    metadata: request.endUser === null ? undefined : { user_id: request.endUser },
    service_tier: request.serviceTier === null ? undefined : request.serviceTier === 'auto' ? 'auto' : 'standard_only',
  });
  keepLastMarks(body, losses);
  return body;
}

/** The most cache marks that this dialect takes: https://docs.claude.com/en/docs/build-with-claude/prompt-caching */
const MARKS_MAX = 4;

/** Takes away the earliest cache marks above the most allowed. OpenAI takes more, and the later ones cover the longer prefixes. */
function keepLastMarks({ tools, system, messages }: JsonObject, losses: Losses): void {
  const blocks = objectsIn(messages).flatMap(({ content }) => objectsIn(content));
  const inner = (block: JsonObject) => (block.type === 'tool_result' ? [...objectsIn(block.content), block] : [block]);
  const marked = [...objectsIn(tools), ...objectsIn(system), ...blocks.flatMap(inner)].filter(
    ({ cache_control: mark }) => mark !== undefined,
  );
  const tooMany = marked.slice(0, Math.max(0, marked.length - MARKS_MAX));
  for (const holder of tooMany) delete holder.cache_control;
  if (tooMany.length > 0) losses.drop('cache_mark');
}

/**
 * Returns the instructions. One plain instruction stays a string. Instructions from the middle of the conversation join the
 * others, because not every model accepts them there.
 */
function systemOf(request: NeutralRequest, losses: Losses): unknown {
  const later = request.messages.filter((message) => message.role === 'system').flatMap((message) => message.parts);
  const parts = [...request.system, ...later].filter((part): part is TextPart => part.is === 'text' && part.text !== '');
  if (request.output?.is === 'json') parts.push({ is: 'text', text: JSON_ONLY, cache: null, citations: [] });
  const [only] = parts;
  if (only === undefined) return undefined;
  return parts.length === 1 && only.cache === null ? only.text : parts.flatMap((part) => blockOf(part, losses));
}

function asksToThink({ reasoning }: NeutralRequest): boolean {
  return reasoning !== null && reasoning.mode !== 'off';
}

/** Merges consecutive messages of one role. Tool results come first in their message, as this dialect requires. */
function messagesOf(messages: readonly NeutralMessage[], losses: Losses): JsonObject[] {
  const turns: { role: string; content: JsonObject[] }[] = [];
  for (const { role, parts } of messages) {
    const content = role === 'system' ? [] : parts.flatMap((part) => blockOf(part, losses));
    if (content.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  for (const turn of turns) turn.content.sort((a, b) => Number(b.type === 'tool_result') - Number(a.type === 'tool_result'));
  return turns;
}

function toolFields(request: NeutralRequest, { upstreamModel: model, losses }: EncodeOptions): JsonObject {
  const { toolChoice: choice } = request;
  const functions = asFunctions(request.tools);
  const offered = choice?.is === 'among' ? functions.filter(({ name }) => choice.names.includes(name)) : functions;
  if (offered.length === 0) return {};
  const takesStrict = (claudeVersion(model) ?? 0) >= 4.5;
  if (!takesStrict && offered.some(({ strict }) => strict === true)) losses.drop('tool_strict');
  const oneAtATime = request.parallelTools === 'one_at_a_time' && choice?.is !== 'none';
  const chosen = choice === null ? (oneAtATime ? { type: 'auto' } : undefined) : choiceOf(choice);
  return {
    tools: offered.map((tool) => toolOf(tool, takesStrict)),
    tool_choice: chosen === undefined ? undefined : { ...chosen, ...(oneAtATime ? { disable_parallel_tool_use: true } : {}) },
  };
}

function choiceOf(choice: ToolChoice): JsonObject {
  if (choice.is === 'tool') return { type: 'tool', name: choice.name };
  if (choice.is === 'among') return { type: choice.must ? 'any' : 'auto' };
  return { type: choice.is };
}

function toolOf(tool: FunctionTool, takesStrict: boolean): JsonObject {
  const schema = tool.schema.type === undefined ? { type: 'object', properties: {}, ...tool.schema } : tool.schema;
  return defined({
    name: tool.name,
    description: tool.description ?? undefined,
    input_schema: schema,
    strict: takesStrict && tool.strict === true ? true : undefined,
    ...cacheControl(tool.cache),
  });
}
