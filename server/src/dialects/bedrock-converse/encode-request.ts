import type { JsonObject } from '../dialect.ts';
import { defined, objectsIn } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { EncodeOptions, NeutralMessage, NeutralRequest, OutputFormat, Part } from '../neutral.ts';
import { DocumentNames } from './encode-media.ts';
import { blocksOf, isBlank, type Writer } from './encode-parts.ts';
import { mustCall, toolConfig } from './encode-tools.ts';
import { familyOf, mixesResults, takesSchema, takesToolChoice } from './families.ts';
import { modelFields } from './model-fields.ts';

/** Encodes a neutral request for Converse. The model and the stream are in the path. Throws Untranslatable. */
export function encodeConverseRequest(request: NeutralRequest, options: EncodeOptions): JsonObject {
  const { losses, upstreamModel: model } = options;
  const family = familyOf(model);
  const writer: Writer = { model, family, losses, names: new DocumentNames() };
  const format = formatOf(request, writer);
  const messages = messagesOf(request.messages, writer);
  const tools = toolConfig(request, messages, format.tool, writer);
  // A forced call and thinking exclude each other.
  const asked: NeutralRequest = format.tool === null ? request : { ...request, toolChoice: { is: 'any' } };
  const { inferenceConfig, own } = modelFields(asked, family, options);
  if (request.stopSequences.length > 0) inferenceConfig.stopSequences = request.stopSequences;
  const system = systemOf(request, format.words, writer);
  const body = defined({
    system: system.length > 0 ? system : undefined,
    messages,
    inferenceConfig: orNone(inferenceConfig),
    toolConfig: tools,
    additionalModelRequestFields: orNone(own),
    additionalModelResponseFieldPaths: responsePaths(request, writer, options.stream),
    outputConfig: format.config,
    serviceTier: tierOf(request, losses),
  });
  keepLastMarks(body, losses);
  return body;
}

function orNone(fields: JsonObject): JsonObject | undefined {
  return Object.keys(fields).length > 0 ? fields : undefined;
}

/** Claude tells at which text it stopped, if it is asked for that field of its own. */
function responsePaths({ stopSequences }: NeutralRequest, { family }: Writer, isStream: boolean): string[] | undefined {
  if (family !== 'claude' || stopSequences.length === 0) return undefined;
  return [isStream ? '/delta/stop_sequence' : '/stop_sequence'];
}

/** Instructions from the middle of the conversation join the others, because Converse has no place for them there. */
function systemOf({ system, messages }: NeutralRequest, words: string | null, writer: Writer): JsonObject[] {
  const later = messages.filter((message) => message.role === 'system').flatMap((message) => message.parts);
  const parts = [...system, ...later].filter((part: Part) => part.is === 'text');
  return [...parts.flatMap((part) => blocksOf(part, writer)), ...(words === null ? [] : [{ text: words }])];
}

/** Merges consecutive messages of one role. Results of tools come first in their message. */
function messagesOf(messages: readonly NeutralMessage[], writer: Writer): JsonObject[] {
  const turns: { role: string; content: JsonObject[] }[] = [];
  for (const { role, parts } of messages) {
    const content = role === 'system' ? [] : parts.flatMap((part) => blocksOf(part, writer));
    if (content.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  return turns.flatMap((turn) => dividedTurn({ ...turn, content: withWords(resultsFirst(turn.content)) }, writer));
}

/** A mark stays behind the block that it ends. */
function resultsFirst(content: readonly JsonObject[]): JsonObject[] {
  const results: JsonObject[] = [];
  const others: JsonObject[] = [];
  let list = others;
  for (const block of content) {
    if (block.cachePoint === undefined) list = block.toolResult === undefined ? others : results;
    list.push(block);
  }
  return [...results, ...others];
}

/** A document needs words beside it. */
function withWords(content: JsonObject[]): JsonObject[] {
  const [document] = content.flatMap((block) => (block.document === undefined ? [] : [block.document as { name: string }]));
  if (document === undefined || content.some(({ text }) => text !== undefined)) return content;
  return [...content, { text: document.name }];
}

/** The shortest answer that Converse takes. */
const NOTHING_SAID = { role: 'assistant', content: [{ text: '.' }] };

/** Some models refuse results of tools beside other content. Between the two, a turn of the model stands. */
function dividedTurn(turn: { role: string; content: JsonObject[] }, { family }: Writer): JsonObject[] {
  const results = turn.content.filter(({ toolResult }) => toolResult !== undefined);
  if (mixesResults(family) || results.length === 0 || results.length === turn.content.length) return [turn];
  const others = turn.content.filter(({ toolResult }) => toolResult === undefined);
  return [{ ...turn, content: results }, NOTHING_SAID, { ...turn, content: others }];
}

interface Format {
  readonly config: JsonObject | undefined;
  /** The schema of the tool by which the model must answer; null: none. */
  readonly tool: JsonObject | null;
  /** Words that ask for JSON where nothing else does. */
  readonly words: string | null;
}

const NO_FORMAT: Format = { config: undefined, tool: null, words: null };
const JSON_ONLY = 'Answer with one valid JSON object and nothing else.';

/** Returns the way in which a model is held to JSON: by its schema, by a tool that it must call, or by words alone. */
function formatOf(request: NeutralRequest, { model, family, losses }: Writer): Format {
  const { output } = request;
  if (output === null) return NO_FORMAT;
  if (output.is === 'json') return { ...NO_FORMAT, words: JSON_ONLY };
  if (takesSchema(model)) return { ...NO_FORMAT, config: configOf(output) };
  // A call is wanted first. The answer that follows it will be asked for again.
  if (mustCall(request)) return NO_FORMAT;
  if (takesToolChoice(family)) return { ...NO_FORMAT, tool: output.schema };
  losses.drop('output_format');
  return { ...NO_FORMAT, words: `${JSON_ONLY} It must follow this JSON schema: ${JSON.stringify(output.schema)}` };
}

function configOf({ name, schema }: Extract<OutputFormat, { is: 'schema' }>): JsonObject {
  const jsonSchema = { name: name === null || isBlank(name) ? 'structured_output' : name, schema: JSON.stringify(schema) };
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
}

const TIERS: ReadonlySet<string> = new Set(['priority', 'flex', 'reserved']);

function tierOf({ serviceTier, hints }: NeutralRequest, losses: Losses): JsonObject | undefined {
  if (serviceTier === 'standard') return { type: 'default' };
  const { otherTier } = hints;
  if (otherTier === undefined || serviceTier !== null) return undefined;
  if (TIERS.has(otherTier)) return { type: otherTier };
  losses.drop('service_tier');
  return undefined;
}

/** The most cache marks that Converse takes. */
const MARKS_MAX = 4;

/** Takes away the earliest cache marks above the most allowed: the later ones cover the longer prefixes. */
function keepLastMarks({ toolConfig: tools, system, messages }: JsonObject, losses: Losses): void {
  const lists = [(tools as JsonObject | undefined)?.tools, system, ...objectsIn(messages).map(({ content }) => content)] as (
    | JsonObject[]
    | undefined
  )[];
  const marks = lists.flatMap((list) => (list ?? []).filter(({ cachePoint }) => cachePoint !== undefined));
  const tooMany = new Set(marks.slice(0, Math.max(0, marks.length - MARKS_MAX)));
  if (tooMany.size === 0) return;
  for (const list of lists) {
    for (let at = (list?.length ?? 0) - 1; at >= 0; at -= 1) if (tooMany.has(list?.[at] as JsonObject)) list?.splice(at, 1);
  }
  losses.drop('cache_mark');
}
