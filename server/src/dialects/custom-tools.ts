/** Tools that take free text, for dialects whose tools take only JSON. */
import type { JsonObject } from './dialect.ts';
import { Untranslatable } from './dialect.ts';
import { isObject, parseJson, stringOr } from './json.ts';
import type { FunctionTool, NeutralTool } from './neutral.ts';

const FREE_TEXT: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
};

/** Returns the tools as functions. Throws Untranslatable for a grammar, and for a tool that another provider runs. */
export function asFunctions(tools: readonly NeutralTool[]): FunctionTool[] {
  return tools.map(asFunction);
}

/** Returns one tool as a function. Throws Untranslatable. */
export function asFunction(tool: NeutralTool): FunctionTool {
  if (tool.is === 'function') return tool;
  const { at } = tool;
  if (tool.is === 'server') throw new Untranslatable(at, `${at} is a tool that this model cannot run`);
  const { name, description, grammar, cache } = tool;
  if (grammar !== null) throw new Untranslatable(`${at}.format`, `${at} has a grammar, which this model cannot be held to`);
  return { is: 'function', name, description, schema: FREE_TEXT, strict: null, cache };
}

/** Returns the arguments for a text. */
export function argumentsOfText(input: unknown): string {
  return JSON.stringify({ input: stringOr(input, '') });
}

/** Returns the text in the arguments of a tool that takes free text. A model that forgets the field writes the text itself. */
export function textOfArguments(args: string): string {
  const json = parseJson(args);
  return isObject(json) ? stringOr(json.input, args) : args;
}
