import { asFunctions } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { EncodeOptions, FunctionTool, NeutralMessage, NeutralRequest, Part, ToolChoice } from '../neutral.ts';
import { turnParts, type Writer } from './encode-parts.ts';
import { geminiVersion, thinkingConfig } from './thinking.ts';

/** Encodes a neutral request in Gemini's format. The model and the stream are in the path. Throws Untranslatable. */
export function encodeContentRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const { losses, upstreamModel } = options;
  // A model whose name says no version may be one of the newest.
  const needsSignatures = (geminiVersion(upstreamModel) ?? 3) >= 3;
  const writer: Writer = { names: new Map(), needsSignatures, losses };
  const system = systemParts(request, writer);
  return defined({
    systemInstruction: system.length > 0 ? { parts: system } : undefined,
    contents: contentsOf(request.messages, writer),
    ...toolFields(request, options),
    generationConfig: configOf(request, options),
  });
}

/** Instructions from the middle of the conversation join the others, because this format has no place for them there. */
function systemParts({ system, messages }: NeutralRequest, writer: Writer): JsonObject[] {
  const later = messages.filter((message) => message.role === 'system').flatMap((message) => message.parts);
  return turnParts(
    [...system, ...later].filter((part: Part) => part.is === 'text'),
    writer,
  );
}

/** Merges consecutive messages of one role. */
function contentsOf(messages: readonly NeutralMessage[], writer: Writer): JsonObject[] {
  const turns: { role: 'user' | 'model'; parts: Part[] }[] = [];
  for (const { role, parts } of messages) {
    if (role === 'system') continue;
    const own = role === 'assistant' ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === own) last.parts.push(...parts);
    else turns.push({ role: own, parts: [...parts] });
  }
  return turns.flatMap(({ role, parts }) => {
    const written = turnParts(parts, writer);
    return written.length === 0 ? [] : [{ role, parts: written }];
  });
}

function configOf(request: NeutralRequest, options: EncodeOptions): JsonObject | undefined {
  const { output, hints } = request;
  const config = defined({
    temperature: request.temperature ?? undefined,
    topP: request.topP ?? undefined,
    topK: request.topK ?? undefined,
    maxOutputTokens: options.outputCap ?? undefined,
    stopSequences: request.stopSequences.length > 0 ? request.stopSequences : undefined,
    seed: hints.seed,
    presencePenalty: hints.presencePenalty,
    frequencyPenalty: hints.frequencyPenalty,
    responseMimeType: output === null ? undefined : 'application/json',
    responseJsonSchema: output?.is === 'schema' ? output.schema : undefined,
    thinkingConfig: thinkingConfig(request, options),
  });
  if (output?.is === 'schema' && output.strict === true) options.losses.drop('output_strict');
  return Object.keys(config).length > 0 ? config : undefined;
}

function toolFields({ tools, toolChoice, parallelTools }: NeutralRequest, { losses }: EncodeOptions): JsonObject {
  const functions = asFunctions(tools);
  if (functions.length === 0) return {};
  if (parallelTools === 'one_at_a_time') losses.drop('parallel_tools');
  return {
    tools: [{ functionDeclarations: functions.map((tool) => declarationOf(tool, losses)) }],
    toolConfig: toolChoice === null ? undefined : { functionCallingConfig: callingConfig(toolChoice) },
  };
}

function declarationOf({ name, description, schema, strict, cache }: FunctionTool, losses: EncodeOptions['losses']): JsonObject {
  if (strict === true) losses.drop('tool_strict');
  if (cache !== null) losses.drop('cache_mark');
  const parametersJsonSchema = Object.keys(schema).length > 0 ? schema : undefined;
  return defined({ name, description: description ?? undefined, parametersJsonSchema });
}

function callingConfig(choice: ToolChoice): JsonObject {
  switch (choice.is) {
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'any':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'among':
      // Names are only heeded where a call is wanted, or may be.
      return { mode: choice.must ? 'ANY' : 'VALIDATED', allowedFunctionNames: choice.names };
  }
}
