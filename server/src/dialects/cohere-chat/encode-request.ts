import { asFunctions } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { EncodeOptions, FunctionTool, NeutralRequest, OutputFormat, ToolChoice } from '../neutral.ts';
import { messagesOf } from './encode-messages.ts';
import { samplingOf } from './sampling.ts';
import { takesThinking, thinkingOf } from './thinking.ts';

const STOPS_MAX = 5;

/** Encodes a neutral request as one of Cohere's Chat API, version 2. Throws Untranslatable for content that it cannot express. */
export function encodeCohereRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const { upstreamModel, losses, stream, outputCap } = options;
  const { stopSequences, output } = request;
  if (stopSequences.length > STOPS_MAX) losses.refuse('stop', `this model takes at most ${STOPS_MAX} stop sequences`);
  return defined({
    model: upstreamModel,
    messages: messagesOf(request, { losses, keepsThinking: takesThinking(upstreamModel) }),
    stream,
    max_tokens: outputCap ?? undefined,
    ...samplingOf(request, losses),
    stop_sequences: stopSequences.length > 0 ? stopSequences : undefined,
    ...toolFields(request, losses),
    response_format: output === null ? undefined : formatOf(output),
    thinking: thinkingOf(request, options),
  });
}

/** Returns the format. A schema is always followed strictly. */
function formatOf(output: OutputFormat): JsonObject {
  return output.is === 'json' ? { type: 'json_object' } : { type: 'json_object', json_schema: output.schema };
}

/** Returns the tools and the choice among them. A choice by name leaves only the named tools, because Cohere takes no names. */
function toolFields({ tools, toolChoice, parallelTools }: NeutralRequest, losses: Losses): JsonObject {
  if (tools.length === 0) return {};
  const functions = asFunctions(tools).filter(({ name }) => isWanted(name, toolChoice));
  if (functions.length === 0) losses.refuse('tool_choice', 'tool_choice names no tool of the request');
  if (parallelTools === 'one_at_a_time') losses.drop('parallel_tools');
  return {
    tools: functions.map((tool) => toolOf(tool, losses)),
    strict_tools: strictOf(functions, losses),
    tool_choice: toolChoice === null ? undefined : choiceOf(toolChoice),
  };
}

function isWanted(name: string, choice: ToolChoice | null): boolean {
  if (choice?.is === 'tool') return choice.name === name;
  return choice?.is === 'among' ? choice.names.includes(name) : true;
}

/** Without a word, the model chooses. */
function choiceOf(choice: ToolChoice): string | undefined {
  if (choice.is === 'none') return 'NONE';
  if (choice.is === 'among') return choice.must ? 'REQUIRED' : undefined;
  return choice.is === 'auto' ? undefined : 'REQUIRED';
}

function toolOf({ name, description, schema, cache }: FunctionTool, losses: Losses): JsonObject {
  if (cache !== null) losses.drop('cache_mark');
  // The parameters are required, also of a tool that has none.
  const parameters = Object.keys(schema).length > 0 ? schema : { type: 'object', properties: {} };
  return { type: 'function', function: defined({ name, description: description ?? undefined, parameters }) };
}

/** Cohere has one strictness for all tools. */
function strictOf(functions: readonly FunctionTool[], losses: Losses): true | undefined {
  if (functions.every(({ strict }) => strict === true)) return true;
  if (functions.some(({ strict }) => strict === true)) losses.drop('tool_strict');
  return undefined;
}
