/** The features of models behind Bedrock, as far as their names tell. A profile's ARN that names no model has none. */
import { claudeVersion } from '../model-names.ts';

/** The models by their makers, as far as these differ in what they take. */
export type Family = 'claude' | 'nova' | 'gpt-oss' | 'qwen' | 'mistral' | 'llama' | 'writer' | 'other';

const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/claude/i, 'claude'],
  [/\bnova-/i, 'nova'],
  [/gpt-oss/i, 'gpt-oss'],
  [/\bqwen/i, 'qwen'],
  [/\bmistral\./i, 'mistral'],
  [/\bmeta\./i, 'llama'],
  [/\bwriter\./i, 'writer'],
];

export function familyOf(model: string): Family {
  return FAMILIES.find(([name]) => name.test(model))?.[1] ?? 'other';
}

/** Reports whether a model can be made to call a tool, or a certain one. */
export function takesToolChoice(family: Family): boolean {
  return family === 'claude' || family === 'nova';
}

/** Reports whether a model accepts results of tools beside other content of one turn. */
export function mixesResults(family: Family): boolean {
  return family !== 'mistral' && family !== 'llama' && family !== 'writer';
}

/** The first Claude that answers by a schema, and obeys `strict` of a tool. */
const SCHEMA_FROM = 4.5;

export function takesSchema(model: string): boolean {
  return (claudeVersion(model) ?? 0) >= SCHEMA_FROM;
}

/** Reports whether a model has a prompt cache: Nova, and Claude from 3.5 on but for the first Sonnet of it. */
export function cachesPrompts(model: string, family: Family): boolean {
  if (model.includes('claude-3-5-sonnet-20240620')) return false;
  return family === 'nova' || (claudeVersion(model) ?? 0) >= 3.5;
}

/** Reports whether a cache mark may last an hour. */
export function cachesForHour(model: string): boolean {
  return takesSchema(model);
}

/** The second generation of Nova reasons. */
export function isReasoningNova(model: string): boolean {
  return /\bnova-2/i.test(model);
}
