import { asFunctions } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { defined, objectsIn } from '../json.ts';
import type { FunctionTool, NeutralRequest, ToolChoice } from '../neutral.ts';
import { cachePoint, type Writer } from './encode-parts.ts';
import { takesSchema, takesToolChoice } from './families.ts';
import { JSON_TOOL, jsonTool } from './json-tool.ts';

/**
 * Returns `toolConfig`: the offered tools, and which of them must be called. Converse refuses calls and results in a conversation
 * without it, so it then has the tools that the conversation names. `schema`: the answer must follow it, by a tool of ours.
 */
export function toolConfig(
  request: NeutralRequest,
  messages: readonly JsonObject[],
  schema: JsonObject | null,
  writer: Writer,
): JsonObject | undefined {
  const { toolChoice: choice } = request;
  if (request.parallelTools === 'one_at_a_time' && request.tools.length > 0) writer.losses.drop('parallel_tools');
  const functions = asFunctions(request.tools);
  if (functions.some(({ name }) => name === JSON_TOOL))
    writer.losses.refuse('tools', `a tool must not be named ${JSON_TOOL}, because the gateway has one of that name`);
  const offered = choice?.is === 'among' ? functions.filter(({ name }) => choice.names.includes(name)) : functions;
  const named = namesIn(messages);
  // Converse knows no choice of none. Without tools there is nothing to call.
  const isClosed = choice?.is === 'none' || offered.length === 0;
  if (schema !== null) {
    const others = isClosed ? named.map(bareTool) : offered.flatMap((tool) => toolOf(tool, writer));
    return { tools: [...others, jsonTool(schema)], toolChoice: { any: {} } };
  }
  if (isClosed && named.length === 0) return undefined;
  if (offered.length === 0) return { tools: named.map(bareTool) };
  if (choice?.is === 'none') writer.losses.drop('tool_choice');
  return defined({ tools: offered.flatMap((tool) => toolOf(tool, writer)), toolChoice: choiceOf(choice, writer) });
}

/** Reports whether the caller wants a call of a tool, and no answer in words. */
export function mustCall({ toolChoice, tools }: NeutralRequest): boolean {
  if (toolChoice === null || tools.length === 0) return false;
  return toolChoice.is === 'any' || toolChoice.is === 'tool' || (toolChoice.is === 'among' && toolChoice.must);
}

function toolOf({ name, description, schema, strict, cache }: FunctionTool, writer: Writer): JsonObject[] {
  const takesStrict = takesSchema(writer.model);
  if (strict === true && !takesStrict) writer.losses.drop('tool_strict');
  const json = schema.type === undefined ? { type: 'object', properties: {}, ...schema } : schema;
  const toolSpec = defined({
    name,
    description: description || undefined,
    inputSchema: { json },
    strict: strict === true && takesStrict ? true : undefined,
  });
  if (cache === null || writer.family === 'claude') return [{ toolSpec }, ...cachePoint(cache, writer)];
  // Nova caches no tools.
  writer.losses.drop('cache_mark');
  return [{ toolSpec }];
}

function bareTool(name: string): JsonObject {
  return { toolSpec: { name, inputSchema: { json: { type: 'object' } } } };
}

/** Returns the names of the tools that a conversation calls. A result without its call counts as that of a tool without a name. */
function namesIn(messages: readonly JsonObject[]): string[] {
  const names = new Set<string>();
  const blocks = messages.flatMap(({ content }) => objectsIn(content));
  for (const { toolUse } of blocks) if (toolUse !== undefined) names.add((toolUse as { name: string }).name);
  if (names.size === 0 && blocks.some(({ toolResult }) => toolResult !== undefined)) names.add('tool');
  return [...names];
}

function choiceOf(choice: ToolChoice | null, { family, losses }: Writer): JsonObject | undefined {
  if (choice === null || choice.is === 'none') return undefined;
  if (choice.is === 'auto' || (choice.is === 'among' && !choice.must)) return { auto: {} };
  if (!takesToolChoice(family)) {
    losses.drop('tool_choice');
    return undefined;
  }
  return choice.is === 'tool' ? { tool: { name: choice.name } } : { any: {} };
}
