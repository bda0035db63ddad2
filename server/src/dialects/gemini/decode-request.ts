import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { GEMINI_CONTENT } from '../inner-fields.ts';
import { arrayOr, isObject, numberOr, objectOr, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { Hints, NeutralMessage, NeutralRequest, OutputFormat, Reasoning } from '../neutral.ts';
import { text } from '../neutral.ts';
import { CallIds } from './call-ids.ts';
import { instructionsOf, type Reader, readParts } from './decode-parts.ts';
import { toolChoiceOf, toolsOf } from './decode-tools.ts';
import { contentsOf, field, fieldObject, listOf } from './fields.ts';
import { jsonSchemaOf } from './schemas.ts';

/**
 * Decodes a request in Gemini's format into the neutral form. Throws Untranslatable for what no other dialect can express. `losses`
 * takes what is left out here; the table of losses has the rest.
 */
export function decodeContentRequest(body: JsonObject, losses: Losses): NeutralRequest {
  const config = fieldObject(body, 'generationConfig');
  const reader: Reader = { ids: new CallIds(), losses };
  return {
    system: instructionsOf(body).map((words) => text(words)),
    messages: (listOf(contentsOf(body)) ?? []).map((content, turn) => messageOf(objectOr(content), turn, reader)),
    temperature: numberOr(config.temperature, null),
    topP: numberOr(field(config, 'topP'), null),
    topK: numberOr(field(config, 'topK'), null),
    stopSequences: arrayOr(field(config, 'stopSequences')).filter((stop) => typeof stop === 'string'),
    tools: toolsOf(body, losses),
    toolChoice: toolChoiceOf(body, losses),
    parallelTools: null,
    output: outputOf(config),
    reasoning: reasoningOf(fieldObject(config, 'thinkingConfig'), losses),
    endUser: null,
    serviceTier: null,
    hints: hintsOf(body, config),
  };
}

function messageOf(content: JsonObject, turn: number, reader: Reader): NeutralMessage {
  const { role } = content;
  const where = `contents[${turn}]`;
  reader.losses.dropOthers(content, GEMINI_CONTENT, 'contents');
  const parts = readParts(content.parts, `${where}.parts`, turn, reader);
  if (role === 'model') return { role: 'assistant', parts };
  if (role === undefined || role === null || role === '' || role === 'user' || role === 'function' || role === 'tool')
    return { role: 'user', parts };
  if (role === 'system') return { role: 'system', parts };
  throw new Untranslatable(`${where}.role`, `${where}.role must be user or model`);
}

function outputOf(config: JsonObject): OutputFormat | null {
  const type = stringOr(field(config, 'responseMimeType'), '');
  if (type === 'text/x.enum')
    throw new Untranslatable('generationConfig.responseMimeType', 'this model cannot answer with a member of an enum');
  const own = field(config, 'responseSchema');
  const schema =
    field(config, 'responseJsonSchema') ?? field(config, '_responseJsonSchema') ?? (isObject(own) ? jsonSchemaOf(own) : null);
  if (isObject(schema)) return { is: 'schema', name: null, schema, strict: null };
  return type === 'application/json' ? { is: 'json' } : null;
}

const THINKING_FIELDS: ReadonlySet<string> = new Set([
  ...['includeThoughts', 'include_thoughts', 'thinkingBudget', 'thinking_budget', 'thinkingLevel', 'thinking_level'],
]);

/** A budget of 0 means no thinking, and -1 leaves it to the model. Thoughts alone are shown by each model as it does anyway. */
function reasoningOf(config: JsonObject, losses: Losses): Reasoning | null {
  losses.dropOthers(config, THINKING_FIELDS, 'generationConfig.thinkingConfig');
  const budget = numberOr(field(config, 'thinkingBudget'), null);
  const level = stringOr(field(config, 'thinkingLevel'), '').toLowerCase();
  const effort = level === '' || level === 'thinking_level_unspecified' ? null : level;
  if (budget === 0) return { mode: 'off', effort: null, budgetTokens: null };
  if (budget === null && effort === null) {
    if (field(config, 'includeThoughts') === true) losses.drop('reasoning');
    return null;
  }
  return { mode: 'on', effort, budgetTokens: budget !== null && budget > 0 ? budget : null };
}

function hintsOf(body: JsonObject, config: JsonObject): Hints {
  const number = (name: string) => {
    const value = field(config, name);
    return typeof value === 'number' ? value : undefined;
  };
  const tier = stringOr(field(body, 'serviceTier'), '').toLowerCase();
  return withoutAbsent({
    seed: number('seed'),
    presencePenalty: number('presencePenalty'),
    frequencyPenalty: number('frequencyPenalty'),
    otherTier: tier === '' || tier === 'standard' || tier === 'service_tier_unspecified' ? undefined : tier,
  });
}

function withoutAbsent(hints: { [Name in keyof Hints]: Hints[Name] | undefined }): Hints {
  return Object.fromEntries(Object.entries(hints).filter(([, value]) => value !== undefined)) as Hints;
}
